"""Photos come decoded, in order, whatever a file does to the process that decodes it."""

import fcntl
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from support.commands import ROOT
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
def test_photos_come_in_order_and_broken_ones_in_their_places(
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


def test_paths_are_read_only_a_little_ahead_so_memory_stays_flat(tmp_path: Path) -> None:
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
    assert taken <= 100 + 2 * pool.AHEAD
    results.close()


@pytest.fixture
def fresh_processes() -> Iterator[None]:
    """No process is left over from another test, and none is left for the next."""
    processes.stop()
    yield
    processes.stop()


# The real program, except that files with these names misbehave.
MISCHIEF = """
import os, resource, signal, sys, time
sys.path[:] = sys.argv[1:]
from pyimagesearch.images import decoder, worker
honest = decoder.read_bytes

def read_bytes(path):
    if path.stem == "abort":
        os.abort()
    if path.stem == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.stem == "hang":
        time.sleep(1000)
    if path.stem == "nap":
        time.sleep(0.5)
    if path.stem == "greedy":
        worker.limit_memory(2**29)
        bytes(2**30)
    return honest(path)

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
decoder.read_bytes = read_bytes
worker.main()
"""


@pytest.fixture
def mischievous_processes(fresh_processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROGRAM", MISCHIEF)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_file_that_ends_its_process_is_reported_and_no_other_file_is_lost(
    tmp_path: Path, mischievous_processes: None, workers: int
) -> None:
    paths = gray_files(tmp_path, 12)
    for index, name in ((2, "abort"), (3, "segfault"), (9, "greedy")):
        paths[index] = paths[index].rename(tmp_path / f"{name}.png")
    results = list(pool.load_many(paths, 32, max_pixels=10**6, workers=workers))
    assert [path for path, _ in results] == paths
    errors = {path.stem: str(result) for path, result in results if isinstance(result, ImageError)}
    assert errors == {
        "abort": "crashed its decoder (SIGABRT)",
        "segfault": "crashed its decoder (SIGSEGV)",
        "greedy": "does not fit into memory",
    }
    for index, (_, result) in enumerate(results):
        if not isinstance(result, ImageError):
            assert_colour(result, (index,) * 3, tolerance=0)


def test_memory_is_limited_by_the_pixels_that_the_header_claims(fresh_processes: None) -> None:
    """The picture is a million times as large as its header says."""
    whole = encode(Image.new("RGB", (6000, 6000)), "AVIF", speed=10)
    data = bytearray(whole)
    struct.pack_into(">II", data, data.find(b"ispe") + 8, 8, 8)
    with pytest.raises(ImageError):
        pool.decode(bytes(data))
    assert pool.decode(whole).shape == (6000, 6000, 3)


def test_a_file_that_hangs_is_given_up(
    tmp_path: Path, mischievous_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = gray_files(tmp_path, 4)
    paths[2] = paths[2].rename(tmp_path / "hang.png")
    results = pool.load_many(paths, 32, workers=1)
    assert not isinstance(next(results)[1], ImageError)  # by now the process has started
    assert not isinstance(next(results)[1], ImageError)
    monkeypatch.setattr(processes, "SECONDS", 1.0)
    assert str(next(results)[1]) == "takes longer than 1 s to decode"
    monkeypatch.undo()
    assert not isinstance(next(results)[1], ImageError)


STOPPED = f"""
import sys
from pathlib import Path
from pyimagesearch.images import pool, processes
processes.PROGRAM = {MISCHIEF!r}
results = pool.load_many(map(Path, sys.argv[1:]), 32, workers=1)
next(results)
processes.SECONDS = 2.0
print("working", flush=True)
print([str(result) for _, result in results if isinstance(result, Exception)])
"""


def test_time_that_all_processes_are_stopped_by_ctrl_z_does_not_count(tmp_path: Path) -> None:
    paths = gray_files(tmp_path, 3)
    paths[1] = paths[1].rename(tmp_path / "nap.png")
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, *map(str, paths)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(2.5)
        os.killpg(process.pid, signal.SIGCONT)
        assert process.stdout.read() == "[]\n"


def test_a_process_that_died_while_idle_costs_no_photo(
    tmp_path: Path, fresh_processes: None
) -> None:
    paths = gray_files(tmp_path, 3)
    list(pool.load_many(paths, 32, workers=1))
    (idle,) = children()
    os.kill(idle, signal.SIGKILL)
    os.waitid(os.P_PID, idle, os.WEXITED | os.WNOWAIT)
    results = [result for _, result in pool.load_many(paths, 32, workers=1)]
    assert not any(isinstance(result, ImageError) for result in results)


@pytest.fixture
def small_pipes(fresh_processes: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pipes as small as Linux gives to users with many of them, and macOS to all."""
    popen = subprocess.Popen

    def with_small_pipes(*arguments: Any, **options: Any) -> "subprocess.Popen[bytes]":
        process = popen(*arguments, **options)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        return process

    monkeypatch.setattr(subprocess, "Popen", with_small_pipes)


def test_long_paths_and_small_pipes_make_no_deadlock(tmp_path: Path, small_pipes: None) -> None:
    folder = tmp_path / "/".join(["x" * 200] * 3)
    folder.mkdir(parents=True)
    results = list(pool.load_many(gray_files(folder, 40), 64, workers=1))
    assert len(results) == 40


def test_a_file_larger_than_the_pipe_is_decoded(small_pipes: None) -> None:
    data = encode(Image.effect_noise((300, 200), 100), "PNG")
    assert len(data) > 4096
    assert pool.decode(data).shape == (200, 300, 3)


def test_a_process_killed_from_outside_is_replaced(tmp_path: Path, fresh_processes: None) -> None:
    paths = gray_files(tmp_path, 30)
    results = pool.load_many(paths, 32, workers=1)
    got = [next(results)]
    (victim,) = children()
    os.kill(victim, signal.SIGKILL)
    got += results
    assert [path for path, _ in got] == paths
    wrong = [str(result) for _, result in got if isinstance(result, ImageError)]
    # At most the photo that was being decoded is lost.
    assert wrong in ([], ["crashed its decoder (SIGKILL)"])
    assert victim not in children()


def children(parent: int | str = "self") -> set[int]:
    """Return the decoders that a process started and that have not ended."""
    number = os.getpid() if parent == "self" else parent
    listed = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return {int(child) for child in listed if b"images.worker" in command_line(int(child))}


def command_line(number: int) -> bytes:
    """Return the words of a process, none if it has ended."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_process_that_cannot_start_is_an_error_instead_of_many_broken_photos(
    tmp_path: Path, fresh_processes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PROGRAM", "raise SystemExit(3)")
    with pytest.raises(CommandError, match="cannot start a process that decodes photos"):
        list(pool.load_many(gray_files(tmp_path, 3), 32))


def test_closing_early_ends_the_processes_at_work_and_the_next_call_starts_others(
    tmp_path: Path, fresh_processes: None
) -> None:
    paths = gray_files(tmp_path, 40)
    results = pool.load_many(paths, 32, workers=2)
    next(results)
    at_work = children()
    assert len(at_work) == 2
    results.close()
    assert len(list(pool.load_many(paths, 32, workers=2))) == 40
    assert not at_work & children()


def test_closing_early_does_not_wait_for_a_file_that_hangs(
    tmp_path: Path, mischievous_processes: None
) -> None:
    paths = gray_files(tmp_path, 3)
    paths[1] = paths[1].rename(tmp_path / "hang.png")
    results = pool.load_many(paths, 32, workers=1)
    next(results)
    results.close()  # would otherwise wait for a thousand seconds
    assert children() == set()


def test_processes_are_kept_for_the_next_call(tmp_path: Path, fresh_processes: None) -> None:
    paths = gray_files(tmp_path, 3)
    list(pool.load_many(paths, 32, workers=1))
    before = children()
    list(pool.load_many(paths, 32, workers=1))
    pool.decode(paths[0].read_bytes())
    assert children() == before


def test_starting_processes_ahead_imports_nothing_that_takes_long() -> None:
    script = (
        "import sys; from pyimagesearch.images import processes; processes.start(1);"
        "print(sorted({'numpy', 'cv2', 'PIL', 'pillow_heif', 'keras'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"


FORKED = """
import os, sys
from pathlib import Path
from pyimagesearch.images import pool
paths = [Path(sys.argv[1])] * 20

def decode():
    return [picture.shape for _, picture in pool.load_many(paths, 32)] == [(32, 32, 3)] * 20

decode()
child = os.fork()
done = decode()
if child:
    done = done and os.waitpid(child, 0)[1] == 0
os._exit(not done)
"""


def test_a_fork_of_the_caller_and_the_caller_both_go_on_decoding(tmp_path: Path) -> None:
    (path,) = gray_files(tmp_path, 1)
    subprocess.run([sys.executable, "-c", FORKED, str(path)], cwd=ROOT, check=True, timeout=120)


WORKING = """
import itertools, sys
from pathlib import Path
from pyimagesearch.images import pool
for _ in pool.load_many(itertools.repeat(Path(sys.argv[1])), 32, workers=2):
    print("working", flush=True)
"""


def test_no_process_is_left_behind_if_the_caller_is_killed(tmp_path: Path) -> None:
    (path,) = gray_files(tmp_path, 1)
    with subprocess.Popen(
        [sys.executable, "-c", WORKING, str(path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"working\n"
        decoders = children(process.pid)
        assert len(decoders) == 2
        process.kill()
    for _ in range(6000):
        if not any(map(command_line, decoders)):
            return
        time.sleep(0.01)
    pytest.fail("they are still running")


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


@pytest.mark.skipif(PHOTOS is None, reason="WEB_PHOTOS is not set to a folder of photos")
def test_real_photos_all_decode() -> None:
    paths = [path for path in sorted(Path(str(PHOTOS)).rglob("*")) if path.is_file()]
    refused = [path for path, result in pool.load_many(paths, 96) if isinstance(result, Exception)]
    assert len(paths) > 100
    assert refused == []
