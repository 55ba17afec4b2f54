"""What a training run learns from: inputs, targets, and which of them are held out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.data.splits import Indices, Labelset, stratified_split
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.labels.samples import Sample

Floats = NDArray[np.float32]
# Images, uint8 RGB (N, S, S, 3); what a frozen backbone made of photos, (N,) rows of
# training.features; or the features of a table, float32 (N, F).
Inputs = NDArray[Any]


def no_indices() -> Indices:
    """Return an empty array of indices."""
    return np.zeros(0, np.intp)


@dataclass(frozen=True)
class Dataset:
    """N labelled inputs; `split` says which of them train and which are held out."""

    inputs: Inputs
    targets: Floats  # (N, L), multi-hot
    classes: Sequence[str]  # the L labels, in the order of the binarizer
    groups: Sequence[LabelGroup]
    duplicate_groups: Indices  # (N,), a number that near-duplicates share
    training: Indices = field(default_factory=no_indices)
    validation: Indices = field(default_factory=no_indices)
    samples: Sequence[Sample] = ()
    feature_names: Sequence[str] = ()  # the F columns of a feature table; empty for images

    @property
    def unit(self) -> str:
        """What the inputs are called in messages."""
        return "rows" if self.feature_names else "photos"

    @cached_property
    def labelsets(self) -> list[Labelset]:
        """The labels of each input, sorted."""
        names = np.array(self.classes, object)
        return [tuple(sorted(names[row > 0])) for row in self.targets]


def split(data: Dataset, fraction: float, seed: int) -> Dataset:
    """Return `data` with about `fraction` of the inputs held out for validation.

    Each labelset is split in the same proportion, and near-duplicates stay on one side. If the
    samples say which are held out, that split is used; test photos are neither trained on nor
    held out then. Raises CommandError if one side would be empty.
    """
    given = np.array([sample.split or "" for sample in data.samples])
    if (given == "train").any():
        is_held_out = given == ("validation" if (given == "validation").any() else "test")
        return replace(
            data,
            training=np.flatnonzero(given == "train"),
            validation=np.flatnonzero(is_held_out),
        )
    training, validation = stratified_split(data.labelsets, data.duplicate_groups, fraction, seed)
    return replace(data, training=training, validation=validation)
