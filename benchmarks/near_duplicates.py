"""How much near-duplicates on both sides of a split flatter the score.

Cross-validates the default network with near-duplicates kept together and with each photo on its
own, as random splits have it. The folds are other folds, so part of the difference is chance.

    python -m benchmarks.near_duplicates --dataset PHOTOS
"""

import argparse
from pathlib import Path

import numpy as np

from benchmarks import photos
from pyimagesearch.console import silence_native_libraries
from pyimagesearch.evaluation import cross_validation
from pyimagesearch.evaluation.report import mean_and_spread
from pyimagesearch.scoring import metrics

SPLITS = ("together", "apart")


def main() -> None:
    """Cross-validate and print a line for each way to split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--splits", nargs="+", default=SPLITS, choices=SPLITS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="instead of the architecture's own")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    silence_native_libraries()
    data, together, recipe = photos.prepare(options.dataset, options.seed, options.epochs)
    has_twin = np.bincount(together)[together] > 1

    for name in options.splits:
        duplicate_groups = together if name == "together" else np.arange(len(together))
        parts = cross_validation.folds(data, duplicate_groups, options.folds, options.seed)
        predictions = cross_validation.judge(data, parts, duplicate_groups, recipe)
        right = np.zeros(len(together), np.bool_)
        for part, one in zip(parts.values(), predictions, strict=True):
            right[part] = (one.predicted == (data.targets[part] > 0)).all(axis=1)
        exact = [float(right[part].mean()) for part in parts.values()]
        low, high = metrics.bootstrap_interval(right, options.seed)
        print(
            f"near-duplicates {name}: exact match {mean_and_spread(exact)} over {options.folds} "
            f"folds, 95 % interval {low:.3f} to {high:.3f}; of the {has_twin.sum()} photos with a "
            f"near-duplicate {right[has_twin].mean():.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
