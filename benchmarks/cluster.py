"""Do two workers end where one process ends, and what do they cost?

Trains and tags by one process and by two workers of this machine, and prints: how far the weights
are apart after a few steps of the network for feature tables, which has no batch normalisation that
would magnify what rounding leaves; whether the tags of a folder are the same, row for row; the
validation scores of whole trainings on photos; and the seconds of each, with those that Ray takes
for 64 photos. The folder holds hard links to the photos, again and again.

    python -m benchmarks.cluster --dataset PHOTOS [--count 20000] [--seeds 42]
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pyarrow import parquet

from benchmarks.tagging import PYTHON, link_folder, run, timed
from pyimagesearch.labels import read
from pyimagesearch.model_file.save_load import load_keras

PAIR = ("--workers", 2)
ROWS, FEATURES = 400, 20
STEPS, BATCH = 26, 25


def write_table(path: Path) -> None:
    """Write a feature table of two labels, its rows shared unevenly by two workers."""
    draw = np.random.default_rng(0)
    features = draw.normal(size=(ROWS, FEATURES))
    targets = np.stack([features[:, 0] > 0, features[:, 1] > 0.5], axis=1)
    names = [*(f"feature_{number}" for number in range(FEATURES)), "red", "big"]
    kinds = ["%.6f"] * FEATURES + ["%d"] * 2
    rows = np.hstack([features, targets])
    np.savetxt(path, rows, delimiter=",", header=",".join(names), comments="", fmt=kinds)


def train(folder: Path, *words: object) -> float:
    """Train into `folder` and return the wall seconds of the process."""
    folder.mkdir()
    files = ("-m", folder / "fashion.model", "-l", folder / "mlb.pickle", "-p", folder / "plot.png")
    return timed(lambda: run(PYTHON, "train.py", *files, *words))


def compare_weights(root: Path, name: str, *words: object) -> None:
    """Print the largest difference of any weight after a training by one and by two."""
    seconds = [train(root / f"{name}-{len(pair)}", *words, *pair) for pair in ((), PAIR)]
    one, two = (load_keras(root / f"{name}-{n}" / "fashion.model").get_weights() for n in (0, 2))
    apart = max(float(np.abs(a - b).max()) for a, b in zip(one, two, strict=True))
    print(
        f"{name:24} largest difference of a weight {apart:.1e}; "
        f"{seconds[0]:.1f} s by one process, {seconds[1]:.1f} s by two workers",
        flush=True,
    )


def exact_match(folder: Path) -> float:
    """Return the validation score of a run."""
    record = json.loads((folder / "metrics.json").read_text())
    return float(record["scores"]["overall"]["exact match"])


def compare_scores(root: Path, dataset: Path, seeds: Sequence[int]) -> None:
    """Print the validation scores of whole trainings by one and by two."""
    for seed in seeds:
        for pair in ((), PAIR):
            folder = root / f"whole-{seed}-{len(pair)}"
            seconds = train(folder, "-d", dataset, "--seed", seed, *pair)
            who = "two workers" if pair else "one process"
            print(f"seed {seed}, {who}: exact match {exact_match(folder):.3f}, {seconds:.0f} s")


def compare_tags(root: Path, photos: Sequence[Path], count: int, model: Path) -> None:
    """Print whether both ways write the same rows, and the seconds of each."""
    (folder := root / f"photos-{count}").mkdir()
    link_folder(photos, folder, count)
    words = ("-m", model / "fashion.model", "-l", model / "mlb.pickle", "-i", folder)
    output, lines = root / f"tags-{count}.parquet", list[str]()
    one = timed(lambda: lines.extend(run(PYTHON, "classify.py", *words, "--json").splitlines()))
    two = timed(lambda: run(PYTHON, "classify.py", *words, *PAIR, "--output", output))
    expected = [json.loads(line) for line in lines]
    rows = parquet.read_table(output).to_pylist()
    same = [
        (row["image"], row["tags"]) == (other["image"], other.get("tags"))
        for row, other in zip(rows, expected, strict=True)
    ]
    apart = max(
        abs(row["probabilities"][label] - probability)
        for row, other in zip(rows, expected, strict=True)
        for label, probability in other.get("probabilities", {}).items()
    )
    print(
        f"{count} photos: {sum(same)} of {len(same)} rows with the same tags in the same order, "
        f"probabilities at most {apart:.1e} apart; {one:.1f} s ({count / one:.0f} photos/s) by one "
        f"process, {two:.1f} s ({count / two:.0f} photos/s) by two workers",
        flush=True,
    )


def main() -> None:
    """Print one line a comparison."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--count", type=int, default=20_000, help="photos to tag")
    parser.add_argument("--seeds", type=int, nargs="*", default=[42], help="of whole trainings")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as name:
        root = Path(name)
        write_table(root / "table.csv")
        table = ("-d", root / "table.csv", "--label-columns", "red,big", "--batch-size", BATCH)
        compare_weights(root, f"tables, {STEPS} steps", *table, "--epochs", 2)
        photos = [sample.path for sample in read(options.dataset).samples]
        train(model := root / "model", "-d", "dataset", "--epochs", 1)
        for count in (64, options.count):
            compare_tags(root, photos, count, model)
        compare_scores(root, options.dataset, options.seeds)


if __name__ == "__main__":
    main()
