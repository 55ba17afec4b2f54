"""Measure how long things take."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

Work = Callable[[], object]


def timed(work: Work) -> float:
    """Return the wall seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """Return the wall seconds of each work in each of `rounds`.

    The works take turns, so that whatever else slows the machine down slows all of them down.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            seconds[name].append(timed(work))
    return seconds


def median_and_range(values: Sequence[float], form: str) -> str:
    """Return `values` as text, each formatted by `form`: "0.37 (0.32-0.41)"."""
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"
