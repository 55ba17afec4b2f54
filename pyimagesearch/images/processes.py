"""The processes that decode photos: how one is started, asked and ended.

Nothing that takes long to load is needed here, so that a command can start them before it loads
the rest.
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
from dataclasses import dataclass
from typing import cast

from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import ImageError
from pyimagesearch.images.worker import READY, REPLY, REQUEST

# Without the site module, which takes a tenth of the start and has done its work on sys.path.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from pyimagesearch.images.worker import main; main()"
)


@dataclass(frozen=True)
class Pixels:
    """A decoded picture, uint8 RGB, row after row."""

    height: int
    width: int
    body: bytearray


class Job:
    """One file to be decoded, and what came of it."""

    def __init__(self, is_path: bool, content: bytes, side: int, max_pixels: int) -> None:
        """`content` is a path or the bytes of a file; for the rest see `images`."""
        self.request = REQUEST.pack(is_path, side, max_pixels, len(content)) + content
        self.result: Pixels | ImageError | None = None


class Worker:
    """A process that decodes the files of `jobs` one after the other."""

    def __init__(self) -> None:
        """Start it; it says when it is ready."""
        self.jobs: deque[Job] = deque()
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

    def has_room(self, job: Job) -> bool:
        """Say whether `send` does not have to wait for a worker that waits for his replies' reader.

        It reads on where it has nothing to do, and any pipe holds PIPE_BUF bytes.
        """
        waiting = sum(len(other.request) for other in self.jobs)
        return not self.jobs or waiting + len(job.request) <= select.PIPE_BUF

    def send(self, job: Job) -> None:
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
        result = Pixels(height, width, body) if height else ImageError(body.decode())
        self.jobs.popleft().result = result

    def end(self) -> str:
        """Kill the process and return what it died of, which may have been something else."""
        self._process.kill()
        self._requests.close()
        self._replies.close()
        status = self._process.wait()
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def fail(self, reason: str) -> "Worker":
        """Put `reason` down to the job under way and return a new worker with the others."""
        if not self._is_ready:
            raise CommandError(f"{sys.executable}: cannot start a process that decodes photos")
        self.jobs.popleft().result = ImageError(reason)
        worker = Worker()
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


_idle: list[Worker] = []
os.register_at_fork(after_in_child=_idle.clear)  # they are the parent's


def processors() -> int:
    """Return how many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start(workers: int) -> None:
    """Start processes now that will be needed soon; they get ready while others work."""
    while len(_idle) < workers:
        _idle.append(Worker())


@atexit.register
def stop() -> None:
    """End the processes that wait for work."""
    while _idle:
        _idle.pop().end()


def take_idle() -> Worker | None:
    """Return a process that waits for work; one that died meanwhile says nothing of any file."""
    while True:
        try:
            worker = _idle.pop()
        except IndexError:
            return None
        if worker.is_alive():
            return worker
        worker.end()


def give_back(worker: Worker) -> None:
    """Keep a process for the next who needs one, unless it is at work or there are enough."""
    if worker.jobs or len(_idle) >= processors():
        worker.end()
    else:
        _idle.append(worker)
