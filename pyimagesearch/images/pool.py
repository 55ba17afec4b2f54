"""Photos decoded by separate processes, in order and a few ahead.

Image libraries are written in C and read files from strangers. A file that crashes its decoder,
hangs it or makes it ask for gigabytes ends one process only. That file is reported like any other
broken one, and a new process continues with the next.

Each process has a thread that sends it files and reads the pictures, so that a process never waits
for a busy caller.
"""

import os
import sys
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.images import processes
from pyimagesearch.images.headers import MAX_PIXELS, ImageError
from pyimagesearch.images.processes import Job

AHEAD = 8  # files per process that are decoded before they are asked for
SMALL_REQUEST = 512  # bytes; every pipe has room for as many


def decode(data: bytes, side: int = 0, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return what `decoder.decode` does; raises ImageError also if decoding ends its process."""
    with _team(1) as team:
        result = team.add(Job(False, data, side, max_pixels)).wait()
    if isinstance(result, ImageError):
        raise result
    return result


def load_many(
    paths: Iterable[Path],
    side: int,
    max_pixels: int = MAX_PIXELS,
    workers: int | None = None,
) -> Generator[tuple[Path, NDArray[np.uint8] | ImageError], None, None]:
    """Yield each of `paths` with what `decoder.load` returns for it, or its ImageError, in order.

    Arrays are uint8 RGB of shape (side, side, 3). `workers` processes (by default one per
    processor) decode a few pictures ahead, so memory does not grow with the number of paths.
    Raises CommandError if no process can be started.
    """
    workers = workers or processes.processors()
    waiting: deque[tuple[Path, Job]] = deque()
    with _team(workers) as team:
        for path in paths:
            waiting.append((path, team.add(_loading(path, side, max_pixels))))
            if len(waiting) == AHEAD * workers:
                first, job = waiting.popleft()
                yield first, job.wait()
        while waiting:
            first, job = waiting.popleft()
            yield first, job.wait()


def _loading(path: Path, side: int, max_pixels: int) -> Job:
    """Return the job of loading `path`."""
    try:
        name = os.fsencode(path)
    except ValueError:
        name = b"\0"  # no file can have this name either
    return Job(True, name, side, max_pixels)


class Worker(threading.Thread):
    """The thread that sends jobs to one process and reads the results."""

    def __init__(self, jobs: "SimpleQueue[Job | None]") -> None:
        """`jobs` are shared with other workers; None wakes a worker that is closed."""
        super().__init__(daemon=True)
        self.process = processes.take()
        self.is_closed = False
        self._jobs = jobs
        self._sent: deque[Job] = deque()

    def run(self) -> None:
        """Work until closed, and then keep the process for another time."""
        try:
            while True:
                job = self._next()
                if self.is_closed:
                    break
                # While a process waits for its reply to be read, it does not read a long request.
                if job is None or (self._sent and len(job.request) > SMALL_REQUEST):
                    self._receive()
                if job:
                    self.process.send(job)
                    self._sent.append(job)
        except Exception as error:
            for job in self._sent:
                job.finish(error)
        if self._sent:
            self.process.end()
        else:
            processes.give_back(self.process)

    def _next(self) -> Job | None:
        """Return a job, or None if the process has one to do now and one to do next."""
        if not self._sent:
            return self._jobs.get()
        try:
            return self._jobs.get_nowait() if len(self._sent) == 1 else None
        except Empty:
            return None

    def _receive(self) -> None:
        try:
            result = self.process.receive()
        except EOFError:
            if not self.is_closed:
                self._replace_process()
        else:
            self._sent.popleft().finish(result)

    def _replace_process(self) -> None:
        """Report the job that ended the process, and give the other one to a new process."""
        status, overdue = self.process.end(patience=5), self.process.overdue
        if not self.process.is_ready:
            raise CommandError(f"{sys.executable}: cannot start a process that decodes photos")
        if overdue is None:
            self._sent.popleft().finish(ImageError(f"crashed its decoder ({status})"))
        elif overdue is self._sent[0]:  # else it was done at the last moment
            reason = f"takes longer than {processes.SECONDS:.0f} s to decode"
            self._sent.popleft().finish(ImageError(reason))
        self.process = processes.Process()
        for job in self._sent:
            self.process.send(job)


class Team:
    """Workers that share their jobs."""

    def __init__(self, size: int) -> None:
        """Start workers as they are needed, up to `size` of them."""
        self._size = size
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._workers: list[Worker] = []

    def add(self, job: Job) -> Job:
        """Have `job` done, and return it."""
        if len(self._workers) < self._size:
            self._workers.append(Worker(self._jobs))
            self._workers[-1].start()
        self._jobs.put(job)
        return job

    def close(self, kill: bool) -> None:
        """End the threads, and also their processes if they are to be killed."""
        for worker in self._workers:
            worker.is_closed = True
            if kill:
                worker.process.kill()
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()


@contextmanager
def _team(size: int) -> Iterator[Team]:
    """Lend a team. If the block is left early, the processes at work are killed."""
    team = Team(size)
    try:
        yield team
    except BaseException:  # Ctrl-C, or a caller that needs no more photos
        team.close(kill=True)
        raise
    team.close(kill=False)
