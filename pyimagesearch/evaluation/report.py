"""What the commands print about a data set and about a run, in plain text."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console
from pyimagesearch.console import escaped
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.labels.samples import Sample, count_labels, count_labelsets
from pyimagesearch.scoring.metrics import Scores
from pyimagesearch.training.history import EpochMetrics, kept_epoch
from pyimagesearch.training.recipe import Recipe

if TYPE_CHECKING:
    from pyimagesearch.training.calibrate import Trained

LABELSETS = 30  # shown one by one


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return `rows` under `header` in aligned columns, the first to the left, others right."""
    cells = [[escaped(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in cells
    )


def describe_samples(
    samples: Sequence[Sample], groups: Sequence[LabelGroup], unit: str = "photos"
) -> str:
    """Return how often each label and each of the most common combinations occurs, and the groups.

    `unit` is what is counted: photos, or the rows of a table.
    """
    labels = sorted(count_labels(samples).items())
    counts = count_labelsets(samples)
    labelsets = [
        (" + ".join(names) or "(no label)", count)
        for names, count in sorted(counts.most_common(LABELSETS))
    ]
    if more := len(counts) - len(labelsets):
        left = len(samples) - sum(count for _, count in labelsets)
        labelsets.append((f"({more} rarer combinations)", left))
    parts = [table(("label", unit), labels), table(("combination", unit), labelsets)]
    if groups:
        lines = [f"{group.name}: one of {', '.join(group.labels)}" for group in groups]
        parts.append("\n".join(map(escaped, lines)))
    return "\n\n".join(parts)


def duplicate_paths(
    samples: Sequence[Sample], duplicate_groups: NDArray[np.integer]
) -> list[tuple[Path, ...]]:
    """Return the paths of each duplicate group, (N,) numbers, of two samples or more."""
    paths = defaultdict(list)
    for sample, group in zip(samples, duplicate_groups.tolist(), strict=True):
        paths[group].append(sample.path)
    return [tuple(alike) for alike in paths.values() if len(alike) > 1]


def describe_duplicates(duplicate_groups: NDArray[np.integer]) -> str:
    """Return how many photos are near-duplicates; `duplicate_groups` are (N,) numbers."""
    sizes = np.bincount(duplicate_groups)
    if len(sizes) == len(duplicate_groups):
        return "no near-duplicates"
    return (
        f"{len(duplicate_groups) - len(sizes)} near-duplicates of {(sizes > 1).sum()} photos; all "
        "copies of a photo stay on one side of the split (--list-duplicates prints them)"
    )


def describe_training(data: Dataset, recipe: Recipe) -> str:
    """Return in one line which network is trained on what."""
    size = f"{recipe.image_size} x {recipe.image_size} pixels"
    if data.feature_names:
        size = f"{len(data.feature_names)} features"
    network = recipe.backbone or recipe.architecture
    return (
        f"training {network} on {len(data.training)} {data.unit} of {size}; "
        f"{len(data.validation)} others are held out for validation"
    )


class EpochPrinter:
    """Prints one line after each epoch."""

    def __init__(self, epochs: int) -> None:
        """`epochs` is how many there will be."""
        self.epochs = epochs

    def __call__(self, epoch: EpochMetrics) -> None:
        """Print the scores of an epoch to stderr."""
        console.status(
            f"epoch {epoch.number}/{self.epochs}  {epoch.seconds:.1f} s  "
            f"loss {epoch.loss:.3f}  validation loss {epoch.validation_loss:.3f}  "
            f"exact match {epoch.validation_exact_match:.3f}  "
            f"per label {epoch.validation_label_accuracy:.3f}"
        )


def describe_validation(scores: Scores, data: Dataset, recipe: Recipe, trained: "Trained") -> str:
    """Return the scores on inputs that were not trained on, and how these were used."""
    if len(trained.indices) > len(data.validation):
        title = (
            f"Cross-validation: each of {scores.images} {data.unit} was predicted by a network not "
            "trained on it; they were used to choose the thresholds; the saved model is trained on "
            "all of them"
        )
    elif recipe.backbone:
        title = (
            f"Validation set: {scores.images} {data.unit}, not trained on, but used to choose the "
            "thresholds"
        )
    else:
        title = (
            f"Validation set: {scores.images} {data.unit}, not trained on, but used to pick the "
            f"best epoch ({kept_epoch(trained.history, recipe).number}) and the thresholds"
        )
    return f"{title}\n{describe_scores(scores, data.unit)}"


def describe_scores(scores: Scores, unit: str = "photos") -> str:
    """Return every score next to that of a tagger without tags, then the scores of each label.

    `unit` is what was scored: photos, or the rows of a table.
    """
    rows = [
        (name, _number(value), _number(scores.baseline.get(name, np.nan)))
        for name, value in scores.overall.items()
    ]
    per_label = [
        (
            one.label,
            one.support,
            *map(_number, (one.precision, one.recall, one.f1, one.average_precision)),
        )
        for one in scores.labels
    ]
    low, high = scores.interval
    return "\n".join(
        (
            f"Exact match (all labels of a photo right): {scores.overall['exact match']:.3f}, 95 % "
            f"interval {low:.3f} to {high:.3f}; {scores.images} {unit}, {scores.untagged} without "
            "tags",
            "",
            table(("score", "model", "baseline (no tags)"), rows),
            "",
            table(("label", unit, "precision", "recall", "F1", "AP"), per_label),
        )
    )


def mean_and_spread(values: Sequence[float]) -> str:
    """Return the mean of `values` and, if there are two or more, their standard deviation."""
    spread = f"{stdev(values):.3f}" if len(values) > 1 else "-"
    return f"{mean(values):.3f} +- {spread}"


def _number(value: float) -> str:
    """Return a score as text; nan means that it cannot be computed."""
    return "-" if np.isnan(value) else f"{value:.3f}"
