"""What the commands print of a data set and of a run, in plain text."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import escaped
from pyimagesearch.labels import Sample, count_labels, count_labelsets
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring.metrics import Scores
from pyimagesearch.training.history import EpochMetrics

COMBINATIONS = 30  # shown one by one


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return `rows` under `header` in aligned columns, the first to the left, others right."""
    cells = [[escaped(str(cell)) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in cells
    )


def describe_samples(
    samples: Sequence[Sample], groups: Sequence[LabelGroup], units: str = "photos"
) -> str:
    """Return the labels with their counts, the commonest combinations with theirs, and the groups.

    `units` is what is counted: photos, or the rows of a table.
    """
    labels = sorted(count_labels(samples).items())
    counts = count_labelsets(samples)
    combinations = [
        (" + ".join(names) or "(no label)", count)
        for names, count in sorted(counts.most_common(COMBINATIONS))
    ]
    if more := len(counts) - len(combinations):
        left = len(samples) - sum(count for _, count in combinations)
        combinations.append((f"({more} rarer combinations)", left))
    parts = [table(("label", units), labels), table(("combination", units), combinations)]
    if groups:
        lines = [f"{group.name}: one of {', '.join(group.labels)}" for group in groups]
        parts.append("\n".join(map(escaped, lines)))
    return "\n\n".join(parts)


def near_duplicates(
    samples: Sequence[Sample], duplicate_groups: NDArray[np.integer]
) -> list[tuple[Path, ...]]:
    """Return the paths of each cluster (N,) of two samples or more."""
    paths = defaultdict(list)
    for sample, cluster in zip(samples, duplicate_groups.tolist(), strict=True):
        paths[cluster].append(sample.path)
    return [tuple(alike) for alike in paths.values() if len(alike) > 1]


def describe_duplicates(duplicate_groups: NDArray[np.integer]) -> str:
    """Return how many of the photos in `duplicate_groups` (N,) are near-duplicates."""
    sizes = np.bincount(duplicate_groups)
    if len(sizes) == len(duplicate_groups):
        return "no near-duplicates"
    return (
        f"{len(duplicate_groups) - len(sizes)} near-duplicates of {(sizes > 1).sum()} photos; those of "
        "one photo stay on one side of the split (--list-duplicates names them)"
    )


def mean_and_spread(values: Sequence[float]) -> str:
    """Return the mean of `values` and, of two or more, their standard deviation."""
    spread = f"{stdev(values):.3f}" if len(values) > 1 else "-"
    return f"{mean(values):.3f} +- {spread}"


def describe_epoch(epoch: EpochMetrics, of: int) -> str:
    """Return in one line what one epoch of a run did."""
    return (
        f"epoch {epoch.number}/{of}  {epoch.seconds:.1f} s  "
        f"loss {epoch.loss:.3f}  validation loss {epoch.validation_loss:.3f}  "
        f"exact match {epoch.validation_exact_match:.3f}  "
        f"per label {epoch.validation_label_accuracy:.3f}"
    )


def describe_scores(scores: Scores, units: str = "photos") -> str:
    """Return every score beside that of a tagger that says nothing, then those of each label.

    `units` is what was scored: photos, or the rows of a table.
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
            f"exact match {scores.overall['exact match']:.3f}, all labels right; 95 % interval "
            f"{low:.3f} to {high:.3f}, {scores.images} {units}, {scores.untagged} without tags",
            "",
            table(("score", "this", "says nothing"), rows),
            "",
            table(("label", units, "precision", "recall", "F1", "AP"), per_label),
        )
    )


def _number(value: float) -> str:
    """Return a score as text; nan is one that nothing can be said of."""
    return "-" if np.isnan(value) else f"{value:.3f}"
