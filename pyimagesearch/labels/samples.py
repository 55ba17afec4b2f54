"""Labelled photos, and how often each label occurs among them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Sample:
    """One image file, or a row of a table as table:row, and its labels, sorted.

    `split` is the part of the data set it belongs to, if the data says so.
    """

    path: Path
    labels: tuple[str, ...]
    split: Split | None = None


def count_labels(samples: Sequence[Sample]) -> Counter[str]:
    """Return how many samples carry each label."""
    return Counter(label for sample in samples for label in sample.labels)


def count_labelsets(samples: Sequence[Sample]) -> Counter[tuple[str, ...]]:
    """Return how many samples carry each set of labels."""
    return Counter(sample.labels for sample in samples)
