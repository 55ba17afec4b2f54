"""From probabilities to tags: thresholds, and how they are chosen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.labels.groups import LabelGroup

DEFAULT = 0.5
# The labels of a group compete, and nearly every image has one of them: the best one only has to be
# better than chance.
IN_GROUP = 0.2
# With fewer validation images the best threshold is an accident, and the default is kept.
FEWEST = 10
CANDIDATES = np.arange(5, 96) / 100


def default_thresholds(groups: Sequence[LabelGroup], classes: Sequence[str]) -> NDArray[np.float64]:
    """Return (L,) thresholds in the label order `classes`."""
    grouped = {label for group in groups for label in group.labels}
    return np.array([IN_GROUP if label in grouped else DEFAULT for label in classes])


def choose(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.floating],
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
) -> NDArray[np.float64]:
    """Return the thresholds (L,) that are best on validation images, (N, L) each.

    A label outside groups gets the threshold with the highest F1 (Lipton, Elkan, Naryanaswamy 2014,
    "Optimal thresholding of classifiers to maximize F1 measure"). The labels of a group, of which
    only the best one can apply, share the threshold that gets most images right: F1 would choose
    too high a threshold, because an empty answer costs it less than a wrong label, but both lose
    the exact match. Of equally good thresholds the one nearest to the default is taken. If fewer
    than ten validation images have the labels, the default is kept.
    """
    chosen = default_thresholds(groups, classes)
    for columns in label_blocks(groups, classes):
        true = targets[:, columns] > 0
        if true.sum() < FEWEST:
            continue
        rows, best = np.arange(len(true)), probabilities[:, columns].argmax(axis=1)
        has_tag = probabilities[:, columns][rows, best] >= CANDIDATES[:, None]  # (candidates, N)
        right = has_tag & true[rows, best]
        if len(columns) > 1:
            gain = (right | ~(has_tag | true.any(axis=1))).mean(axis=1)
        else:
            gain = 2 * right.sum(axis=1) / (has_tag.sum(axis=1) + true.sum())
        equal = CANDIDATES[np.isclose(gain, gain.max())]
        chosen[columns] = equal[np.argmin(np.abs(equal - chosen[columns[0]]))]
    return chosen


def label_blocks(groups: Sequence[LabelGroup], classes: Sequence[str]) -> list[list[int]]:
    """Return the columns of each group, then each label outside groups on its own."""
    place = {label: column for column, label in enumerate(classes)}
    columns = [[place[label] for label in group.labels] for group in groups]
    grouped = {column for group in columns for column in group}
    return columns + [[column] for column in range(len(classes)) if column not in grouped]


def apply_thresholds(
    probabilities: NDArray[np.floating],
    thresholds: NDArray[np.floating],
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
) -> NDArray[np.bool_]:
    """Return (N, L) booleans: which labels apply.

    `probabilities` is (N, L), `thresholds` (L,), both in the label order `classes`. A label applies
    if its probability reaches its threshold; within a group only the most likely label can apply.
    """
    applies: NDArray[np.bool_] = probabilities >= thresholds
    for columns in label_blocks(groups, classes):
        best = np.argmax(probabilities[:, columns], axis=1)
        applies[:, columns] &= np.arange(len(columns)) == best[:, None]
    return applies
