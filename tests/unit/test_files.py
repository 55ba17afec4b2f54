import errno
import itertools
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.commands import ROOT
from support.disk import full_disk

from pyimagesearch import files
from pyimagesearch.console import CommandError

NAMES = ("fashion.model", "mlb.pickle", "plot.png", "metrics.json")

# Writes four files again and again, each time killed at another of its operations.
KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from pyimagesearch.files import atomic_writes

root, names = Path(sys.argv[1]), sys.argv[2:]

def write(folder, text):
    with atomic_writes([folder / name for name in names]) as new_files:
        for new_file in new_files:
            new_file.write_text(text * 10_000)

def killed_at(last, operation):
    def counted(*arguments):
        if next(numbers) == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return operation(*arguments)
    return counted

for last in itertools.count():
    folder = root / f"{last:02}"
    write(folder, "old")
    numbers = itertools.count()
    if not (child := os.fork()):
        for place, name in ((os, "fsync"), (Path, "replace"), (Path, "write_text")):
            setattr(place, name, killed_at(last, getattr(place, name)))
        write(folder, "new")
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
"""


def write(paths: list[Path], text: str, break_down: bool = False) -> None:
    with files.atomic_writes(paths) as new_files:
        for new_file in new_files:
            new_file.write_text(text)
        if break_down:
            raise RuntimeError("half-way")


def test_files_appear_together_and_only_when_all_are_written(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "new" / "b"]
    with files.atomic_writes(paths, ".keras") as new_files:
        assert [path.suffix for path in new_files] == [".keras"] * 2
        assert [path.parent for path in new_files] == [path.parent for path in paths]
        for new_file in new_files:
            new_file.write_text("text")
        assert not any(path.exists() for path in paths)
    assert [path.read_text() for path in paths] == ["text"] * 2
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == paths


def test_a_failure_while_writing_leaves_the_old_files_whole(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES[:2]]
    write(paths, "old")
    with pytest.raises(RuntimeError, match="half-way"):
        write(paths, "new", break_down=True)
    assert [path.read_text() for path in paths] == ["old"] * 2
    assert sorted(tmp_path.iterdir()) == paths


def test_killed_at_any_moment_every_file_is_whole_and_nothing_delays_the_replacements(
    tmp_path: Path,
) -> None:
    subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), *NAMES],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
        timeout=120,
    )
    found = []
    for folder in sorted(tmp_path.iterdir()):
        texts = [(folder / name).read_text() for name in NAMES]
        assert set(texts) <= {"old" * 10_000, "new" * 10_000}
        found.append("".join(text[0] for text in texts))
    assert found[-1] == "nnnn"  # not killed
    strokes = [state for state, _ in itertools.groupby(found)]
    assert strokes == ["oooo", "nooo", "nnoo", "nnno", "nnnn"]
    # Between the first and the last replacement nothing else is done.
    assert sum(state not in ("oooo", "nnnn") for state in found) == 3
    assert found.count("oooo") == 9  # four written, four synced, and then


def test_files_that_killed_runs_left_are_removed_and_those_of_running_ones_stay(
    tmp_path: Path,
) -> None:
    killed = [
        tmp_path / ".plot.png.unfinished-1234.keras",
        tmp_path / ".plot.png.unfinished-1234.keras.lock",
        tmp_path / ".plot.png.unfinished-5678.lock",
        tmp_path / ".other.unfinished-1234",
    ]
    for path in (*killed, tmp_path / ".plot.png.mine"):
        path.touch()
    with files.atomic_write(tmp_path / "plot.png") as new_file:
        new_file.write_text("x")
        files.check_writable(tmp_path / "plot.png")
        assert [path.exists() for path in killed] == [False, False, False, True]
        files.remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".plot.png.mine", "plot.png"]


def test_two_writers_at_once_leave_whole_files_and_a_reader_sees_no_other(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES]
    texts = {"a" * 50_000, "b" * 70_000}
    write(paths, min(texts))

    def write_often(text: str) -> None:
        for _ in range(30):
            write(paths, text)

    writers = [threading.Thread(target=write_often, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen |= {path.read_text() for path in paths}
    for writer in writers:
        writer.join()
    assert seen == texts
    assert {path.read_text() for path in paths} <= texts
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_full_disk_is_reported_and_leaves_the_old_files_whole(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES[:2]]
    write(paths, "old")
    wanted = r"fashion\.model, .*mlb\.pickle: cannot be written \(File too large\); the old files"
    with full_disk(1000), pytest.raises(CommandError, match=wanted):
        write(paths, "new" * 1000)
    assert [path.read_text() for path in paths] == ["old"] * 2
    assert sorted(tmp_path.iterdir()) == paths


def test_files_get_the_permissions_any_new_file_would(tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    plain = tmp_path / "plain"
    plain.touch()
    write([path], "x")
    assert path.stat().st_mode == plain.stat().st_mode


def test_a_link_goes_on_pointing_to_the_file(tmp_path: Path) -> None:
    link, file = tmp_path / "fashion.model", tmp_path / "disk" / "17.model"
    link.symlink_to(file)
    write([link], "x")
    assert link.is_symlink()
    assert file.read_text() == "x"


def test_a_place_that_cannot_be_written_is_reported_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"file/fashion\.model: cannot be written"):
        files.check_writable(tmp_path / "file" / "fashion.model")
    with pytest.raises(CommandError, match="is not a regular file"):
        files.check_writable(tmp_path)
    files.check_writable(tmp_path / "made" / "fashion.model")
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_reported_before_the_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CommandError, match="Permission denied"):
        files.check_writable(tmp_path / "fashion.model")


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied", "/usr/bin/python"), BlockingIOError(11, "Try again")],
)
def test_an_error_of_something_else_is_not_reported_as_one_of_writing(
    tmp_path: Path, error: OSError
) -> None:
    with (
        pytest.raises(OSError, match=error.strerror) as raised,
        files.atomic_write(tmp_path / "a"),
    ):
        raise error
    assert raised.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write_it", [write, lambda paths, _: files.check_writable(paths[0])])
def test_a_link_to_itself_is_reported(
    tmp_path: Path, write_it: Callable[[list[Path], str], None]
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(CommandError, match=r"loop: cannot be written \(Too many levels"):
        write_it([loop], "x")
    assert loop.is_symlink()


def test_files_are_written_even_if_folders_cannot_be_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def sync_files_only(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        sync(handle)

    monkeypatch.setattr(os, "fsync", sync_files_only)
    write([tmp_path / "a"], "new")
    assert (tmp_path / "a").read_text() == "new"


def test_if_one_file_cannot_be_replaced_those_that_were_are_reported(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    write(paths, "old")

    def write_while_another_makes_a_folder_there() -> None:
        with files.atomic_writes(paths) as new_files:
            for new_file in new_files:
                new_file.write_text("new")
            paths[1].unlink()
            paths[1].mkdir()

    with pytest.raises(CommandError, match=r"b: cannot be replaced \(.*\); .*a was replaced$"):
        write_while_another_makes_a_folder_there()
    assert [paths[0].read_text(), paths[2].read_text()] == ["new", "old"]


def test_two_uses_of_one_file_are_reported(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.check_different({"--model": tmp_path / "a", "--plot": tmp_path / "b"})
    with pytest.raises(CommandError, match="link: is given for --model and for --plot; use diff"):
        files.check_different({"--model": tmp_path / "a", "--plot": tmp_path / "link"})


@pytest.mark.parametrize(
    ("one", "other"),
    [("plot.png", "Plot.PNG"), ("out/a", "OUT/a"), ("caf\u00e9", "cafe\u0301")],
)
def test_names_that_are_one_file_on_windows_or_macos_are_refused_everywhere(
    tmp_path: Path, one: str, other: str
) -> None:
    with pytest.raises(CommandError, match="is given for --model and for --plot"):
        files.check_different({"--model": tmp_path / one, "--plot": tmp_path / other})


@pytest.mark.parametrize(
    "name",
    [
        *("con", "NUL", "aux.png", "Com1.model", "lpt9.tar.gz", "com\u00b9", "nul .txt"),
        *("a:b", "a?.png", "a*", "a|b", 'a"b', "a<b", "a\\b", "a/b"),
        *("a.", "a ", "a\tb", "", "a" * 256),
    ],
)
def test_names_that_windows_does_not_allow_are_recognised(name: str) -> None:
    assert not files.is_windows_name(name)


@pytest.mark.parametrize(
    "name",
    ["fashion.model", "console", "com10", "nullable.png", ".cache", "r\u00f6d kl\u00e4nning.jpg"],
)
def test_names_that_windows_allows_are_recognised(name: str) -> None:
    assert files.is_windows_name(name)


def test_a_device_name_is_refused_before_the_work_on_windows_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.check_writable(tmp_path / "aux.png")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(CommandError, match=r"aux\.png: Windows does not allow this name; choose"):
        files.check_writable(tmp_path / "aux.png")


@pytest.mark.parametrize("failures", [0, 3, 1000])
def test_a_file_that_windows_holds_for_a_moment_is_replaced_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    write([tmp_path / "a"], "old")
    left = itertools.count(failures, -1)
    replace = Path.replace

    def replace_once_it_is_free(source: Path, target: Path) -> Path:
        if next(left) > 0:
            raise PermissionError(errno.EACCES, "Permission denied", str(target))
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", replace_once_it_is_free)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(time, "sleep", lambda _: None)
    if failures == 1000:
        with pytest.raises(CommandError, match=r"Permission denied.*another program using it"):
            write([tmp_path / "a"], "new")
        assert (tmp_path / "a").read_text() == "old"
    else:
        write([tmp_path / "a"], "new")
        assert (tmp_path / "a").read_text() == "new"
