"""From probabilities to tags."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.label_groups import LabelGroup

DEFAULT = 0.5
# In a group the labels compete, and nearly every image has one of them: the best need only stand
# out from chance.
IN_GROUP = 0.2


def default_thresholds(groups: Sequence[LabelGroup], classes: Sequence[str]) -> NDArray[np.float64]:
    """Return (L,) thresholds in the label order `classes`."""
    grouped = {label for group in groups for label in group.labels}
    return np.array([IN_GROUP if label in grouped else DEFAULT for label in classes])


def decide(
    probabilities: NDArray[np.floating],
    thresholds: NDArray[np.floating],
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
) -> NDArray[np.bool_]:
    """Return (N, L) booleans: which labels count.

    `probabilities` is (N, L), `thresholds` (L,), both in the label order `classes`. A label
    counts where its probability reaches its threshold; within a group only the best may.
    """
    counts: NDArray[np.bool_] = probabilities >= thresholds
    for group in groups:
        columns = [list(classes).index(label) for label in group.labels]
        best = np.argmax(probabilities[:, columns], axis=1)
        counts[:, columns] &= np.arange(len(columns)) == best[:, None]
    return counts
