"""Thousands of damaged files go through the decoder processes: each is decoded or refused.

`make fuzz` runs it at full size.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.pictures.mutate import FORMATS, good_files, mutated

from pyimagesearch.images import pool, processes
from pyimagesearch.images.decoder import ImageError

MAX_PIXELS = 1_000_000
FEW, MANY = 150, 20_000
SLOTS = 64  # files on the disk at a time; fewer are being decoded


def damaged_files(form: str, count: int, seed: int, folder: Path) -> Iterator[Path]:
    """Yield damaged files of one format; each is overwritten long after it was decoded."""
    good = good_files()
    of_form = [data for name, data in good.items() if name.startswith(form)]
    rng = random.Random(f"{form} {seed}")
    for number in range(count):
        path = folder / f"{number % SLOTS}"
        path.write_bytes(mutated(rng.choice(of_form), rng.choice(list(good.values())), rng))
        yield path


def peak_memory() -> int:
    """Return the peak memory, in MB, of the idle decoder process that had most."""
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
    """Decode `count` damaged files and count the outcomes; files that end a process are kept."""
    processes.stop()
    outcomes: Counter[str] = Counter()
    for path, result in pool.load_many(damaged_files(form, count, seed, folder), 32, MAX_PIXELS):
        if not isinstance(result, ImageError):
            assert result.shape == (32, 32, 3)
            outcomes["decoded"] += 1
            continue
        reason = str(result)
        assert reason
        assert "\n" not in reason
        ended_process = reason.startswith(("crashed", "takes longer"))
        outcomes[reason if ended_process else "refused"] += 1
        if ended_process:
            path.rename(folder / f"killer-{outcomes.total()}.{form}")
    print(f"\n{form}: {dict(outcomes)}, peak {peak_memory()} MB", end=" ")
    assert outcomes.total() == count
    return outcomes


@pytest.mark.parametrize("form", FORMATS)
def test_damaged_files_are_decoded_or_refused_and_no_process_dies(
    form: str, tmp_path: Path
) -> None:
    outcomes = fuzz(form, FEW, 1, tmp_path)
    assert set(outcomes) == {"decoded", "refused"}


@pytest.mark.soak
@pytest.mark.parametrize("form", FORMATS)
def test_20_000_damaged_files_per_format_are_decoded_or_refused_and_no_process_dies(
    form: str, tmp_path: Path
) -> None:
    outcomes = fuzz(form, MANY, 2, tmp_path)
    assert set(outcomes) == {"decoded", "refused"}
