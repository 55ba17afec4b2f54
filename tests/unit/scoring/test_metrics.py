import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, hamming_loss

from pyimagesearch.scoring import metrics

TARGETS = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0]])
DECIDED = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
# Thresholded at 0.5 these are DECIDED.
PROBABILITIES = np.array([[0.9, 0.1, 0.8], [0.2, 0.7, 0.6], [0.8, 0.4, 0.5], [0.3, 0.2, 0.1]])
CLASSES = ("red", "dress", "shirt")


def scores() -> metrics.Scores:
    return metrics.score(PROBABILITIES, DECIDED, TARGETS, CLASSES)


def test_exact_match_counts_images_with_all_labels_right() -> None:
    assert metrics.exact_match(DECIDED, TARGETS) == 2 / 4
    assert metrics.exact_match(DECIDED, TARGETS) == accuracy_score(TARGETS, DECIDED)


def test_label_accuracy_counts_single_decisions() -> None:
    assert metrics.label_accuracy(DECIDED, TARGETS) == 9 / 12
    assert metrics.label_accuracy(DECIDED, TARGETS) == 1 - hamming_loss(TARGETS, DECIDED)


def test_saying_nothing_about_two_labels_in_six_is_two_thirds_right_per_label() -> None:
    targets = np.tile([1, 0, 0, 1, 0, 0], (10, 1))
    assert metrics.label_accuracy(np.zeros_like(targets), targets) == pytest.approx(2 / 3)
    assert metrics.exact_match(np.zeros_like(targets), targets) == 0


def test_each_overall_score_is_the_one_worked_by_hand() -> None:
    # Five labels are true; red is found twice of twice, dress once of twice, and shirt, true
    # once, is said three times. By probability red is ranked perfectly, so is dress, shirt too.
    # Ranking: image 3 has the false shirt above the true dress; image 4 has no true label.
    assert scores().overall == pytest.approx(
        {
            "exact match": 2 / 4,
            "per label": 9 / 12,
            "mAP": 1.0,
            "micro F1": 2 * 4 / (2 * 4 + 2 + 1),
            "macro F1": (1 + 2 / 3 + 1 / 2) / 3,
            "Hamming loss": 3 / 12,
            "ranking loss": (0 + 0 + 1 / 2 + 0) / 4,
            "label ranking AP": (1 + 1 + (1 + 2 / 3) / 2 + 1) / 4,
            "coverage": (2 + 1 + 3 + 0) / 4,
            "calibration error": (0.2 + 0.4 + 0.3 + 0.6 + 0.5 + 0.6 + 0.3 + 0.4 + 0.1) / 12,
            "Brier score": np.mean((PROBABILITIES - TARGETS) ** 2),
        }
    )


def error_of_curve(said: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    true, stated = calibration_curve(truth, said, n_bins=10)
    counts, _ = np.histogram(said, 10, (0, 1))
    return float(np.average(np.abs(true - stated), weights=counts[counts > 0]))


def test_each_overall_score_is_scikit_learns() -> None:
    draw = np.random.default_rng(0)
    targets = draw.random((80, 5)) < 0.4
    probabilities = np.clip(0.3 * targets + draw.random((80, 5)), 0, 1)
    predicted = probabilities > 0.6
    sk = sklearn_metrics
    assert metrics.score(probabilities, predicted, targets, "abcde").overall == pytest.approx(
        {
            "exact match": sk.accuracy_score(targets, predicted),
            "per label": 1 - sk.hamming_loss(targets, predicted),
            "mAP": sk.average_precision_score(targets, probabilities, average="macro"),
            "micro F1": sk.f1_score(targets, predicted, average="micro"),
            "macro F1": sk.f1_score(targets, predicted, average="macro"),
            "Hamming loss": sk.hamming_loss(targets, predicted),
            "ranking loss": sk.label_ranking_loss(targets, probabilities),
            "label ranking AP": sk.label_ranking_average_precision_score(targets, probabilities),
            "coverage": sk.coverage_error(targets, probabilities),
            "calibration error": error_of_curve(probabilities.ravel(), targets.ravel()),
            "Brier score": sk.brier_score_loss(targets.ravel(), probabilities.ravel()),
        }
    )


def test_each_label_is_scored_on_its_own() -> None:
    rows = [(s.support, s.precision, s.recall, s.f1, s.average_precision) for s in scores().labels]
    assert [one.label for one in scores().labels] == ["red", "dress", "shirt"]
    assert rows[0] == pytest.approx((2, 1, 1, 1, 1))
    assert rows[1] == pytest.approx((2, 1, 1 / 2, 2 / 3, 1))
    assert rows[2] == pytest.approx((1, 1 / 3, 1, 1 / 2, 1))


def test_the_scores_of_each_label_are_scikit_learns() -> None:
    draw = np.random.default_rng(1)
    targets = draw.random((80, 3)) < 0.4
    probabilities = np.clip(0.3 * targets + draw.random((80, 3)), 0, 1)
    predicted = probabilities > 0.6
    columns = metrics.label_scores(probabilities, predicted, targets, CLASSES)
    for one, truth, said, ranked in zip(
        columns, targets.T, predicted.T, probabilities.T, strict=True
    ):
        assert (one.support, one.precision, one.recall, one.f1, one.average_precision) == (
            pytest.approx(
                (
                    truth.sum(),
                    sklearn_metrics.precision_score(truth, said),
                    sklearn_metrics.recall_score(truth, said),
                    sklearn_metrics.f1_score(truth, said),
                    sklearn_metrics.average_precision_score(truth, ranked),
                )
            )
        )


def test_average_precision_falls_where_others_are_likelier() -> None:
    # True at places 1 and 3 of four: (1/1 + 2/3) / 2.
    ranked = np.array([[0.9], [0.8], [0.7], [0.6]])
    truth = np.array([[1], [0], [1], [0]], bool)
    assert metrics.average_precisions(ranked, truth)[0] == pytest.approx((1 + 2 / 3) / 2)


def test_the_baseline_says_nothing() -> None:
    baseline = scores().baseline
    assert baseline["exact match"] == 1 / 4  # the image without labels
    assert baseline["per label"] == 7 / 12
    assert baseline["mAP"] == pytest.approx((2 / 4 + 2 / 4 + 1 / 4) / 3)
    assert baseline["micro F1"] == baseline["macro F1"] == 0


def test_a_label_on_no_image_does_not_count_in_means_and_warns_of_nothing() -> None:
    nowhere = np.zeros((4, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        more = metrics.score(
            np.hstack([PROBABILITIES, nowhere]),
            np.hstack([DECIDED, nowhere]),
            np.hstack([TARGETS, nowhere]),
            (*CLASSES, "hat"),
        )
        nothing = metrics.score(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3)), CLASSES)
    for name in ("exact match", "mAP", "macro F1", "micro F1"):
        assert more.overall[name] == pytest.approx(scores().overall[name])
    assert np.isnan(more.labels[3].average_precision)
    assert nothing.overall["exact match"] == 1
    assert np.isnan(nothing.overall["mAP"])


def test_the_interval_holds_the_truth_about_nineteen_times_in_twenty() -> None:
    draw = np.random.default_rng(0)
    holds = 0
    for seed in range(100):
        low, high = metrics.bootstrap_interval(draw.random(200) < 0.9, seed)
        holds += low <= 0.9 <= high
    assert 88 <= holds <= 99


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(50) % 3 > 0
    assert metrics.bootstrap_interval(values, 1) == metrics.bootstrap_interval(values, 1)


def test_calibration_error_is_how_far_said_and_true_are_apart_by_tenths() -> None:
    # Said 0.9 of four, true of three: 0.15 off; said 0.2 of one, not true: 0.2 off.
    said = np.array([[0.9], [0.9], [0.9], [0.9], [0.2]])
    truth = np.array([[1], [1], [1], [0], [0]])
    assert metrics.calibration_error(said, truth) == pytest.approx((4 * 0.15 + 1 * 0.2) / 5)
    assert metrics.calibration_error(truth, truth) == 0


def test_brier_score_is_the_mean_squared_error_and_scikit_learns() -> None:
    said, truth = np.array([[0.9, 0.4]]), np.array([[1, 0]])
    assert metrics.brier_score(said, truth) == pytest.approx((0.1**2 + 0.4**2) / 2)
    assert metrics.brier_score(said, truth) == pytest.approx(
        sklearn_metrics.brier_score_loss(truth.ravel(), said.ravel())
    )
