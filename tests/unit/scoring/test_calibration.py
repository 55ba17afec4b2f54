import numpy as np
import pytest

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.calibration import calibrate, choose_temperatures, logits

CLASSES = ("blue", "red", "striped")
GROUPS = [LabelGroup("colour", ("blue", "red"), is_colour=True)]
Floats = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def overconfident(count: int, factor: float = 3.0) -> tuple[Floats, Floats]:
    """What a network says whose logits are `factor` times too large, and the truth."""
    draw = np.random.default_rng(0)
    honest = draw.normal(0, 2, (count, 3))
    targets = draw.random((count, 3)) < 1 / (1 + np.exp(-honest))
    said = 1 / (1 + np.exp(-factor * honest))
    return said.astype(np.float32), targets.astype(np.float32)


def right_where_90_percent_is_stated(said: Floats, targets: Floats) -> float:
    return float(targets[(said > 0.87) & (said < 0.93)].mean())


def test_a_stated_90_percent_is_right_nine_times_in_ten_on_held_out_images() -> None:
    said, targets = overconfident(8000)
    found = choose_temperatures(said[:4000], targets[:4000], GROUPS, CLASSES)
    held_out, truth = said[4000:], targets[4000:]
    assert right_where_90_percent_is_stated(held_out, truth) < 0.8
    calibrated = calibrate(held_out, found)
    assert right_where_90_percent_is_stated(calibrated, truth) == pytest.approx(0.9, abs=0.025)
    assert metrics.calibration_error(calibrated, truth) < 0.3 * metrics.calibration_error(
        held_out, truth
    )
    assert metrics.brier_score(calibrated, truth) < metrics.brier_score(held_out, truth)


def test_the_temperature_is_how_much_too_large_the_logits_are() -> None:
    found = choose_temperatures(*overconfident(8000), GROUPS, CLASSES)
    assert found == pytest.approx([3, 3, 3], rel=0.1)
    assert found[0] == found[1]


def test_few_images_without_a_mistake_are_no_ground_for_100_percent() -> None:
    targets = np.tile(np.eye(2, 3, dtype=np.float32), (20, 1))
    for certainty in (0.9, 0.99999):
        said = np.where(targets > 0, certainty, 1 - certainty).astype(np.float32)
        found = choose_temperatures(said, targets, GROUPS, CLASSES)
        assert calibrate(said, found)[:, :2].max() == pytest.approx(41 / 42, abs=0.005)


def test_rare_labels_keep_what_the_network_said() -> None:
    said, targets = overconfident(200)
    targets[9:, 2] = 0
    found = choose_temperatures(said, targets, GROUPS, CLASSES)
    assert found[2] == 1
    np.testing.assert_array_equal(calibrate(said, found)[:, 2], said[:, 2])


def test_the_best_of_a_group_stays_the_best() -> None:
    said, _ = overconfident(100, factor=1)
    calibrated = calibrate(said, np.array([2.0, 2.0, 1.0]))
    np.testing.assert_array_equal(calibrated[:, :2].argmax(1), said[:, :2].argmax(1))


def test_logits_of_rounded_probabilities_stay_finite() -> None:
    assert np.isfinite(logits(np.array([0.0, 1.0], np.float32))).all()
    assert logits(np.array([0.5]))[0] == 0
