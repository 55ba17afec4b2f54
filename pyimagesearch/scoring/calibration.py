"""Calibrated probabilities: one temperature for each label group, or label outside groups."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring.thresholds import FEWEST, label_blocks

CANDIDATES = np.geomspace(0.25, 8, 141)
_SMALLEST = 2.0**-24  # a float32 probability is no nearer to 1


def logits(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the logits of sigmoid `probabilities`, within -16.6 and 16.6."""
    inside = np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside) - np.log1p(-inside))


def choose_temperatures(
    probabilities: NDArray[np.floating],
    targets: NDArray[np.floating],
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
) -> NDArray[np.float64]:
    """Return (L,) what to divide the logits by, chosen on validation images, (N, L) each.

    The temperature with the lowest cross-entropy is taken (Guo, Pleiss, Sun, Weinberger 2017, "On
    calibration of modern neural networks", https://arxiv.org/abs/1706.04599). The targets are
    smoothed as in Platt 1999, "Probabilistic outputs for support vector machines", because a few
    images without a mistake do not justify 100 %. The labels of a group share one temperature, so
    that its best label stays the best; labels on fewer than ten images keep 1.
    """
    chosen = np.ones(len(classes))
    for columns in label_blocks(groups, classes):
        true = targets[:, columns] > 0
        positives = true.sum()
        if positives >= FEWEST:
            negatives = true.size - positives
            truth = np.where(true, (positives + 1) / (positives + 2), 1 / (negatives + 2))
            uncalibrated = logits(probabilities[:, columns])
            losses = [
                (
                    np.logaddexp(0, uncalibrated / candidate) - truth * uncalibrated / candidate
                ).mean()
                for candidate in CANDIDATES
            ]
            chosen[columns] = CANDIDATES[np.argmin(losses)]
    return chosen


def calibrate(
    probabilities: NDArray[np.float32], temperatures: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return (N, L) probabilities with their logits divided by `temperatures` (L,)."""
    cooled = 1 / (1 + np.exp(-logits(probabilities) / temperatures))
    return np.where(temperatures == 1, probabilities, cooled).astype(np.float32)
