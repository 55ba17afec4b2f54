"""Photos decoded by processes of their own, in order and a few ahead.

Image libraries are written in C and read what strangers made. A file that crashes its decoder, or
keeps it busy for a minute, or takes gigabytes, ends that process; it is named like any other
broken file, and a new process goes on with the next.
"""

import atexit
import io
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.decoding_worker import READY, REPLY, REQUEST
from pyimagesearch.images import MAX_PIXELS, ImageError

SECONDS = 60.0  # for one file; a hundred megapixels take 4
AHEAD = 8  # files handed to a worker at a time
LONGEST_PATH = 4096  # bytes
# Without the site module, which takes a tenth of the start and has done its work on sys.path.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from pyimagesearch.decoding_worker import main; main()"
)


class _Job:
    """One file to be decoded, and what came of it."""

    def __init__(self, is_path: bool, content: bytes, side: int, max_pixels: int) -> None:
        self.request = REQUEST.pack(is_path, side, max_pixels, len(content)) + content
        self.result: NDArray[np.uint8] | ImageError | None = None


class _Worker:
    """A process that decodes the files of `jobs` one after the other."""

    def __init__(self) -> None:
        self.jobs: deque[_Job] = deque()
        self.since = 0.0  # the first of them is under way, by time.monotonic
        self._is_ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", PROGRAM, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._requests = cast(io.FileIO, self._process.stdin)
        self._replies = cast(io.FileIO, self._process.stdout)

    def fileno(self) -> int:
        """Return the descriptor that can be read when there is a reply or the process is dead."""
        return self._replies.fileno()

    def is_alive(self) -> bool:
        """Say whether the process has not ended."""
        return self._process.poll() is None

    def has_room(self, job: _Job) -> bool:
        """Say whether `send` does not have to wait for a worker that waits for his replies' reader.

        It reads on where it has nothing to do, and any pipe holds PIPE_BUF bytes.
        """
        waiting = sum(len(other.request) for other in self.jobs)
        return not self.jobs or waiting + len(job.request) <= select.PIPE_BUF

    def send(self, job: _Job) -> None:
        """Hand over one job more."""
        if not self.jobs:
            self.since = time.monotonic()
        self.jobs.append(job)
        try:
            rest = memoryview(job.request)
            while rest:
                rest = rest[self._requests.write(rest) :]
        except BrokenPipeError:
            pass  # that it is dead shows when its reply is read

    def receive(self) -> None:
        """Take a reply, the result of the first job; raises EOFError where the process is dead."""
        self.since = time.monotonic()
        if not self._is_ready:
            self._is_ready = self._read(1) == READY
            return
        height, width, length = REPLY.unpack(self._read(REPLY.size))
        body = self._read(length)
        result = np.frombuffer(body, np.uint8).reshape(height, width, 3) if height else None
        self.jobs.popleft().result = ImageError(body.decode()) if result is None else result

    def end(self) -> str:
        """Kill the process and return what it died of, which may have been something else."""
        self._process.kill()
        self._requests.close()
        self._replies.close()
        status = self._process.wait()
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def fail(self, reason: str) -> "_Worker":
        """Put `reason` down to the job under way and return a new worker with the others."""
        if not self._is_ready:
            raise CommandError(f"{sys.executable}: cannot start a process that decodes photos")
        self.jobs.popleft().result = ImageError(reason)
        worker = _Worker()
        for job in self.jobs:
            worker.send(job)
        return worker

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        rest = memoryview(data)
        while rest:
            count = self._replies.readinto(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return data


_idle: list[_Worker] = []
os.register_at_fork(after_in_child=_idle.clear)  # they are the parent's


def processors() -> int:
    """Return how many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start(workers: int) -> None:
    """Start processes now that will be needed soon; they get ready while others work."""
    while len(_idle) < workers:
        _idle.append(_Worker())


@atexit.register
def stop() -> None:
    """End the processes that wait for work."""
    while _idle:
        _idle.pop().end()


def decode(data: bytes, side: int = 0, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return what `images.decode` does; raises ImageError also where that ends its process."""
    job = _Job(False, data, side, max_pixels)
    with _team() as team:
        _least_busy(team, 1).send(job)
        while job.result is None:
            _wait(team)
    if isinstance(job.result, ImageError):
        raise job.result
    return job.result


def load_many(
    paths: Iterable[Path],
    side: int,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
) -> Generator[tuple[Path, NDArray[np.uint8] | ImageError], None, None]:
    """Yield each of `paths` with what `images.load` returns for it, or its ImageError, in order.

    Arrays are uint8 RGB of shape (side, side, 3). `workers` processes (one a processor by default)
    decode a few pictures ahead, so memory does not grow with the number of paths. Raises
    CommandError where no process can be started.
    """
    workers = workers or processors()
    waiting: deque[tuple[Path, _Job]] = deque()
    with _team() as team:
        for path in paths:
            job = _load(path, side, max_pixels)
            waiting.append((path, job))
            if job.result is None:
                while not (worker := _least_busy(team, workers)).has_room(job):
                    _wait(team)
                worker.send(job)
            if len(waiting) == AHEAD * workers:
                yield _first(waiting, team)
        while waiting:
            yield _first(waiting, team)


def _load(path: Path, side: int, max_pixels: int) -> _Job:
    """Return the job of loading `path`; one whose name no file can have has failed already."""
    try:
        name = os.fsencode(path)
    except ValueError:
        name = b""
    job = _Job(True, name, side, max_pixels)
    if not 0 < len(name) <= LONGEST_PATH:
        job.result = ImageError("cannot be read: no file can have this name")
    return job


def _first(
    waiting: deque[tuple[Path, _Job]], team: list[_Worker]
) -> tuple[Path, NDArray[np.uint8] | ImageError]:
    """Return the oldest path with its result, as soon as there is one."""
    path, job = waiting.popleft()
    while job.result is None:
        _wait(team)
    return path, job.result


def _wait(team: list[_Worker]) -> None:
    """Wait for results, at least one; where a worker dies or takes too long, put another there."""
    poll = select.poll()
    for worker in team:
        if worker.jobs:
            poll.register(worker, select.POLLIN)
    oldest = min(worker.since for worker in team if worker.jobs)
    rest = max(0.0, oldest + SECONDS - time.monotonic())
    # Time passes also where all were stopped by Ctrl-Z: who goes on now is given a moment.
    ready = dict(poll.poll(rest * 1000) or poll.poll(SECONDS * 100))
    for place, worker in enumerate(team):
        if worker.fileno() in ready:
            try:
                worker.receive()
            except EOFError:
                team[place] = worker.fail(f"crashed its decoder ({worker.end()})")
        elif not ready and worker.jobs and time.monotonic() > worker.since + SECONDS:
            worker.end()
            team[place] = worker.fail(f"takes longer than {SECONDS:.0f} s to decode")


@contextmanager
def _team() -> Iterator[list[_Worker]]:
    """Lend a list that workers can be put into; those still at work afterwards are ended."""
    team: list[_Worker] = []
    try:
        yield team
    finally:
        for worker in team:
            if worker.jobs or len(_idle) >= processors():
                worker.end()
            else:
                _idle.append(worker)


def _least_busy(team: list[_Worker], most: int) -> _Worker:
    """Return the worker with the fewest jobs, a further one as long as there may be `most`."""
    worker = min(team, key=lambda worker: len(worker.jobs), default=None)
    if worker is None or (worker.jobs and len(team) < most):
        team.append(worker := _take_idle() or _Worker())
    return worker


def _take_idle() -> _Worker | None:
    """Return a process that waits for work; one that died meanwhile says nothing of any file."""
    while True:
        try:
            worker = _idle.pop()
        except IndexError:
            return None
        if worker.is_alive():
            return worker
        worker.end()
