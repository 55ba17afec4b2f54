"""Scores of multi-label predictions and probabilities, from scikit-learn if it has them.

`predicted` and `targets` are (N, L), booleans or 0 and 1; `probabilities` (N, L).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000


@dataclass(frozen=True)
class LabelScores:
    """The scores of one label; nan if it cannot be computed, as for a label that no image has."""

    label: str
    support: int  # images that have it
    precision: float
    recall: float
    f1: float
    average_precision: float


@dataclass(frozen=True)
class Scores:
    """All scores of N images: `overall` by name, and `baseline`, those of a tagger without tags."""

    images: int
    untagged: int  # how many of them got no tags
    overall: dict[str, float]
    baseline: dict[str, float]
    interval: tuple[float, float]  # 95 % of exact match
    labels: tuple[LabelScores, ...]


def score(
    probabilities: ArrayLike,
    predicted: ArrayLike,
    targets: ArrayLike,
    classes: Sequence[str],
    seed: int = 0,
    uncalibrated: ArrayLike | None = None,
) -> Scores:
    """Return every score of N images, N at least 1.

    `seed` is for the resamples of the bootstrap. `uncalibrated` (N, L) are the probabilities before
    calibration; given them, the scores say how much calibration changed.
    """
    ranked, tagged = np.asarray(probabilities, np.float64), np.asarray(predicted, bool)
    truth = np.asarray(targets, bool)
    right = _agree(tagged, truth).all(axis=1)
    before = {}
    if uncalibrated is not None:
        before["calibration error before"] = calibration_error(uncalibrated, truth)
        before["Brier score before"] = brier_score(uncalibrated, truth)
    return Scores(
        len(truth),
        int((~tagged.any(axis=1)).sum()),
        overall_scores(ranked, tagged, truth) | before,
        overall_scores(np.zeros_like(ranked), np.zeros_like(tagged), truth),
        bootstrap_interval(right, seed),
        tuple(label_scores(ranked, tagged, truth, classes)),
    )


def overall_scores(
    probabilities: NDArray[np.float64], predicted: NDArray[np.bool_], targets: NDArray[np.bool_]
) -> dict[str, float]:
    """Return the scores over all labels by name.

    Means over labels (mAP, macro F1) are over those that some image has. Coverage is how many of
    the most likely labels have to be read to find all true ones; for coverage and ranking loss,
    lower is better (Tsoumakas, Katakis, Vlahavas 2010, "Mining multi-label data").
    """
    from sklearn import metrics

    carried = np.flatnonzero(targets.any(axis=0))
    f1 = {
        kind: metrics.f1_score(targets, predicted, average=kind, labels=carried, zero_division=0.0)
        if len(carried)
        else np.nan
        for kind in ("micro", "macro")
    }
    scores = {
        "exact match": exact_match(predicted, targets),
        "per label": label_accuracy(predicted, targets),
        "mAP": mean_average_precision(probabilities, targets),
        "micro F1": f1["micro"],
        "macro F1": f1["macro"],
        "Hamming loss": metrics.hamming_loss(targets, predicted),
        "ranking loss": metrics.label_ranking_loss(targets, probabilities),
        "label ranking AP": metrics.label_ranking_average_precision_score(targets, probabilities),
        "coverage": metrics.coverage_error(targets, probabilities),
        "calibration error": calibration_error(probabilities, targets),
        "Brier score": brier_score(probabilities, targets),
    }
    return {name: float(value) for name, value in scores.items()}


def label_scores(
    probabilities: NDArray[np.float64],
    predicted: NDArray[np.bool_],
    targets: NDArray[np.bool_],
    classes: Sequence[str],
) -> list[LabelScores]:
    """Return the scores of each label, in the label order `classes`."""
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        targets, predicted, average=None, labels=range(len(classes)), zero_division=np.nan
    )
    precision, recall, f1, support = (column.tolist() for column in columns)
    ranked = average_precisions(probabilities, targets).tolist()
    rows = zip(classes, support, precision, recall, f1, ranked, strict=True)
    return [LabelScores(label, int(count), *scores) for label, count, *scores in rows]


def mean_average_precision(probabilities: ArrayLike, targets: ArrayLike) -> float:
    """Return the mean average precision (mAP) over the labels that some image has, nan if none."""
    by_label = average_precisions(np.asarray(probabilities), np.asarray(targets, bool))
    carried = by_label[~np.isnan(by_label)]
    return float(carried.mean()) if len(carried) else np.nan


def average_precisions(
    probabilities: NDArray[np.floating], targets: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (L,) the average precision of each label, nan if no image has it."""
    from sklearn.metrics import average_precision_score

    columns = zip(targets.T, probabilities.T, strict=True)
    return np.array(
        [average_precision_score(*column) if column[0].any() else np.nan for column in columns]
    )


def exact_match(predicted: ArrayLike, targets: ArrayLike) -> float:
    """Return the fraction of images whose labels are all right (subset accuracy)."""
    return float(_agree(predicted, targets).all(axis=1).mean())


def label_accuracy(predicted: ArrayLike, targets: ArrayLike) -> float:
    """Return the fraction of single label decisions that are right (1 - Hamming loss).

    It is too optimistic: with two of six labels on each image, a tagger without tags gets 0.667.
    """
    return float(_agree(predicted, targets).mean())


def calibration_error(probabilities: ArrayLike, targets: ArrayLike) -> float:
    """Return the expected calibration error of all (image, label) decisions in ten equal bins.

    The mean distance between the predicted and the true frequency in a bin, weighted by its size:
    Naeini, Cooper, Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian
    binning".
    """
    predicted, truth = np.asarray(probabilities, np.float64), np.asarray(targets, np.float64)
    bins = np.minimum((predicted * 10).astype(int), 9).ravel()
    excess = np.bincount(bins, (predicted - truth).ravel(), minlength=10)
    return float(np.abs(excess).sum() / predicted.size)


def brier_score(probabilities: ArrayLike, targets: ArrayLike) -> float:
    """Return the mean squared difference of the probabilities from the truth (Brier 1950)."""
    error = np.asarray(probabilities, np.float64) - np.asarray(targets, np.float64)
    return float(np.square(error).mean())


def bootstrap_interval(values: ArrayLike, seed: int) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean of `values` (N,).

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13. It knows only the
    images it is given: if all are right, it is 1 to 1, however few they are.
    """
    sample = np.asarray(values, np.float64)
    draw = np.random.default_rng(seed)
    means = [draw.choice(sample, len(sample)).mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _agree(predicted: ArrayLike, targets: ArrayLike) -> NDArray[np.bool_]:
    agree: NDArray[np.bool_] = np.asarray(predicted, bool) == np.asarray(targets, bool)
    return agree
