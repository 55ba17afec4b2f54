import os
import subprocess
import sys
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
    LocalWeb,
    local_web,
    loopback_only,
    photo,
    reply_json,
    without_keys,
)

import search_bing_api
from pyimagesearch import console
from pyimagesearch.gather import provenance
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


@pytest.fixture(autouse=True)
def closed_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's keys nor the internet get into a test; `sys.argv` comes back."""
    without_keys(monkeypatch)
    loopback_only(monkeypatch)
    monkeypatch.setattr(sys, "argv", sys.argv)
    # Descriptor 2 belongs to pytest.
    monkeypatch.setattr(console, "silence_native_libraries", lambda: None)


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
    folder = tmp_path / "dataset" / "red_dress"
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
    rows, torn = provenance.read(folder / provenance.NAME)
    assert (len(rows), torn) == (25, False)
    assert {(one.query, one.source) for one in rows} == {("red dress", source)}
    assert "found 25: downloaded 25" in printed.err.splitlines()[-1]
    assert KEY not in printed.err + printed.out + (folder / provenance.NAME).read_text()


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


def test_no_more_than_count_are_fetched(web: LocalWeb, tmp_path: Path) -> None:
    serve(web, [photo(seed) for seed in range(9)])
    assert search(web, "openverse", tmp_path, "--count", 4) == 0
    assert len(list(tmp_path.glob("*.jpg"))) == 4


def test_the_folder_is_named_after_the_query_where_none_is_given(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(web, [photo(1)])
    monkeypatch.chdir(tmp_path)
    endpoint = web.url(OPENVERSE)
    assert command("-q", "Red Dress", "--endpoint", endpoint, "--allow-private-addresses") == 0
    assert len(list((tmp_path / "dataset" / "red_dress").glob("*.jpg"))) == 1


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
    assert "refused 2 (2 not an image)" in lines[-2]
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
    assert "no more; going on with the 20 photos" in capsys.readouterr().err


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
        ("-q", "a", "--source", "commons"),
        ("-q", "a", "--source", "commons", "--contact", "me@a", "--safe-search", "strict"),
        ("-q", "a", "--source", "commons", "--contact", "me\n@a"),
        ("-q", "a", "--endpoint", "file:///etc/passwd"),
        ("-q", "a", "--endpoint", "api.example"),
    ],
)
def test_wrong_arguments_exit_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments) == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize("filters", [("--license", "public"), ("--size", "large")])
def test_filters_that_brave_lacks_exit_2(
    filters: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAVE_SEARCH_KEY", KEY)
    assert command("-q", "a", "--source", "brave", *filters) == 2


def test_a_missing_key_is_named_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
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


def test_a_key_is_not_sent_in_the_clear(
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
    assert len(talk) == 2
    assert talk[0].startswith("refused: ")
    assert talk[1].startswith("found 3: downloaded 2")
    assert " cv2" in result.stderr
    assert "tensorflow" not in result.stderr
    assert "sklearn" not in result.stderr


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
        assert (tmp_path / "dataset" / folder.name / provenance.NAME).exists()
        assert len(gathered.stdout.splitlines()) >= 8  # of 10; near copies are left out
    trained = run_command("train.py", "--epochs", 1, "--image-size", 24, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert "black" in trained.stdout
    assert provenance.NAME not in trained.stderr
    photo_path = tmp_path / gathered.stdout.splitlines()[0]
    tagged = run_command("classify.py", "--image", photo_path, cwd=tmp_path)
    assert tagged.returncode == 0, tagged.stderr
