import numpy as np
import pytest

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring import rejection
from pyimagesearch.scoring.rejection import energy_threshold, joint_energy


def test_joint_energy_is_the_sum_over_labels_of_softplus_of_the_logits() -> None:
    logits = np.array([[2.0, -1.0, 0.0], [-5.0, -5.0, -5.0]])
    probabilities = 1 / (1 + np.exp(-logits))
    assert joint_energy(probabilities) == pytest.approx(np.log1p(np.exp(logits)).sum(axis=1))


def test_energy_is_finite_if_a_probability_is_rounded_to_one() -> None:
    assert 16 < joint_energy(np.ones((1, 1), np.float32))[0] < 17


def test_at_most_2_percent_of_the_known_images_are_rejected() -> None:
    for count in (5, 40, 100, 333):
        known = np.random.default_rng(count).random((count, 4))
        threshold = energy_threshold(known, np.ones((count, 4)))
        assert (joint_energy(known) < threshold).mean() <= 0.02
    assert (joint_energy(known) < threshold).mean() > 0.01


def test_rounding_does_not_reject_the_image_that_determines_the_threshold() -> None:
    known = np.random.default_rng(0).random((100, 4))
    threshold = energy_threshold(known, np.ones((100, 4)))
    rejected = joint_energy(known) < threshold
    for factor in (1 - 1e-6, 1 + 1e-6):
        np.testing.assert_array_equal(joint_energy(known * factor) < threshold, rejected)


def test_images_without_labels_do_not_lower_the_threshold() -> None:
    known, nothing = np.full((50, 2), 0.9), np.full((50, 2), 0.01)
    targets = np.repeat([[1, 0], [0, 0]], 50, axis=0)
    threshold = energy_threshold(np.concatenate([known, nothing]), targets)
    assert threshold == pytest.approx(joint_energy(known)[0], rel=1e-3)


def test_without_labelled_images_nothing_is_rejected() -> None:
    assert energy_threshold(np.full((5, 2), 0.5), np.zeros((5, 2))) == 0


GROUPS = (
    LabelGroup("colour", ("blue", "red"), is_colour=True),
    LabelGroup("garment", ("dress", "shirt"), is_colour=False),
)
CLASSES = ("blue", "dress", "red", "shirt")


def test_distance_limits_keep_nearly_all_labelled_inputs() -> None:
    distances = np.stack([np.arange(400.0), np.arange(400.0)[::-1]], axis=1)
    targets = np.ones((400, 2))
    targets[390:] = 0  # without labels they do not count
    limits = rejection.distance_limits(distances, targets)
    within = (distances[:390] <= np.array(limits)).mean(axis=0)
    assert np.all(within >= 0.995)
    assert np.all(within < 1)


def test_with_few_inputs_the_distance_limit_is_beyond_all_of_them() -> None:
    distances = np.arange(20.0)[:, None]
    (limit,) = rejection.distance_limits(distances, np.ones((20, 1)))
    assert limit > 19
    assert rejection.distance_limits(distances, np.zeros((20, 1))) == (rejection.LARGEST_DISTANCE,)


def test_an_unknown_colour_keeps_the_garment_and_an_unknown_garment_keeps_nothing() -> None:
    applies = np.array([[True, True, False, False]] * 3)
    is_far = np.array([[False, False], [False, True], [True, False]])
    kept = rejection.reject(applies, is_far, GROUPS, CLASSES)
    assert kept.tolist() == [[True, True, False, False], [False, True, False, False], [False] * 4]


def test_the_colour_threshold_is_low_with_few_inputs_and_a_quantile_with_many() -> None:
    assert rejection.colour_threshold(np.array([0.8, 0.9])) == 0.4
    best = np.linspace(0.5, 1, 1001)
    assert abs((best < rejection.colour_threshold(best)).mean() - 0.005) < 0.002
