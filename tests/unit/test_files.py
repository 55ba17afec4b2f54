import errno
import itertools
import os
import stat
import subprocess
import sys
import threading
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


def test_killed_at_any_moment_every_file_is_whole_and_the_old_ones_go_in_one_stroke(
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


def test_what_killed_runs_left_is_removed_and_what_living_ones_write_is_not(
    tmp_path: Path,
) -> None:
    killed = [
        tmp_path / ".plot.png.unfinished-1234.keras",
        tmp_path / ".other.unfinished-1234",
    ]
    for path in (*killed, tmp_path / ".plot.png.mine"):
        path.touch()
    with files.atomic_write(tmp_path / "plot.png") as new_file:
        new_file.write_text("x")
        files.check_writable(tmp_path / "plot.png")
        assert [path.exists() for path in killed] == [False, True]
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


def test_a_full_disk_is_named_and_leaves_the_old_files_whole(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in NAMES[:2]]
    write(paths, "old")
    wanted = r"fashion\.model, .*mlb\.pickle: cannot be written \(File too large\); what was there"
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


def test_a_place_that_cannot_be_written_is_named_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"file/fashion\.model: cannot be written"):
        files.check_writable(tmp_path / "file" / "fashion.model")
    with pytest.raises(CommandError, match="is not a regular file"):
        files.check_writable(tmp_path)
    files.check_writable(tmp_path / "made" / "fashion.model")
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named_beforehand(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(CommandError, match="Permission denied"):
        files.check_writable(tmp_path / "fashion.model")


@pytest.mark.parametrize(
    "error",
    [PermissionError(13, "Permission denied", "/usr/bin/python"), BlockingIOError(11, "Try again")],
)
def test_an_error_of_something_else_is_not_put_down_to_the_file(
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
def test_a_link_to_itself_is_named(
    tmp_path: Path, write_it: Callable[[list[Path], str], None]
) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(CommandError, match=r"loop: cannot be written \(Too many levels"):
        write_it([loop], "x")
    assert loop.is_symlink()


def test_where_folders_cannot_be_synced_the_files_are_written_all_the_same(
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


def test_where_one_cannot_be_replaced_those_that_are_new_are_named(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    write(paths, "old")

    def write_while_another_makes_a_folder_there() -> None:
        with files.atomic_writes(paths) as new_files:
            for new_file in new_files:
                new_file.write_text("new")
            paths[1].unlink()
            paths[1].mkdir()

    with pytest.raises(CommandError, match=r"b: cannot be replaced \(.*\); .*a is new already$"):
        write_while_another_makes_a_folder_there()
    assert [paths[0].read_text(), paths[2].read_text()] == ["new", "old"]


def test_two_uses_of_one_file_are_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.check_different({"--model": tmp_path / "a", "--plot": tmp_path / "b"})
    with pytest.raises(CommandError, match="link: is named for --model and for --plot; name diff"):
        files.check_different({"--model": tmp_path / "a", "--plot": tmp_path / "link"})
