"""Scores of multi-label decisions; `decided` and `targets` are (N, L), booleans or 0 and 1."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def exact_match(decided: ArrayLike, targets: ArrayLike) -> float:
    """Return the share of images whose labels are all right (subset accuracy)."""
    return float(_agree(decided, targets).all(axis=1).mean())


def label_accuracy(decided: ArrayLike, targets: ArrayLike) -> float:
    """Return the share of single label decisions that are right (1 - Hamming loss).

    It flatters: of two labels in six, a tagger that never says anything gets 0.667.
    """
    return float(_agree(decided, targets).mean())


def _agree(decided: ArrayLike, targets: ArrayLike) -> NDArray[np.bool_]:
    agree: NDArray[np.bool_] = np.asarray(decided, bool) == np.asarray(targets, bool)
    return agree
