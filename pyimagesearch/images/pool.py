"""Photos decoded by processes of their own, in order and a few ahead.

Image libraries are written in C and read what strangers made. A file that crashes its decoder, or
keeps it busy for a minute, or takes gigabytes, ends that process; it is named like any other
broken file, and a new process goes on with the next.
"""

import os
import select
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.images.decoder import MAX_PIXELS, ImageError
from pyimagesearch.images.processes import Job, Pixels, Worker, give_back, processors, take_idle

SECONDS = 60.0  # for one file; a hundred megapixels take 4
AHEAD = 8  # files handed to a worker at a time
LONGEST_PATH = 4096  # bytes


def decode(data: bytes, side: int = 0, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return what `images.decode` does; raises ImageError also where that ends its process."""
    job = Job(False, data, side, max_pixels)
    with _team() as team:
        _least_busy(team, 1).send(job)
        while job.result is None:
            _wait(team)
    result = _array(job.result)
    if isinstance(result, ImageError):
        raise result
    return result


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
    waiting: deque[tuple[Path, Job]] = deque()
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


def _load(path: Path, side: int, max_pixels: int) -> Job:
    """Return the job of loading `path`; one whose name no file can have has failed already."""
    try:
        name = os.fsencode(path)
    except ValueError:
        name = b""
    job = Job(True, name, side, max_pixels)
    if not 0 < len(name) <= LONGEST_PATH:
        job.result = ImageError("cannot be read: no file can have this name")
    return job


def _first(
    waiting: deque[tuple[Path, Job]], team: list[Worker]
) -> tuple[Path, NDArray[np.uint8] | ImageError]:
    """Return the oldest path with its result, as soon as there is one."""
    path, job = waiting.popleft()
    while job.result is None:
        _wait(team)
    return path, _array(job.result)


def _array(result: Pixels | ImageError) -> NDArray[np.uint8] | ImageError:
    """Return pixels as an array (H, W, 3), and an error as it is."""
    if isinstance(result, ImageError):
        return result
    return np.frombuffer(result.body, np.uint8).reshape(result.height, result.width, 3)


def _wait(team: list[Worker]) -> None:
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
def _team() -> Iterator[list[Worker]]:
    """Lend a list that workers can be put into; those still at work afterwards are ended."""
    team: list[Worker] = []
    try:
        yield team
    finally:
        for worker in team:
            give_back(worker)


def _least_busy(team: list[Worker], most: int) -> Worker:
    """Return the worker with the fewest jobs, a further one as long as there may be `most`."""
    worker = min(team, key=lambda worker: len(worker.jobs), default=None)
    if worker is None or (worker.jobs and len(team) < most):
        team.append(worker := take_idle() or Worker())
    return worker
