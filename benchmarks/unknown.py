"""Are photos of something unknown told apart from known ones?

A fifth of the photos is held out. They are compared with noise, gradients, blank pages, drawn
logos, faces, landscapes and shoes, pieces of the sample photos of scikit-learn and matplotlib, and
with garments that a second network never saw (--leave-out). For each kind the table gives the
AUROC, the fraction that is taken for known at the threshold that 95 % of the known photos reach
(FPR at 95 % TPR), and the fraction that the tagger rejects.

    python -m benchmarks.unknown --dataset PHOTOS
"""

import sys
from collections.abc import Sequence

import numpy as np

from benchmarks import photos, unknown_images
from benchmarks.unknown_images import Images
from pyimagesearch import console
from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.data.splits import Indices
from pyimagesearch.evaluation.cross_validation import FoldResult, cross_val_predict
from pyimagesearch.evaluation.report import table
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.rejection import joint_energy
from pyimagesearch.tagger import Tagger
from pyimagesearch.training.recipe import Recipe
from train import build_model

HEADER = ("unknown", "n", "AUROC", "FPR at 95 % TPR", "rejected")
Row = tuple[str, int, str, str, str]


def compare(name: str, tagger: Tagger, known: Images, unknown: Images) -> Row:
    """Return the row of the table for one kind of unknown images."""
    from sklearn.metrics import roc_auc_score

    of_known, of_unknown = (
        joint_energy(tagger.predict(images).uncalibrated) for images in (known, unknown)
    )
    is_known = np.repeat([1, 0], [len(known), len(unknown)])
    return (
        name,
        len(unknown),
        f"{roc_auc_score(is_known, np.concatenate([of_known, of_unknown])):.3f}",
        f"{(of_unknown >= np.quantile(of_known, 0.05)).mean():.2f}",
        f"{(of_unknown < tagger.config.energy_threshold).mean():.2f}",
    )


def compare_drawn(data: Dataset, result: FoldResult, recipe: Recipe) -> list[Row]:
    """Return the rows for drawn images and pieces of sample photos."""
    known = np.asarray(data.inputs[result.indices], np.uint8)
    return [
        compare(name, result.tagger, known, images)
        for name, images in unknown_images.kinds(recipe.image_size, recipe.seed)
    ]


def compare_left_out(
    data: Dataset, fold: Indices, labels: Sequence[str], recipe: Recipe
) -> list[Row]:
    """Return a row for each of `labels`: its photos, and a network that never saw one of them."""
    rows = []
    for label in labels:
        has_label = data.targets[:, data.classes.index(label)] > 0
        held_out = np.union1d(fold, np.flatnonzero(has_label))
        (result,) = cross_val_predict(build_model, data, [held_out], recipe)
        known = np.asarray(data.inputs[fold[~has_label[fold]]], np.uint8)
        unknown = np.asarray(data.inputs[has_label], np.uint8)
        rows.append(compare(f"{label}, never seen", result.tagger, known, unknown))
    return rows


def describe_known(data: Dataset, result: FoldResult) -> str:
    """Return how many of the known photos are rejected, and what that costs."""
    images, targets = data.inputs[result.indices], data.targets[result.indices]
    energies = joint_energy(result.predictions.uncalibrated)
    rejected = (energies < result.tagger.config.energy_threshold).mean()
    with_rejection, without = (
        metrics.exact_match(tagger.predict(images).predicted, targets)
        for tagger in (result.tagger, photos.without_rejection(result.tagger))
    )
    return (
        f"{len(targets)} known photos, held out: {rejected:.3f} are rejected; exact match "
        f"{with_rejection:.3f}, without rejection {without:.3f}"
    )


def main() -> None:
    """Train, predict, and print the table."""
    parser = photos.make_parser(__doc__)
    parser.add_argument("--leave-out", nargs="*", default=["jeans"], metavar="LABEL")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data, recipe = photos.load(
        options.dataset, options.seed, options.epochs, weights=options.weights
    )
    fold = splits.stratified_folds(data.labelsets, data.duplicate_groups, 5, options.seed)[0]

    (result,) = cross_val_predict(build_model, data, [fold], recipe)
    rows = compare_drawn(data, result, recipe)
    rows += compare_left_out(data, fold, options.leave_out, recipe)
    print(table(HEADER, rows))
    print(describe_known(data, result))


if __name__ == "__main__":
    sys.exit(console.run(main))
