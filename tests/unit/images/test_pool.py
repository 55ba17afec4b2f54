"""Photos decoded by processes, in order, whatever they do to the process."""

import fcntl
import os
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.pictures.files import assert_colour, encode

from pyimagesearch.console import CommandError
from pyimagesearch.images import pool, processes
from pyimagesearch.images.decoder import ImageError

PHOTOS = os.environ.get("WEB_PHOTOS")


def gray_files(folder: Path, count: int) -> list[Path]:
    for index in range(count):
        Image.new("L", (64, 48), index).save(folder / f"{index:03}.png")
    return sorted(folder.glob("*.png"))


@pytest.mark.parametrize("workers", [1, 3, None])
def test_many_come_in_order_with_the_broken_in_their_places(
    tmp_path: Path, workers: int | None
) -> None:
    paths = gray_files(tmp_path, 60)
    for path in paths[::7]:
        path.write_bytes(b"")
    results = list(pool.load_many(iter(paths), 32, workers=workers))
    assert [path for path, _ in results] == paths
    for index, (_, result) in enumerate(results):
        if index % 7:
            assert not isinstance(result, ImageError)
            assert_colour(result, (index,) * 3, tolerance=0)
        else:
            assert str(result) == "is empty"


def test_no_path_gives_no_result() -> None:
    assert list(pool.load_many([], 32)) == []


def test_paths_are_taken_only_a_little_ahead(tmp_path: Path) -> None:
    (path,) = gray_files(tmp_path, 1)
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield path

    results = pool.load_many(endless(), 32, workers=2)
    for _ in range(100):
        next(results)
    assert taken < 100 + 20
    results.close()


@pytest.fixture
def fresh_workers() -> Iterator[None]:
    """No process is left from before, and none of an odd kind stays for later."""
    processes.stop()
    yield
    processes.stop()


# A process like the real one, but for files of these names.
MISCHIEF = """
import os, resource, signal, sys, time
sys.path[:] = sys.argv[1:]
from pathlib import Path
from pyimagesearch import decoding_worker, images
honest = images.read_bytes

def read_bytes(path):
    if path.stem == "abort":
        os.abort()
    if path.stem == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.stem == "hang":
        time.sleep(1000)
    if path.stem == "greedy":
        decoding_worker.limit_memory(2**29)
        bytes(2**30)
    return honest(path)

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
images.read_bytes = read_bytes
decoding_worker.main()
"""


@pytest.fixture
def mischievous_workers(fresh_workers: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROGRAM", MISCHIEF)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_decoder_that_dies_takes_its_own_photo_with_it_and_no_other(
    tmp_path: Path, mischievous_workers: None, workers: int
) -> None:
    paths = gray_files(tmp_path, 12)
    for index, name in ((2, "abort"), (3, "segfault"), (9, "greedy")):
        paths[index] = paths[index].rename(tmp_path / f"{name}.png")
    results = list(pool.load_many(paths, 32, max_pixels=10**6, workers=workers))
    assert [path for path, _ in results] == paths
    told = {path.stem: str(result) for path, result in results if isinstance(result, ImageError)}
    assert told == {
        "abort": "crashed its decoder (SIGABRT)",
        "segfault": "crashed its decoder (SIGSEGV)",
        "greedy": "does not fit into memory",
    }
    for index, (_, result) in enumerate(results):
        if not isinstance(result, ImageError):
            assert_colour(result, (index,) * 3, tolerance=0)


def test_memory_is_limited_by_the_pixels_that_the_header_speaks_of(
    tmp_path: Path, fresh_workers: None
) -> None:
    """The picture within is a thousand times as large as its frame says."""
    inner = encode(Image.new("RGB", (6000, 6000)), "AVIF", speed=10)
    data = bytearray(inner)
    struct.pack_into(">II", data, data.find(b"ispe") + 8, 8, 8)
    with pytest.raises(ImageError):
        pool.decode(bytes(data))
    assert pool.decode(inner).shape == (6000, 6000, 3)


def test_a_decoder_that_hangs_is_ended(
    tmp_path: Path, mischievous_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = gray_files(tmp_path, 3)
    paths[2] = paths[2].rename(tmp_path / "hang.png")
    results = pool.load_many(paths, 32, workers=1)
    assert not isinstance(next(results)[1], ImageError)  # by now the process has started
    assert not isinstance(next(results)[1], ImageError)
    monkeypatch.setattr(pool, "SECONDS", 1.0)
    assert str(next(results)[1]) == "takes longer than 1 s to decode"


def test_photos_survive_when_all_are_stopped_for_longer_than_one_may_take(
    tmp_path: Path, fresh_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = pool.load_many(gray_files(tmp_path, 12), 32, workers=1)
    next(results)
    monkeypatch.setattr(pool, "SECONDS", 20.0)
    (worker,) = children()
    os.kill(worker, signal.SIGSTOP)  # as Ctrl-Z does, and then time passes
    now = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: now() + 1000)
    threading.Timer(0.2, os.kill, (worker, signal.SIGCONT)).start()
    assert not any(isinstance(result, ImageError) for _, result in results)


def test_a_process_that_died_while_idle_is_put_down_to_no_photo(
    tmp_path: Path, fresh_workers: None
) -> None:
    paths = gray_files(tmp_path, 3)
    list(pool.load_many(paths, 32, workers=1))
    (idle,) = children()
    os.kill(idle, signal.SIGKILL)
    os.waitid(os.P_PID, idle, os.WEXITED | os.WNOWAIT)
    results = [result for _, result in pool.load_many(paths, 32, workers=1)]
    assert not any(isinstance(result, ImageError) for result in results)


def test_long_paths_never_wait_for_a_process_that_waits_for_its_reader(
    tmp_path: Path, fresh_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pipes as small as Linux gives to users with many of them, and macOS to all."""
    popen = subprocess.Popen

    def with_small_pipes(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        process = popen(*arguments, **options)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        return process

    monkeypatch.setattr(subprocess, "Popen", with_small_pipes)
    folder = tmp_path / "/".join(["x" * 200] * 3)
    folder.mkdir(parents=True)
    results = list(pool.load_many(gray_files(folder, 40), 64, workers=1))
    assert len(results) == 40


def test_a_process_killed_from_outside_is_replaced(tmp_path: Path, fresh_workers: None) -> None:
    paths = gray_files(tmp_path, 30)
    results = pool.load_many(paths, 32, workers=1)
    got = [next(results)]
    (victim,) = children()
    os.kill(victim, signal.SIGKILL)
    got += results
    assert [path for path, _ in got] == paths
    wrong = [str(result) for _, result in got if isinstance(result, ImageError)]
    # Unless its replies were all in the pipe already, one photo fell with it.
    assert wrong in ([], ["crashed its decoder (SIGKILL)"])
    assert victim not in children()


def children() -> set[int]:
    """Return the decoders that this process started and that have not ended."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    commands = {int(number): Path(f"/proc/{number}/cmdline").read_bytes() for number in listed}
    return {number for number, command in commands.items() if b"decoding_worker" in command}


def test_a_process_that_cannot_start_is_an_error_not_a_photo_after_the_other(
    tmp_path: Path, fresh_workers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROGRAM", "raise SystemExit(3)")
    with pytest.raises(CommandError, match="cannot start a process that decodes photos"):
        list(pool.load_many(gray_files(tmp_path, 3), 32))


def test_closing_early_ends_what_is_at_work_and_the_next_call_starts_anew(
    tmp_path: Path, fresh_workers: None
) -> None:
    paths = gray_files(tmp_path, 40)
    results = pool.load_many(paths, 32, workers=2)
    next(results)
    at_work = children()
    assert len(at_work) == 2
    results.close()
    assert len(list(pool.load_many(paths, 32, workers=2))) == 40
    processes.stop()
    assert not at_work & children()


def test_workers_are_kept_for_the_next_call(tmp_path: Path, fresh_workers: None) -> None:
    paths = gray_files(tmp_path, 3)
    list(pool.load_many(paths, 32, workers=1))
    before = children()
    list(pool.load_many(paths, 32, workers=1))
    pool.decode(paths[0].read_bytes())
    assert children() == before


def test_one_file_in_memory_comes_in_full_size_or_with_its_reason(tmp_path: Path) -> None:
    (path,) = gray_files(tmp_path, 1)
    assert pool.decode(path.read_bytes()).shape == (48, 64, 3)
    with pytest.raises(ImageError, match=r"^is empty$"):
        pool.decode(b"")


@pytest.mark.parametrize("name", ["a\0b.jpg", "\ud800.jpg", "x" * 300, "y/" * 3000])
def test_impossible_names_are_refused_in_their_places(tmp_path: Path, name: str) -> None:
    (path,) = gray_files(tmp_path, 1)
    _, (_, wrong), _ = pool.load_many([path, Path(name), path], 32)
    assert isinstance(wrong, ImageError)
    assert str(wrong).startswith("cannot be read: ")


@pytest.mark.skipif(PHOTOS is None, reason="WEB_PHOTOS names no folder of photos from the web")
def test_real_photos_all_decode() -> None:
    paths = [path for path in sorted(Path(str(PHOTOS)).rglob("*")) if path.is_file()]
    refused = [path for path, result in pool.load_many(paths, 96) if isinstance(result, Exception)]
    assert len(paths) > 100
    assert refused == []
