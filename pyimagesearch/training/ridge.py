"""Linear heads in closed form: ridge regression whose strength is chosen by leave-one-out errors.

One eigendecomposition gives the weights for every strength and every label, and with them the exact
predictions for each row by the weights that would result without it (Hoerl and Kennard 1970; for
the leave-one-out formula, Hastie, Tibshirani and Friedman 2009, "The Elements of Statistical
Learning", section 7.10). On these predictions the scores are turned into logits. There is no seed,
no schedule and nothing to tune, from five photos per label to hundreds of thousands.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from pyimagesearch.training.spectrum import chunks, principal_axes

STRENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SLOPE_PENALTY = 1e-3  # keeps the logits finite if the labels are separated perfectly

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LinearHead:
    """Weights of L labels on rows of length D."""

    kernel: NDArray[np.float32]  # (D, L)
    bias: NDArray[np.float32]  # (L,)
    left_out: NDArray[np.float32]  # (N, L), logits of each training row by weights without it


def fit_linear_head(
    rows: NDArray[Any], targets: NDArray[np.float32], duplicate_groups: NDArray[np.integer]
) -> LinearHead:
    """Return the head for `rows` (N, D) and multi-hot `targets` (N, L).

    Rows that share a number in `duplicate_groups` (N,) are left out together.
    """
    mean, values, axes = principal_axes(rows)
    centred = targets.astype(np.float64) - targets.mean(axis=0)
    # In the basis of the principal axes everything is diagonal.
    rotated = np.concatenate([(chunk - mean) @ axes for chunk in chunks(rows)])
    moments = rotated.T @ centred  # (K, L)
    groups = _larger_groups(duplicate_groups)

    best = np.full(targets.shape[1], np.inf)
    kernel, left_out = np.zeros_like(moments), np.zeros(targets.shape)
    for strength in STRENGTHS:
        weights = moments / (values + strength)[:, None]
        predicted = _leave_out(rotated, centred, weights, values + strength, groups)
        errors = np.square(predicted - centred).mean(axis=0)
        is_better = errors < best
        best[is_better] = errors[is_better]
        kernel[:, is_better], left_out[:, is_better] = (
            weights[:, is_better],
            predicted[:, is_better],
        )

    slope, offset = _to_logits(left_out, targets)
    kernel = axes @ kernel * slope
    return LinearHead(
        kernel.astype(np.float32),
        (offset - mean @ kernel).astype(np.float32),
        (left_out * slope + offset).astype(np.float32),
    )


def _leave_out(
    rotated: Floats, centred: Floats, weights: Floats, scale: Floats, groups: list[NDArray[np.intp]]
) -> Floats:
    """Return what each row would be predicted without it, or without its group."""
    count = len(rotated)
    fitted = rotated @ weights
    residual = centred - fitted
    leverage = 1 / count + (np.square(rotated) / scale).sum(axis=1)
    predicted: Floats = centred - residual / np.maximum(1 - leverage, 1e-6)[:, None]
    for group in groups:
        hat = rotated[group] / scale @ rotated[group].T + 1 / count
        predicted[group] = centred[group] - np.linalg.solve(
            np.eye(len(group)) - hat, residual[group]
        )
    return predicted


def _larger_groups(duplicate_groups: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    """Return the indices of each group of two rows or more."""
    order = np.argsort(duplicate_groups, kind="stable")
    starts = np.flatnonzero(np.diff(duplicate_groups[order])) + 1
    return [group for group in np.split(order, starts) if len(group) > 1]


def _to_logits(scores: Floats, targets: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return slope and offset (L,) that turn scores (N, L) into logits.

    Platt 1999, "Probabilistic outputs for support vector machines", with his smoothed targets.
    """
    slopes, offsets = np.ones(scores.shape[1]), np.zeros(scores.shape[1])
    for column, (score, has_label) in enumerate(zip(scores.T, targets.T > 0, strict=True)):
        positives = has_label.sum()
        truth = np.where(
            has_label, (positives + 1) / (positives + 2), 1 / (len(score) - positives + 2)
        )

        def objective(
            line: Floats, score: Floats = score, truth: Floats = truth
        ) -> tuple[float, Floats]:
            logits = line[0] * score + line[1]
            loss = (np.logaddexp(0, logits) - truth * logits).mean()
            residual = 1 / (1 + np.exp(-logits)) - truth
            slope = (residual * score).mean() + 2 * SLOPE_PENALTY * line[0] / 100
            return loss + SLOPE_PENALTY * line[0] ** 2 / 100, np.array([slope, residual.mean()])

        found = minimize(objective, np.array([10.0, 0.0]), jac=True, method="L-BFGS-B")
        # A score that is no better than chance must not be turned around.
        slopes[column], offsets[column] = max(found.x[0], 1e-3), found.x[1]
    return slopes, offsets
