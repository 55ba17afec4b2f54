import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics
from sklearn.calibration import calibration_curve
from sklearn.metrics import accuracy_score, hamming_loss

from pyimagesearch.scoring import metrics

TARGETS = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0]])
PREDICTED = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0]])
# At a threshold of 0.5 these give PREDICTED.
PROBABILITIES = np.array([[0.9, 0.1, 0.8], [0.2, 0.7, 0.6], [0.8, 0.4, 0.5], [0.3, 0.2, 0.1]])
CLASSES = ("red", "dress", "shirt")


def scores() -> metrics.Scores:
    return metrics.score(PROBABILITIES, PREDICTED, TARGETS, CLASSES)


def test_exact_match_is_the_fraction_of_images_with_all_labels_right() -> None:
    assert metrics.exact_match(PREDICTED, TARGETS) == 2 / 4
    assert metrics.exact_match(PREDICTED, TARGETS) == accuracy_score(TARGETS, PREDICTED)


def test_label_accuracy_is_the_fraction_of_right_label_decisions() -> None:
    assert metrics.label_accuracy(PREDICTED, TARGETS) == 9 / 12
    assert metrics.label_accuracy(PREDICTED, TARGETS) == 1 - hamming_loss(TARGETS, PREDICTED)


def test_no_tags_at_all_are_two_thirds_right_per_label_if_two_of_six_labels_apply() -> None:
    targets = np.tile([1, 0, 0, 1, 0, 0], (10, 1))
    assert metrics.label_accuracy(np.zeros_like(targets), targets) == pytest.approx(2 / 3)
    assert metrics.exact_match(np.zeros_like(targets), targets) == 0


def test_each_overall_score_is_the_one_calculated_by_hand() -> None:
    # Five labels are true. Red is predicted for both images that have it, dress for one of two;
    # shirt is predicted three times but true once. The probabilities rank each label perfectly.
    # Ranking loss: image 3 has the false shirt above the true dress; image 4 has no label.
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


def error_of_curve(probabilities: NDArray[np.floating], truth: NDArray[np.bool_]) -> float:
    true, predicted = calibration_curve(truth, probabilities, n_bins=10)
    counts, _ = np.histogram(probabilities, 10, (0, 1))
    return float(np.average(np.abs(true - predicted), weights=counts[counts > 0]))


def test_each_overall_score_agrees_with_scikit_learn() -> None:
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


def test_each_label_is_scored_separately() -> None:
    rows = [(s.support, s.precision, s.recall, s.f1, s.average_precision) for s in scores().labels]
    assert [one.label for one in scores().labels] == ["red", "dress", "shirt"]
    assert rows[0] == pytest.approx((2, 1, 1, 1, 1))
    assert rows[1] == pytest.approx((2, 1, 1 / 2, 2 / 3, 1))
    assert rows[2] == pytest.approx((1, 1 / 3, 1, 1 / 2, 1))


def test_the_scores_of_each_label_agree_with_scikit_learn() -> None:
    draw = np.random.default_rng(1)
    targets = draw.random((80, 3)) < 0.4
    probabilities = np.clip(0.3 * targets + draw.random((80, 3)), 0, 1)
    predicted = probabilities > 0.6
    columns = metrics.label_scores(probabilities, predicted, targets, CLASSES)
    rows = zip(columns, targets.T, predicted.T, probabilities.T, strict=True)
    for one, truth, tagged, ranked in rows:
        assert (one.support, one.precision, one.recall, one.f1, one.average_precision) == (
            pytest.approx(
                (
                    truth.sum(),
                    sklearn_metrics.precision_score(truth, tagged),
                    sklearn_metrics.recall_score(truth, tagged),
                    sklearn_metrics.f1_score(truth, tagged),
                    sklearn_metrics.average_precision_score(truth, ranked),
                )
            )
        )


def test_average_precision_falls_if_images_without_the_label_rank_higher() -> None:
    # The label applies at ranks 1 and 3 of four: (1/1 + 2/3) / 2.
    ranked = np.array([[0.9], [0.8], [0.7], [0.6]])
    truth = np.array([[1], [0], [1], [0]], bool)
    assert metrics.average_precisions(ranked, truth)[0] == pytest.approx((1 + 2 / 3) / 2)


def test_the_baseline_has_no_tags() -> None:
    baseline = scores().baseline
    assert baseline["exact match"] == 1 / 4  # the image without labels
    assert baseline["per label"] == 7 / 12
    assert baseline["mAP"] == pytest.approx((2 / 4 + 2 / 4 + 1 / 4) / 3)
    assert baseline["micro F1"] == baseline["macro F1"] == 0


def test_a_label_that_no_image_has_is_left_out_of_means_without_a_warning() -> None:
    unused = np.zeros((4, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        more = metrics.score(
            np.hstack([PROBABILITIES, unused]),
            np.hstack([PREDICTED, unused]),
            np.hstack([TARGETS, unused]),
            (*CLASSES, "hat"),
        )
        nothing = metrics.score(np.zeros((2, 3)), np.zeros((2, 3)), np.zeros((2, 3)), CLASSES)
    for name in ("exact match", "mAP", "macro F1", "micro F1"):
        assert more.overall[name] == pytest.approx(scores().overall[name])
    assert np.isnan(more.labels[3].average_precision)
    assert nothing.overall["exact match"] == 1
    assert np.isnan(nothing.overall["mAP"])


def test_the_interval_contains_the_true_mean_about_nineteen_times_in_twenty() -> None:
    draw = np.random.default_rng(0)
    contained = 0
    for seed in range(60):
        low, high = metrics.bootstrap_interval(draw.random(200) < 0.9, seed)
        contained += low <= 0.9 <= high
    assert 52 <= contained <= 59


def test_the_same_seed_gives_the_same_interval() -> None:
    values = np.arange(50) % 3 > 0
    assert metrics.bootstrap_interval(values, 1) == metrics.bootstrap_interval(values, 1)


def test_calibration_error_is_the_mean_distance_of_predicted_and_true_frequency_in_bins() -> None:
    # Four at 0.9, true for three: 0.15 off; one at 0.2, not true: 0.2 off.
    probabilities = np.array([[0.9], [0.9], [0.9], [0.9], [0.2]])
    truth = np.array([[1], [1], [1], [0], [0]])
    assert metrics.calibration_error(probabilities, truth) == pytest.approx(
        (4 * 0.15 + 1 * 0.2) / 5
    )
    assert metrics.calibration_error(truth, truth) == 0


def test_brier_score_is_the_mean_squared_error_and_agrees_with_scikit_learn() -> None:
    probabilities, truth = np.array([[0.9, 0.4]]), np.array([[1, 0]])
    assert metrics.brier_score(probabilities, truth) == pytest.approx((0.1**2 + 0.4**2) / 2)
    assert metrics.brier_score(probabilities, truth) == pytest.approx(
        sklearn_metrics.brier_score_loss(truth.ravel(), probabilities.ravel())
    )
