"""search_bing_api.py as a user runs it, against services on loopback."""

import csv
import os
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import Run
from support.web.contracts import (
    BING,
    BRAVE,
    COMMONS,
    KEY,
    OPENVERSE,
    Bing,
    Brave,
    Commons,
    Openverse,
    serve_photos,
)
from support.web.local_web import (
    Handler,
    LocalWeb,
    encoded,
    local_web,
    loopback_only,
    photo,
    pixels,
    reply_json,
    without_keys,
)

import search_bing_api
from pyimagesearch import console
from pyimagesearch.gather import politeness
from pyimagesearch.images import decoder

KEYS = {"bing": "BING_SEARCH_KEY", "brave": "BRAVE_SEARCH_KEY", "openverse": "OPENVERSE_TOKEN"}
ENDPOINTS = {"bing": BING, "brave": BRAVE, "openverse": OPENVERSE, "commons": COMMONS}


def serve(web: LocalWeb, bodies: list[bytes]) -> list[str]:
    """Put `bodies` and all four services on the web; returns the urls of the photos."""
    urls = serve_photos(web, bodies)
    web.routes |= {
        BING: Bing(urls, overlap=2),
        OPENVERSE: Openverse(urls),
        COMMONS: Commons(urls),
        BRAVE: Brave(urls),
    }
    return urls


def command(*arguments: object) -> int:
    """Run the command here and return its exit status."""
    sys.argv = ["search_bing_api.py", *map(str, arguments)]
    try:
        return search_bing_api.main()
    except SystemExit as end:
        return int(end.code or 0)


def search(web: LocalWeb, source: str, path: Path, *more: object) -> int:
    endpoint = web.url(ENDPOINTS[source])
    local = ("--endpoint", endpoint, "--allow-private-addresses", "--contact", "me@example.org")
    return command("-q", "red dress", "-o", path, "--source", source, *local, *more)


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as served:
        yield served


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder without neighbours: those of pytest's own are the folders of other tests."""
    (tmp_path / "alone").mkdir()
    return tmp_path / "alone"


@pytest.fixture(autouse=True)
def closed_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's keys nor the internet get into a test; `sys.argv` comes back."""
    without_keys(monkeypatch)
    loopback_only(monkeypatch)
    monkeypatch.setattr(politeness, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(sys, "argv", sys.argv)
    # Descriptor 2 belongs to pytest.
    monkeypatch.setattr(console, "silence_native_libraries", lambda: None)


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / "sources.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def photos(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.glob("*.jpg")}


@pytest.mark.parametrize("source", ENDPOINTS)
def test_every_source_fills_a_folder_that_training_can_read(
    web: LocalWeb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
) -> None:
    if source in KEYS:
        monkeypatch.setenv(KEYS[source], KEY)
    folder = tmp_path / "photos" / "red_dress"
    bodies = [photo(seed) for seed in range(25)]
    serve(web, bodies)
    assert search(web, source, folder) == 0
    printed = capsys.readouterr()
    paths = [Path(line) for line in printed.out.splitlines()]
    assert {path.read_bytes() for path in paths} == set(bodies)
    assert all(path.parent == folder for path in paths)
    for path in paths:
        assert decoder.looks_like_image(path)
        assert decoder.load(path, 96).shape == (96, 96, 3)
    rows = table(folder)
    assert len(rows) == 25
    assert {(one["query"], one["source"]) for one in rows} == {("red dress", source)}
    assert all(one["title"] and one["attribution"] and one["page"] for one in rows)
    assert "found 25: downloaded 25" in printed.err
    assert f"25 of 200 photos are in {folder}; {source} has no more results" in printed.err
    assert KEY not in printed.err + printed.out + (folder / "sources.csv").read_text()


def test_a_second_run_says_that_all_is_here_and_exits_0(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(1), photo(2)])
    assert search(web, "openverse", tmp_path) == 0
    capsys.readouterr()
    assert search(web, "openverse", tmp_path) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "downloaded 0, already here 2" in printed.err


def test_the_number_asked_for_comes_past_refused_broken_and_duplicate_photos(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = []
    for seed in range(30):
        bodies += [b"<html>", photo(seed), photo(seed)[:500], photo(max(seed - 1, 0))]
    serve(web, bodies)
    assert search(web, "openverse", tmp_path, "--count", 20) == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == len(photos(tmp_path)) == 20
    assert printed.err.endswith(f"20 of 20 photos are in {tmp_path}\n")
    names = sorted(path.name for path in tmp_path.glob("*.jpg"))
    ranks = {one["file"]: int(one["rank"]) for one in table(tmp_path)[::-1]}
    assert [int(name[:4]) for name in names] == [ranks[name] for name in names]


@pytest.mark.parametrize(("source", "most"), [("openverse", 240), ("brave", 200)])
def test_what_the_service_can_give_at_most_is_said_before(
    web: LocalWeb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    most: int,
) -> None:
    if source == "brave":
        monkeypatch.setenv("BRAVE_SEARCH_KEY", KEY)
    serve(web, [photo(1)])
    search(web, source, tmp_path, "--count", most + 1)
    first = capsys.readouterr().err.splitlines()[0]
    assert first == (
        f"warning: {source} gives at most {most} results for a phrase; --count {most + 1} cannot "
        "be reached"
    )
    search(web, source, tmp_path, "--count", most)
    assert "at most" not in capsys.readouterr().err


def test_deleted_photos_stay_away_unless_asked_for_again(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(seed) for seed in range(8)])
    assert search(web, "openverse", tmp_path, "--count", 3) == 0
    (tmp_path / next(one["file"] for one in table(tmp_path) if one["rank"] == "2")).unlink()
    capsys.readouterr()
    assert search(web, "openverse", tmp_path, "--count", 3) == 0
    printed = capsys.readouterr()
    assert photos(tmp_path) == {photo(0), photo(2), photo(3)}
    assert "already here 2, rejected earlier 1" in printed.err
    states = {one["rank"]: one["state"] for one in table(tmp_path)}
    assert states == {"1": "present", "2": "rejected", "3": "present", "4": "present"}
    assert search(web, "openverse", tmp_path, "--count", 4, "--again") == 0
    assert photos(tmp_path) == {photo(0), photo(1), photo(2), photo(3)}


def test_no_licence_is_lost_if_photos_are_renamed_moved_and_deleted(
    web: LocalWeb, tmp_path: Path
) -> None:
    red, blue = tmp_path / "red_dress", tmp_path / "blue_dress"
    serve(web, [photo(seed) for seed in range(6)])
    assert search(web, "openverse", red, "--count", 4) == 0
    before = {one["sha256"]: one["licence"] for one in table(red)}
    first, second, third, _ = sorted(red.glob("*.jpg"))
    first.rename(red / "renamed.jpg")
    blue.mkdir()
    second.rename(blue / "moved.jpg")
    third.unlink()
    assert search(web, "openverse", red, "--count", 4) == 0
    after = {one["sha256"]: one for one in table(red)}
    assert before.items() <= {sha256: one["licence"] for sha256, one in after.items()}.items()
    files = {(one["file"], one["state"]) for one in after.values()}
    assert {("renamed.jpg", "present"), ("../blue_dress/moved.jpg", "present")} < files
    assert search(web, "openverse", blue, "--count", 1) == 0
    assert "moved.jpg" in {one["file"] for one in table(blue)}


def test_spreadsheet_columns_and_delimiters_survive(web: LocalWeb, tmp_path: Path) -> None:
    serve(web, [photo(seed) for seed in range(4)])
    assert search(web, "openverse", tmp_path, "--count", 2) == 0
    path = tmp_path / "sources.csv"
    rows = table(tmp_path)
    columns = ["my note", *reversed(rows[0])]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, columns, delimiter=";")
        writer.writeheader()
        writer.writerows({**one, "my note": "good"} for one in rows)
    assert search(web, "openverse", tmp_path, "--count", 4) == 0
    with path.open(newline="", encoding="utf-8-sig") as file:
        again = list(csv.DictReader(file, delimiter=";"))
    assert list(again[0]) == columns
    assert [one["my note"] for one in again] == ["good", "good", "", ""]


@pytest.mark.parametrize("ignores_filters", [False, True])
def test_results_are_checked_against_the_licence_whatever_the_service_does(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str], ignores_filters: bool
) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(40)])
    licences = {url: ("by-nc", "by", "by-nd", "cc0")[place % 4] for place, url in enumerate(urls)}
    web.routes[OPENVERSE] = Openverse(urls, licences, ignores_filters)
    assert search(web, "openverse", tmp_path, "--license", "modify-commercially") == 0
    assert {one["licence"] for one in table(tmp_path)} == {"CC BY 4.0", "CC0 4.0"}
    assert len(photos(tmp_path)) == 20
    assert ("refused 20 (20 under another licence)" in capsys.readouterr().err) == ignores_filters


def test_commons_goes_on_past_what_the_filter_drops(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(seed // 90) for seed in range(270)])
    web.routes[COMMONS] = Commons(urls, public_step=90)
    assert search(web, "commons", tmp_path, "--license", "public", "--size", "large") == 0
    assert {one["rank"] for one in table(tmp_path)} == {"1", "91", "181"}
    limits = [one.parameters["gsrlimit"] for one in web.asked if one.path == COMMONS]
    assert limits == ["50"] * 6


def test_photos_under_another_licence_than_asked_for_are_reported(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(1), photo(2)])
    assert search(web, "openverse", tmp_path) == 0
    assert "other licences" not in capsys.readouterr().err
    search(web, "openverse", tmp_path, "--license", "public")
    said = capsys.readouterr().err
    assert "photos under other licences than --license public: 2, such as 0001_" in said
    assert "(CC BY-SA 4.0)" in said


def test_photos_without_an_ending_in_their_address_come(web: LocalWeb, tmp_path: Path) -> None:
    # Openverse's index takes the extension from the last dot of an address.
    web.serve("/render?id=1", photo(1))
    web.routes["/render"] = web.routes["/render?id=1"]
    web.routes[OPENVERSE] = Openverse([web.url("/render?id=1"), *serve_photos(web, [photo(2)])])
    assert search(web, "openverse", tmp_path) == 0
    assert photos(tmp_path) == {photo(1), photo(2)}


def test_gateways_without_next_offset_are_paged(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BING_SEARCH_KEY", KEY)
    urls = serve_photos(web, [photo(seed) for seed in range(20)])
    web.routes[BING] = Bing(urls, page=8, states_next_offset=False)
    assert search(web, "bing", tmp_path) == 0
    assert len(photos(tmp_path)) == 20


@pytest.mark.parametrize("source", ENDPOINTS)
@pytest.mark.parametrize(
    "answer",
    [
        {"_type": "ErrorResponse", "errors": [{"code": "InvalidRequest", "message": "q?"}]},
        {"another": "shape", "padding": "x" * 1000},
    ],
)
def test_an_answer_that_is_not_understood_is_shown_from_its_beginning(
    web: LocalWeb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    answer: dict[str, object],
) -> None:
    if source in KEYS:
        monkeypatch.setenv(KEYS[source], KEY)
    web.routes[ENDPOINTS[source]] = lambda handler: reply_json(handler, answer)
    assert search(web, source, tmp_path / "new") == 1
    said = capsys.readouterr().err
    start = {"_type": '{"_type": "ErrorResponse", "errors"', "another": '{"another": "shape"'}
    assert f"answer not understood: {start[next(iter(answer))]}" in said
    assert "x" * 201 not in said
    assert not (tmp_path / "new").exists()


def test_many_addresses_of_one_notice_are_no_longer_available(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(77), photo(77), photo(1), photo(77), photo(77)])
    assert search(web, "openverse", tmp_path) == 0
    printed = capsys.readouterr()
    assert photos(tmp_path) == {photo(1)}
    assert [Path(line).read_bytes() for line in printed.out.splitlines()] == [photo(1)]
    assert "refused 4 (4 no longer available)" in printed.err


def test_the_larger_of_two_copies_is_kept(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = serve(web, [photo(1, 96), encoded(pixels(1, 200))])
    assert search(web, "openverse", tmp_path) == 0
    (path,) = tmp_path.glob("*.jpg")
    assert path.read_bytes() == encoded(pixels(1, 200))
    assert capsys.readouterr().out == f"{path}\n"
    assert [(one["file"], one["url"]) for one in table(tmp_path)] == [
        (path.name, urls[1]),
        (path.name, urls[0]),
    ]


def test_sites_that_opt_out_of_machine_learning_are_obeyed_by_default(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = [web.serve("/no", photo(1), X_Robots_Tag="noai"), web.serve("/yes", photo(2))]
    web.routes[OPENVERSE] = Openverse(urls)
    assert search(web, "openverse", tmp_path) == 0
    assert photos(tmp_path) == {photo(2)}
    assert search(web, "openverse", tmp_path, "--ignore-opt-outs") == 0
    assert photos(tmp_path) == {photo(1), photo(2)}


def test_the_credits_of_a_folder_are_written_with_a_search_and_without(
    web: LocalWeb, tmp_path: Path
) -> None:
    serve(web, [photo(1), photo(2)])
    credits_file = tmp_path / "CREDITS.md"
    folder = tmp_path / "photos" / "red_dress"
    assert search(web, "openverse", folder, "--attribution", credits_file) == 0
    text = credits_file.read_text()
    assert text.count("by Ann Artist is licensed under CC BY-SA 4.0") == 2
    asked = len(web.asked)
    assert command("-o", tmp_path / "photos", "--attribution", credits_file) == 0
    assert "red\\_dress/0001" in credits_file.read_text()
    assert len(web.asked) == asked


@pytest.mark.parametrize(
    ("phrase", "name"),
    [("Red Dress", "red_dress"), ("red T-shirt", "red_t-shirt"), ("लाल पोशाक", "लाल_पोशाक")],
)
def test_the_folder_is_named_after_the_phrase_if_none_is_given(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phrase: str, name: str
) -> None:
    serve(web, [photo(1)])
    monkeypatch.chdir(tmp_path)
    endpoint = web.url(OPENVERSE)
    assert command("-q", phrase, "--endpoint", endpoint, "--allow-private-addresses") == 0
    (folder,) = (tmp_path / "photos").iterdir()
    assert unicodedata.normalize("NFC", folder.name) == name
    assert len(list(folder.glob("*.jpg"))) == 1


def test_a_phrase_without_letters_needs_a_folder(
    web: LocalWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("-q", "\U0001f457", "--endpoint", web.url(OPENVERSE)) == 2
    assert "--output is needed" in capsys.readouterr().err
    assert web.asked == []


def test_nothing_is_asked_for_if_the_folder_cannot_be_used(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(1)])
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sources.csv").write_text("somebody's own\n")
    for folder in (tmp_path / "file", tmp_path / "mine"):
        assert search(web, "openverse", folder) == 1
        assert str(folder) in capsys.readouterr().err
    assert web.asked == []


def test_nothing_found_exits_1_and_leaves_no_folder(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [])
    assert search(web, "openverse", tmp_path / "new") == 1
    assert capsys.readouterr().err.endswith("openverse found nothing for 'red dress'\n")
    assert not (tmp_path / "new").exists()


def test_nothing_that_came_exits_1_with_the_reasons(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [b"<html>", b"<html>"])
    assert search(web, "openverse", tmp_path) == 1
    lines = capsys.readouterr().err.splitlines()
    assert "refused 2 (2 not an image)" in lines[-3]
    assert lines[-1] == "search_bing_api.py: error: no photo came"


def test_private_addresses_are_refused_without_the_flag(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(web, [photo(1)])
    assert command("-q", "a", "-o", tmp_path, "--endpoint", web.url(OPENVERSE)) == 1
    assert "1 not a public address" in capsys.readouterr().err
    assert web.paths() == [OPENVERSE]


def test_a_search_that_breaks_off_still_downloads_its_first_half(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = serve(web, [photo(seed) for seed in range(30)])
    web.serve_in_turn(
        OPENVERSE, Openverse(urls), lambda handler: reply_json(handler, {"detail": "no more"}, 400)
    )
    assert search(web, "openverse", tmp_path) == 0
    assert len(list(tmp_path.glob("*.jpg"))) == 20
    said = capsys.readouterr().err
    assert "no more; going on with the 20 photos" in said
    assert said.endswith("; the search broke off\n")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-q",),
        ("-q", " "),
        ("-q", "a\nb"),
        ("-q", "not utf-8: \udcff"),
        ("-q", "a", "--count", "0"),
        ("-q", "a", "--count", "many"),
        ("-q", "a", "--source", "altavista"),
        ("-q", "a", "--license", "free"),
        ("-q", "a", "--source", "bing"),
        ("-q", "a", "--source", "bing", "--endpoint", "https://api.bing.microsoft.com/v7.0/x"),
        ("-o", "photos"),
        ("-q", "a", "--source", "commons", "--contact", "schl\u00fcssel@a"),
        ("-q", "a", "--source", "commons", "--contact", "me@a", "--safe-search", "strict"),
        ("-q", "a", "--source", "commons", "--contact", "me\n@a"),
        ("-q", "a", "--endpoint", "file:///etc/passwd"),
        ("-q", "a", "--endpoint", "api.example"),
    ],
)
def test_wrong_arguments_exit_2_and_leave_no_folder(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(*arguments) == 2
    assert "error: " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("filters", [("--license", "public"), ("--size", "large")])
def test_filters_that_brave_lacks_exit_2(
    filters: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAVE_SEARCH_KEY", KEY)
    assert command("-q", "a", "--source", "brave", *filters) == 2


def test_a_missing_key_is_named_and_exits_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("-q", "a", "--source", "brave") == 1
    assert "BRAVE_SEARCH_KEY" in capsys.readouterr().err


@pytest.mark.parametrize("source", KEYS)
def test_a_refused_key_is_not_shown(
    web: LocalWeb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
) -> None:
    monkeypatch.setenv(KEYS[source], "wrong-key-98765")
    serve(web, [photo(1)])
    assert search(web, source, tmp_path / "new") == 1
    printed = capsys.readouterr()
    assert "HTTP 4" in printed.err
    assert "wrong-key" not in printed.err + printed.out


def test_a_key_is_not_sent_unencrypted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BING_SEARCH_KEY", KEY)
    assert command("-q", "a", "--source", "bing", "--endpoint", "http://gateway.example/") == 2
    assert KEY not in capsys.readouterr().err


def test_help_names_sources_keys_licences_units_and_exit_statuses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command("--help") == 0
    shown = capsys.readouterr().out
    for word in (
        *("BING_SEARCH_KEY", "BRAVE_SEARCH_KEY", "OPENVERSE_TOKEN", "GATHER_CONTACT"),
        *("openverse", "bing", "commons", "brave", "ModifyCommercially", "cc0,pdm"),
        *("bytes", "seconds", "pixels", "default: 200", "exit status: 0"),
    ):
        assert word in shown


def test_the_command_as_a_process_keeps_data_and_talk_apart_without_tensorflow(
    web: LocalWeb, tmp_path: Path
) -> None:
    serve(web, [photo(1), photo(2), photo(1)[:500]])
    where = ["-o", tmp_path / "new", "--allow-private-addresses", "--endpoint", web.url(OPENVERSE)]
    script = Path(search_bing_api.__file__)
    result = subprocess.run(
        list(map(str, [sys.executable, "-X", "importtime", script, "-q", "red dress", *where])),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
    )
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 2
    assert all(Path(line).is_file() for line in result.stdout.splitlines())
    talk = [line for line in result.stderr.splitlines() if not line.startswith("import time:")]
    assert [line.partition(" ")[0] for line in talk] == ["refused:", "found", "2"]
    assert talk[1].startswith("found 3: downloaded 2")
    assert " cv2" in result.stderr
    assert "tensorflow" not in result.stderr
    assert "sklearn" not in result.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks://127.0.0.1:1080/"),
        ("HTTPS_PROXY", "http://[::1"),
        ("NO_PROXY", "fe80::/10,[::1]"),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("GATHER_CONTACT", "Jürgen\udcff"),
        ("OPENVERSE_TOKEN", "a b\udcff"),
    ],
)
def test_no_variable_of_the_environment_is_a_traceback(
    web: LocalWeb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)
    arguments = ("-q", "a", "-o", tmp_path / "new", "--endpoint", web.url(OPENVERSE))
    assert command(*arguments) in (1, 2)
    line = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in line
    assert ("--contact" if variable == "GATHER_CONTACT" else variable) in line
    assert not (tmp_path / "new").exists()
    assert web.asked == []


def test_ctrl_c_leaves_whole_photos_and_prints_their_paths(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve(web, [photo(seed) for seed in range(5)])
    waiting, over = threading.Event(), threading.Event()

    def never(handler: Handler) -> None:
        waiting.set()
        over.wait(60)

    web.routes["/never"] = never
    web.routes[OPENVERSE] = Openverse([*urls, web.url("/never")])
    where = ["-o", tmp_path / "new", "--allow-private-addresses", "--endpoint", web.url(OPENVERSE)]
    run = subprocess.Popen(
        [sys.executable, search_bing_api.__file__, "-q", "red dress", *map(str, where)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert waiting.wait(60)
    while len(list((tmp_path / "new").glob("*.jpg"))) < 5 and run.poll() is None:
        time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    printed, said = run.communicate(timeout=60)
    over.set()
    assert run.returncode == 130, said
    assert {Path(line).read_bytes() for line in printed.splitlines()} == photos(tmp_path / "new")
    assert len(table(tmp_path / "new")) == 5
    assert "Traceback" not in said


@pytest.mark.slow
def test_phrases_become_a_data_set_that_training_and_tagging_use(
    web: LocalWeb, run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    where = ("--endpoint", web.url(OPENVERSE), "--allow-private-addresses")
    for folder in sorted(tiny_dataset.iterdir()):
        serve(web, [picture.read_bytes() for picture in sorted(folder.iterdir())])
        phrase = folder.name.replace("_", " ")
        gathered = run_command("search_bing_api.py", "--query", phrase, *where, cwd=tmp_path)
        assert gathered.returncode == 0, gathered.stderr
        assert (tmp_path / "photos" / folder.name / "sources.csv").exists()
        assert len(gathered.stdout.splitlines()) >= 8  # of 10; near copies are left out
    trained = run_command(
        "train.py", "-d", "photos", "--epochs", 1, "--image-size", 32, cwd=tmp_path
    )
    assert trained.returncode == 0, trained.stderr
    assert "black" in trained.stdout
    assert "sources.csv" not in trained.stderr
    photo_path = tmp_path / gathered.stdout.splitlines()[0]
    tagged = run_command("classify.py", "--image", photo_path, cwd=tmp_path)
    assert tagged.returncode == 0, tagged.stderr
