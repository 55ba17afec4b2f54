"""Do two workers give the result of a single process, and what do they cost?

Trains and tags with a single process and with two workers on this machine, and prints

- how much the weights differ after a few steps of the network for feature tables, which has no
  batch normalisation that would magnify rounding errors,
- whether the tags of a folder of photos are the same, row by row,
- the validation scores of whole trainings on photos,

with the seconds of each. The seconds for 64 photos show how long Ray takes to start. The folder
holds hard links to the photos, again and again.

    python -m benchmarks.cluster --dataset PHOTOS [--count 20000] [--seeds 42]
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyarrow import parquet

from benchmarks.photos import paths_of
from benchmarks.processes import (
    copy_for_keras,
    link_photos,
    model_flags,
    output_flags,
    run,
    temporary_folder,
)
from benchmarks.timing import timed
from pyimagesearch import console

# What each of the two ways adds to a command.
WAYS: dict[str, tuple[object, ...]] = {"one process": (), "two workers": ("--workers", 2)}
ROWS, FEATURES = 400, 20
EPOCHS, STEPS, BATCH = 2, 26, 25  # so that the workers' shards of a batch differ in size


def write_table(path: Path) -> None:
    """Write a feature table with two labels."""
    draw = np.random.default_rng(0)
    features = draw.normal(size=(ROWS, FEATURES))
    targets = np.stack([features[:, 0] > 0, features[:, 1] > 0.5], axis=1)
    names = [*(f"feature_{number}" for number in range(FEATURES)), "red", "big"]
    kinds = ["%.6f"] * FEATURES + ["%d"] * 2
    rows = np.hstack([features, targets])
    np.savetxt(path, rows, delimiter=",", header=",".join(names), comments="", fmt=kinds)


def train(folder: Path, *flags: object) -> float:
    """Train into `folder`, which is made, and return the wall seconds of the process."""
    folder.mkdir()
    return timed(lambda: run("train.py", *output_flags(folder), *flags))


def load_weights(folder: Path) -> list[np.ndarray]:
    """Return the weights of the model in `folder`."""
    import keras

    model = keras.saving.load_model(copy_for_keras(folder), compile=False)
    weights: list[np.ndarray] = model.get_weights()
    return weights


def compare_weights(root: Path) -> None:
    """Print the largest difference between the weights after training on a feature table."""
    write_table(root / "table.csv")
    table = ("--dataset", root / "table.csv", "--label-columns", "red,big")
    flags = (*table, "--batch-size", BATCH, "--epochs", EPOCHS)
    folders = [root / f"table-{way}" for way in WAYS]
    seconds = [
        train(folder, *flags, *more) for folder, more in zip(folders, WAYS.values(), strict=True)
    ]
    one, two = map(load_weights, folders)
    difference = max(float(np.abs(a - b).max()) for a, b in zip(one, two, strict=True))
    print(
        f"feature table, {STEPS} steps: the weights differ by at most {difference:.1e}; "
        f"one process {seconds[0]:.1f} s, two workers {seconds[1]:.1f} s",
        flush=True,
    )


def exact_match(folder: Path) -> float:
    """Return the validation score of a run."""
    record = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    return float(record["scores"]["overall"]["exact match"])


def compare_scores(root: Path, dataset: Path, seeds: Sequence[int]) -> None:
    """Print the validation scores of whole trainings."""
    for seed in seeds:
        for way, more in WAYS.items():
            folder = root / f"{seed}-{way}"
            seconds = train(folder, "--dataset", dataset, "--seed", seed, *more)
            print(
                f"seed {seed}, {way}: exact match {exact_match(folder):.3f}, {seconds:.0f} s",
                flush=True,
            )


def compare_tags(root: Path, photos: Sequence[Path], count: int, model: Path) -> None:
    """Print how many of the rows for `count` photos are the same, and the seconds of both ways."""
    folder = root / f"photos-{count}"
    link_photos(photos, folder, count)
    command = ("classify.py", *model_flags(model), "--image", folder)
    output, lines = root / f"tags-{count}.parquet", list[str]()
    one = timed(lambda: lines.extend(run(*command, "--json").splitlines()))
    two = timed(lambda: run(*command, *WAYS["two workers"], "--output", output))
    pairs = list(zip(map(json.loads, lines), parquet.read_table(output).to_pylist(), strict=True))
    same = [
        (row["image"], row["tags"]) == (other["image"], other.get("tags")) for other, row in pairs
    ]
    difference = max(
        abs(row["probabilities"][label] - probability)
        for other, row in pairs
        for label, probability in other.get("probabilities", {}).items()
    )
    print(
        f"{count} photos: {sum(same)} of {len(same)} rows have the same tags in the same order, "
        f"probabilities differ by at most {difference:.1e}; one process {one:.1f} s "
        f"({count / one:.0f} photos/s), two workers {two:.1f} s ({count / two:.0f} photos/s)",
        flush=True,
    )


def main() -> None:
    """Print a line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True, help="folder of labelled photos")
    parser.add_argument("--count", type=int, default=20_000, help="photos to tag")
    parser.add_argument("--seeds", type=int, nargs="*", default=[42], help="of whole trainings")
    options = parser.parse_args()
    with temporary_folder() as root:
        compare_weights(root)
        photos = paths_of(options.dataset)
        model = root / "model"
        train(model, "--dataset", "dataset", "--epochs", 1)
        for count in (64, options.count):
            compare_tags(root, photos, count, model)
        compare_scores(root, options.dataset, options.seeds)


if __name__ == "__main__":
    sys.exit(console.run(main))
