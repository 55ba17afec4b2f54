"""How long until the network is as good as the 2018 recipe's, and until it is on disk?

For each seed, one after the other: train.py, the 2018 recipe and the same network in PyTorch, each
a cold process from photos to files, on the same near-duplicate-safe split, train.py's own. Then
what share of the machine's matrix multiplication the training step attains.

    python -m benchmarks.time_to_accuracy --dataset PHOTOS [--seeds 3] [--epochs 75] [--short 10]
"""

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median

EPOCH = re.compile(r"epoch \d+/\d+ .* exact match (\d\.\d+)")
GOOD = 0.95
RECIPE = "2018 recipe"


@dataclass(frozen=True)
class Training:
    """One training, as its parent process saw it."""

    what: str
    seconds: float
    cpu_seconds: float
    megabytes: float
    epochs: list[tuple[float, float]]  # seconds since the start of the process, exact match
    exact_match: float  # of what was saved

    def reached(self, exact_match: float) -> float | None:
        """Return the seconds until an epoch first scored `exact_match`, None where none did."""
        return next((time for time, score in self.epochs if score >= exact_match), None)


def score_of(line: str) -> float | None:
    """Return the exact match in an epoch's line, in words or in JSON."""
    if line.startswith("{"):
        # The 2018 network is predictions by its likeliest two labels, which suits it best.
        row = json.loads(line)
        return round(float(row.get("exact_match_top_two", row["exact_match"])), 3)
    found = EPOCH.match(line)
    return float(found[1]) if found else None


def train(what: str, keeps_best: bool, *command: object) -> Training:
    """Run a training and read its epochs as they come; raises where it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    epochs, lines = [], []
    for line in process.stdout:
        lines.append(line)
        if (score := score_of(line)) is not None:
            epochs.append((time.perf_counter() - start, score))
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit("".join(lines[-20:]))
    scores = [score for _, score in epochs]
    return Training(
        what,
        seconds,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10),
        epochs,
        max(scores) if keeps_best else scores[-1],
    )


def compare(dataset: Path, seed: int, epochs_2018: int, short: int) -> list[Training]:
    """Train in every way with one seed, each from photos to files."""
    trainings = []
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        held = root / "validation.txt"

        def ours(what: str, *more: object) -> Training:
            # A new cache each time: decoding is part of it.
            out = root / what
            files = ("-m", out / "m", "-l", out / "l", "-p", out / "p", "--cache", out / "cache")
            out.mkdir()
            return train(what, True, "train.py", "-d", dataset, "--seed", seed, *files, *more)

        trainings.append(ours("train.py"))
        record = json.loads((root / "train.py" / "metrics.json").read_text())
        held.write_text("\n".join(record["validation_photos"]))
        trainings.append(ours(f"train.py --epochs {short}", "--epochs", short))
        same = ("--dataset", dataset, "--validation", held, "--seed", seed, "--output", root)
        if find_spec("torch"):
            module = "benchmarks.recipe_torch"
            trainings.append(train("PyTorch, the same network", True, "-m", module, *same))
        if epochs_2018:
            more = ("--epochs", epochs_2018)
            module = "benchmarks.recipe_2018"
            trainings.append(train(RECIPE, False, "-m", module, *same, *more))
    return trainings


def in_words(seconds: float | None) -> str:
    """Return a time as a cell."""
    return "never" if seconds is None else f"{seconds:.0f} s"


def goal_of(trainings: list[Training]) -> float:
    """Return what the 2018 recipe, the last of them, ends with; without it, what all reach."""
    if trainings[-1].what == RECIPE:
        return trainings[-1].exact_match
    return min(training.exact_match for training in trainings)


def print_seed(seed: int, trainings: list[Training]) -> None:
    """Print a row a training."""
    goal = goal_of(trainings)
    print(f"\nseed {seed}: {'':20} in all   cpu-s  peak MB  exact  to {goal:.3f}  to {GOOD}")
    for one in trainings:
        reached = in_words(one.reached(goal)), in_words(one.reached(GOOD))
        print(
            f"{one.what:28} {one.seconds:6.0f} s {one.cpu_seconds:7.0f} {one.megabytes:8.0f} "
            f"{one.exact_match:6.3f} {reached[0]:>9} {reached[1]:>8}",
            flush=True,
        )


def print_summary(seeds: list[list[Training]]) -> None:
    """Print for each way the median and the range over the seeds, beside the last, the recipe.

    How much sooner: until the files are on disk, and until an epoch first scored what the 2018
    recipe ends with, and `GOOD`. The recipe, too, scores it for the first time before it ends.
    """
    print(f"\n{len(seeds)} seeds: median (range), and how many times sooner than the last row")
    print(f"{'':28} {'in all':>22} {'exact match':>22} {'its last score':>24} {GOOD:>24}")
    for ways in zip(*seeds, strict=True):
        whole = [seed[-1].seconds / way.seconds for seed, way in zip(seeds, ways, strict=True)]
        to_goal = [
            sooner(way, seed[-1], goal_of(seed)) for seed, way in zip(seeds, ways, strict=True)
        ]
        to_good = [sooner(way, seed[-1], GOOD) for seed, way in zip(seeds, ways, strict=True)]
        print(
            f"{ways[0].what:28} {spread([way.seconds for way in ways], '.0f')} s"
            f" {median(whole):4.1f} x {spread([way.exact_match for way in ways], '.3f'):>22}"
            f" {spread(to_goal, '.1f'):>22} x {spread(to_good, '.1f'):>22} x"
        )


def sooner(one: Training, other: Training, exact_match: float) -> float:
    """Return how many times sooner `one` first scored that: 0 if never, nan if `other` never."""
    return (other.reached(exact_match) or math.nan) / (one.reached(exact_match) or math.inf)


def spread(values: list[float], form: str) -> str:
    """Return the median of `values` and their range."""
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def main() -> None:
    """Train with every seed, then measure the training step."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=75, help="of the 2018 recipe; 0: without")
    parser.add_argument("--short", type=int, default=10, help="epochs of a shorter train.py")
    options = parser.parse_args()
    every = []
    for seed in range(42, 42 + options.seeds):
        trainings = compare(options.dataset, seed, options.epochs, options.short)
        print_seed(seed, trainings)
        every.append(trainings)
    print_summary(every)
    print(flush=True)
    step = (sys.executable, "-m", "benchmarks.training_step", "--dataset", options.dataset)
    subprocess.run(list(map(str, step)), stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    main()
