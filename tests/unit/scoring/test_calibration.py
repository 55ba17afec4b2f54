import numpy as np
import pytest

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.calibration import calibrate, choose_temperatures, logits

CLASSES = ("blue", "red", "striped")
GROUPS = [LabelGroup("colour", ("blue", "red"), is_colour=True)]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def overconfident(count: int, factor: float = 3.0) -> tuple[Floats, Floats]:
    """Return probabilities from logits that are `factor` times too large, and targets."""
    draw = np.random.default_rng(0)
    honest = draw.normal(0, 2, (count, 3))
    targets = draw.random((count, 3)) < 1 / (1 + np.exp(-honest))
    probabilities = 1 / (1 + np.exp(-factor * honest))
    return probabilities.astype(np.float32), targets.astype(np.float32)


def frequency_at_90_percent(probabilities: Floats, targets: Floats) -> float:
    """Return how often labels with a probability of about 0.9 apply."""
    return float(targets[(probabilities > 0.87) & (probabilities < 0.93)].mean())


def test_after_calibration_90_percent_is_right_nine_times_in_ten_on_held_out_images() -> None:
    probabilities, targets = overconfident(8000)
    found = choose_temperatures(probabilities[:4000], targets[:4000], GROUPS, CLASSES)
    held_out, truth = probabilities[4000:], targets[4000:]
    assert frequency_at_90_percent(held_out, truth) < 0.8
    calibrated = calibrate(held_out, found)
    assert frequency_at_90_percent(calibrated, truth) == pytest.approx(0.9, abs=0.025)
    assert metrics.calibration_error(calibrated, truth) < 0.3 * metrics.calibration_error(
        held_out, truth
    )
    assert metrics.brier_score(calibrated, truth) < metrics.brier_score(held_out, truth)


def test_the_temperature_is_the_factor_by_which_the_logits_are_too_large() -> None:
    found = choose_temperatures(*overconfident(8000), GROUPS, CLASSES)
    assert found == pytest.approx([3, 3, 3], rel=0.1)
    assert found[0] == found[1]


def test_a_few_images_without_a_mistake_do_not_give_100_percent() -> None:
    targets = np.tile(np.eye(2, 3, dtype=np.float32), (20, 1))
    for certainty in (0.9, 0.99999):
        certain = np.where(targets > 0, certainty, 1 - certainty).astype(np.float32)
        found = choose_temperatures(certain, targets, GROUPS, CLASSES)
        assert calibrate(certain, found)[:, :2].max() == pytest.approx(41 / 42, abs=0.005)


def test_the_probabilities_of_rare_labels_stay_uncalibrated() -> None:
    probabilities, targets = overconfident(200)
    targets[9:, 2] = 0
    found = choose_temperatures(probabilities, targets, GROUPS, CLASSES)
    assert found[2] == 1
    calibrated = calibrate(probabilities, found)
    np.testing.assert_array_equal(calibrated[:, 2], probabilities[:, 2])


def test_the_most_likely_label_of_a_group_stays_the_most_likely() -> None:
    probabilities, _ = overconfident(100, factor=1)
    calibrated = calibrate(probabilities, np.array([2.0, 2.0, 1.0]))
    np.testing.assert_array_equal(calibrated[:, :2].argmax(1), probabilities[:, :2].argmax(1))


def test_logits_of_probabilities_0_and_1_are_finite() -> None:
    assert np.isfinite(logits(np.array([0.0, 1.0], np.float32))).all()
    assert logits(np.array([0.5]))[0] == 0
