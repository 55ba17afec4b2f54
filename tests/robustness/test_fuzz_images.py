"""Thousands of files gone wrong, through the processes that decode: each decoded or named.

`make fuzz` runs it at full size.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pictures.mutate import FORMATS, good_files, mutated

from pyimagesearch.images import pool, processes
from pyimagesearch.images.decoder import ImageError

MAX_PIXELS = 1_000_000
FEW, MANY = 150, 20_000
MAX_SECONDS = 10.0  # for one file, on a busy machine
SLOTS = 64  # files on the disk at a time; fewer are under way


def bad_files(form: str, count: int, seed: int, folder: Path) -> Iterator[Path]:
    """Yield files of one format gone wrong; each is overwritten when it is long forgotten."""
    good = good_files()
    of_form = [data for name, data in good.items() if name.startswith(form)]
    rng = random.Random(f"{form} {seed}")
    for number in range(count):
        path = folder / f"{number % SLOTS}"
        path.write_bytes(mutated(rng.choice(of_form), rng.choice(list(good.values())), rng))
        yield path


def peak_memory() -> int:
    """Return the most MB that one of the idle decoding processes has had."""
    peaks = [
        int(found[1])
        for status in Path("/proc").glob("[0-9]*/status")
        if (text := read(status)) and f"PPid:\t{Path('/proc/self').resolve().name}\n" in text
        if (found := re.search(r"VmHWM:\s+(\d+) kB", text))
    ]
    return max(peaks, default=0) // 1024


def read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # a process that ended meanwhile
        return ""


def fuzz(form: str, count: int, seed: int, folder: Path) -> Counter[str]:
    """Decode `count` bad files and return how many came to what end; those that kill are kept."""
    processes.stop()
    ends: Counter[str] = Counter()
    slowest, before = 0.0, time.monotonic()
    for path, result in pool.load_many(bad_files(form, count, seed, folder), 32, MAX_PIXELS):
        now = time.monotonic()
        slowest, before = max(slowest, now - before), now
        if not isinstance(result, ImageError):
            assert result.shape == (32, 32, 3)
            ends["decoded"] += 1
            continue
        reason = str(result)
        assert reason
        assert "\n" not in reason
        has_died = reason.startswith(("crashed", "takes longer"))
        ends[reason if has_died else "refused"] += 1
        if has_died:
            path.rename(folder / f"killer-{sum(ends.values())}.{form}")
    print(f"\n{form}: {dict(ends)}, slowest {slowest:.2f} s, peak {peak_memory()} MB", end=" ")
    assert sum(ends.values()) == count
    assert slowest < MAX_SECONDS
    return ends


@pytest.mark.parametrize("form", FORMATS)
def test_bad_files_are_decoded_or_refused_and_no_process_dies(form: str, tmp_path: Path) -> None:
    ends = fuzz(form, FEW, 1, tmp_path)
    assert set(ends) == {"decoded", "refused"}


@pytest.mark.soak
@pytest.mark.parametrize("form", FORMATS)
def test_20_000_bad_files_a_format_are_decoded_or_refused_and_no_process_dies(
    form: str, tmp_path: Path
) -> None:
    ends = fuzz(form, MANY, 2, tmp_path)
    assert set(ends) == {"decoded", "refused"}
