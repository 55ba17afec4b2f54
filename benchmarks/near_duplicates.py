"""How much do near-duplicates on both sides of a split flatter the score?

Cross-validates the default network twice: with near-duplicates kept in one fold, and with each
photo on its own, as in random splits. The two ways give different folds, so part of the difference
is chance.

    python -m benchmarks.near_duplicates --dataset PHOTOS
"""

import sys
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks import photos
from pyimagesearch import console
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.evaluation import cross_validation
from pyimagesearch.evaluation.cross_validation import Folds
from pyimagesearch.evaluation.report import mean_and_spread
from pyimagesearch.scoring import metrics
from pyimagesearch.training.recipe import Recipe
from train import build_model

SPLITS = ("together", "apart")


def predict_correctly(data: Dataset, folds: Folds, recipe: Recipe) -> NDArray[np.bool_]:
    """Return for each photo whether a network not trained on it gives exactly its labels, (N,)."""
    predictions = cross_validation.predict_folds(build_model, data, folds, recipe)
    correct = np.zeros(len(data.inputs), np.bool_)
    for name, indices in folds.items():
        expected = data.targets[indices] > 0
        correct[indices] = (predictions[name].predicted == expected).all(axis=1)
    return correct


def main() -> None:
    """Cross-validate and print a line for each way to split."""
    parser = photos.make_parser(__doc__)
    parser.add_argument("--splits", nargs="+", default=SPLITS, choices=SPLITS)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    together, recipe = photos.load(
        options.dataset, options.seed, options.epochs, weights=options.weights
    )
    apart = replace(together, duplicate_groups=np.arange(len(together.inputs)))
    has_duplicate = np.bincount(together.duplicate_groups)[together.duplicate_groups] > 1

    for name in options.splits:
        data = together if name == "together" else apart
        folds = cross_validation.make_folds(data, options.folds, options.seed)
        correct = predict_correctly(data, folds, recipe)
        exact = [float(correct[indices].mean()) for indices in folds.values()]
        low, high = metrics.bootstrap_interval(correct, options.seed)
        print(
            f"near-duplicates {name}: exact match {mean_and_spread(exact)} over {options.folds} "
            f"folds, 95 % interval {low:.3f} to {high:.3f}; of the {has_duplicate.sum()} photos "
            f"with a near-duplicate {correct[has_duplicate].mean():.3f}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(console.run(main))
