"""Runs killed at random moments leave nothing broken, and the last run completes the folder."""

import csv
import hashlib
import random
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from support.web.fetching import gather
from support.web.local_web import Handler, LocalWeb, fork_server, local_web, photo, reply
from tqdm import tqdm

from pyimagesearch.gather import provenance
from pyimagesearch.gather.fetch import Limits
from pyimagesearch.gather.identify import inspect

KILLS = 20
PHOTOS = 120


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as served:
        yield served


def run(path: Path, urls: list[str], ready: Connection | None = None) -> None:
    # tqdm's own lock is shared between processes, and killed ones leave it lying about.
    tqdm.set_lock(threading.RLock())
    if ready:
        inspect(photo(0))  # a decoder takes as long to start as many photos to come
        ready.send(True)
    gather(path, urls, limits=Limits(parallel=4, per_host=4))


def check(path: Path) -> int:
    """Assert that the folder is sound and return the number of photos."""
    if not path.exists():
        return 0
    files = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    names = {entry.name for entry in files if entry.name != provenance.NAME}
    for name in names:
        inspect((path / name).read_bytes())
    if not (path / provenance.NAME).exists():
        assert not names
        return 0
    with (path / provenance.NAME).open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, strict=True))
    assert all(None not in row and None not in row.values() for row in rows)
    listed = {row["file"]: row["sha256"] for row in rows}
    assert names <= listed.keys()
    for name in names:
        assert hashlib.sha256((path / name).read_bytes()).hexdigest() == listed[name]
    return len(names)


@pytest.mark.slow
def test_20_kills_leave_only_whole_photos_and_a_readable_table(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = [web.url(f"/{seed}") for seed in range(PHOTOS)]
    bodies = [photo(seed) for seed in range(PHOTOS)]

    def not_at_once(handler: Handler) -> None:
        time.sleep(0.02)
        reply(handler, bodies[int(handler.path[1:])])

    web.routes.update({f"/{seed}": not_at_once for seed in range(PHOTOS)})
    moments = random.Random(6)
    folder = tmp_path / "photos" / "q"
    counts = [0]
    killed_at_work = 0
    for _ in range(KILLS):
        here, there = fork_server().Pipe()
        process = fork_server().Process(target=run, args=(folder, urls, there))
        process.start()
        assert here.poll(30)
        # Counted in photos asked for, not in seconds alone: a busy machine gets as far.
        progress = len(web.asked) + moments.randrange(20)
        give_up = time.monotonic() + 10
        while len(web.asked) < progress and process.is_alive() and time.monotonic() < give_up:
            time.sleep(0.001)
        process.join(moments.uniform(0.0, 0.03))
        killed_at_work += process.is_alive()
        process.kill()
        process.join()
        counts.append(check(folder))
    assert counts == sorted(counts)  # nothing is ever lost
    assert killed_at_work >= KILLS // 2
    run(folder, urls)
    assert check(folder) == PHOTOS
    rows = provenance.read(folder / provenance.NAME).rows
    assert [one.state for one in rows] == [provenance.PRESENT] * PHOTOS
    assert not list(folder.glob(".*unfinished*"))
    assert counts[-1] > 0
