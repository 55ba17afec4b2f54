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
        # The 2018 network is judged by its likeliest two labels, which suits it best.
        row = json.loads(line)
        return float(row.get("exact_match_top_two", row["exact_match"]))
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
            trainings.append(train("2018 recipe", False, "-m", module, *same, *more))
    return trainings


def in_words(seconds: float | None) -> str:
    """Return a time as a cell."""
    return "never" if seconds is None else f"{seconds:.0f} s"


def print_seed(seed: int, trainings: list[Training]) -> None:
    """Print a row a training; the goal is what the last one, the 2018 recipe, ends with."""
    goal = trainings[-1].exact_match
    print(f"\nseed {seed}: {'':20} in all   cpu-s  peak MB  exact  to {goal:.3f}  to {GOOD}")
    for one in trainings:
        reached = in_words(one.reached(goal)), in_words(one.reached(GOOD))
        print(
            f"{one.what:28} {one.seconds:6.0f} s {one.cpu_seconds:7.0f} {one.megabytes:8.0f} "
            f"{one.exact_match:6.3f} {reached[0]:>9} {reached[1]:>8}",
            flush=True,
        )


def print_summary(seeds: list[list[Training]]) -> None:
    """Print medians over the seeds, and how often each way fits into the 2018 recipe's time.

    The recipe keeps its last epoch, so it has what it ends with when it ends; the others have as
    much as soon as an epoch scores it.
    """
    recipes = [trainings[-1] for trainings in seeds]
    print(f"\nmedian of {len(seeds)} seeds (range){'':8} in all {'':14} exact {'':9} to the same")
    for ways in zip(*seeds, strict=True):
        seconds = [way.seconds for way in ways]
        scores = [way.exact_match for way in ways]
        whole = [old.seconds / way.seconds for old, way in zip(recipes, ways, strict=True)]
        until = [
            old.seconds / (way.reached(old.exact_match) or math.inf)
            for old, way in zip(recipes, ways, strict=True)
        ]
        print(
            f"{ways[0].what:28} {median(seconds):4.0f} s ({min(seconds):.0f}-{max(seconds):.0f})"
            f" {median(whole):5.1f} x   {median(scores):.3f} ({min(scores):.3f}-{max(scores):.3f})"
            f" {median(until):6.1f} x ({min(until):.1f}-{max(until):.1f})"
        )


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
