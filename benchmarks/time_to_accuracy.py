"""How long does it take to train a network as good as the 2018 recipe's?

For each seed, one after the other: train.py, train.py with fewer epochs, the same network in
PyTorch, and the 2018 recipe. Each is a process of its own, timed from its start to its files on
disk, and all use the split of train.py, which keeps near-duplicates on one side. At the end
benchmarks.training_step shows how much of the machine's speed the training step attains.

    python -m benchmarks.time_to_accuracy --dataset PHOTOS [--seeds 3] [--epochs 75] [--short 10]
"""

import argparse
import json
import math
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from benchmarks import processes
from benchmarks.timing import median_and_range
from pyimagesearch import console

EPOCH = re.compile(r"epoch \d+/\d+ .* exact match (\d\.\d+)")
GOOD = 0.95
RECIPE = "2018 recipe"


@dataclass(frozen=True)
class Training:
    """One training, as its parent process saw it."""

    name: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    epochs: list[tuple[float, float]]  # seconds since the start of the process, exact match
    exact_match: float  # of the network that was saved

    def seconds_to(self, exact_match: float) -> float | None:
        """Return the seconds until an epoch first scored `exact_match`; None if none did."""
        return next((time for time, score in self.epochs if score >= exact_match), None)


def score_of(line: str) -> float | None:
    """Return the exact match in the line that a training prints for an epoch, as text or JSON."""
    if line.startswith("{"):
        # The 2018 network is scored by its two most likely labels, which suits it best.
        row = json.loads(line)
        return round(float(row.get("exact_match_top_two", row["exact_match"])), 3)
    found = EPOCH.match(line)
    return float(found[1]) if found else None


def train(name: str, keeps_best: bool, *command: object) -> Training:
    """Run a training and read its epochs as they are printed; raises CommandError if it fails."""
    start = time.perf_counter()
    process = processes.start(*command)
    assert process.stdout is not None
    epochs, printed = [], ""
    for line in process.stdout:
        printed = line
        if (score := score_of(line)) is not None:
            epochs.append((time.perf_counter() - start, score))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise processes.failure(command, printed)
    scores = [score for _, score in epochs]
    return Training(
        name,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / processes.MAXRSS_PER_MB,
        epochs,
        max(scores) if keeps_best else scores[-1],
    )


def compare(dataset: Path, seed: int, epochs_2018: int, short: int) -> list[Training]:
    """Train in every way with one seed, each from photos to files."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)

        def ours(folder: str, *more: object) -> tuple[object, ...]:
            (root / folder).mkdir()
            # A new cache each time, because decoding is part of it.
            flags = (*processes.output_flags(root / folder), "--cache", root / folder / "cache")
            return (
                "train.py",
                "--dataset",
                dataset,
                "--weights",
                "none",
                "--seed",
                seed,
                *flags,
                *more,
            )

        trainings = [train("train.py", True, *ours("long"))]
        record = json.loads((root / "long" / "metrics.json").read_text(encoding="utf-8"))
        validation = root / "validation.txt"
        validation.write_text("\n".join(record["validation_photos"]), encoding="utf-8")
        trainings.append(
            train(f"train.py --epochs {short}", True, *ours("short", "--epochs", short))
        )
        same = ("--dataset", dataset, "--validation", validation, "--seed", seed, "--output", root)
        if find_spec("torch"):
            module = "benchmarks.recipe_torch"
            trainings.append(train("PyTorch, the same network", True, "-m", module, *same))
        if epochs_2018:
            module = "benchmarks.recipe_2018"
            more = ("--epochs", epochs_2018)
            trainings.append(train(RECIPE, False, "-m", module, *same, *more))
    return trainings


def as_cell(seconds: float | None) -> str:
    """Return a time as the text of a table cell."""
    return "never" if seconds is None else f"{seconds:.0f} s"


def goal_of(trainings: list[Training]) -> float:
    """Return what the 2018 recipe, the last one, ends with; without it, what all reach."""
    if trainings[-1].name == RECIPE:
        return trainings[-1].exact_match
    return min(training.exact_match for training in trainings)


def print_seed(seed: int, trainings: list[Training]) -> None:
    """Print a row for each training."""
    goal = goal_of(trainings)
    print(f"\nseed {seed}: {'':20} in all   cpu-s  peak MB  exact  to {goal:.3f}  to {GOOD}")
    for one in trainings:
        to_goal, to_good = as_cell(one.seconds_to(goal)), as_cell(one.seconds_to(GOOD))
        print(
            f"{one.name:28} {one.seconds:6.0f} s {one.cpu_seconds:7.0f} {one.megabytes:8.0f} "
            f"{one.exact_match:6.3f} {to_goal:>9} {to_good:>8}",
            flush=True,
        )


def print_summary(seeds: list[list[Training]]) -> None:
    """Print median and range over the seeds, and how many times faster than the last training.

    The last training is the 2018 recipe. Compared are the times until the files are on disk, until
    an epoch first scored what the 2018 recipe ends with, and until one first scored `GOOD`. The
    2018 recipe itself may have scored as much before its last epoch.
    """
    print(f"\n{len(seeds)} seeds: median (range), and how many times faster than the last row")
    print(f"{'':28} {'in all':>22} {'exact match':>22} {'its last score':>24} {GOOD:>24}")
    for runs in zip(*seeds, strict=True):
        pairs = [(run, seed[-1], goal_of(seed)) for run, seed in zip(runs, seeds, strict=True)]
        whole = [last.seconds / run.seconds for run, last, _ in pairs]
        to_goal = [times_faster(run, last, goal) for run, last, goal in pairs]
        to_good = [times_faster(run, last, GOOD) for run, last, _ in pairs]
        print(
            f"{runs[0].name:28} {median_and_range([run.seconds for run in runs], '.0f')} s"
            f" {median(whole):4.1f} x"
            f" {median_and_range([run.exact_match for run in runs], '.3f'):>22}"
            f" {median_and_range(to_goal, '.1f'):>22} x {median_and_range(to_good, '.1f'):>22} x",
            flush=True,
        )


def times_faster(one: Training, other: Training, exact_match: float) -> float:
    """Return how many times faster `one` first scored that: 0 if never, nan if `other` never."""
    return (other.seconds_to(exact_match) or math.nan) / (one.seconds_to(exact_match) or math.inf)


def main() -> None:
    """Train with every seed, then measure the training step."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True, help="folder of labelled photos")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--epochs", type=int, default=75, help="of the 2018 recipe; 0: without it")
    parser.add_argument("--short", type=int, default=10, help="epochs of the shorter train.py")
    options = parser.parse_args()
    every = []
    for seed in range(42, 42 + options.seeds):
        trainings = compare(options.dataset, seed, options.epochs, options.short)
        print_seed(seed, trainings)
        every.append(trainings)
    print_summary(every)
    print(f"\n{processes.run('-m', 'benchmarks.training_step', '--dataset', options.dataset)}")


if __name__ == "__main__":
    sys.exit(console.run(main))
