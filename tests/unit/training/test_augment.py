import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.training.augment import (
    Augmentation,
    augment,
    count_recoloured,
    draw,
    loss_mask,
    recolour,
    warp,
)
from pyimagesearch.training.shard import Shard

STILL = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False)
COLOUR_AND_OTHER = np.array([True, False])


def draws(
    images: tf.Tensor, settings: Augmentation, recoloured: int = 0, step: int = 7
) -> NDArray[np.float32]:
    return draw(settings, 3, step, len(images), images.shape[1], recoloured)


def warped(images: tf.Tensor, settings: Augmentation) -> NDArray[np.float32]:
    return np.asarray(warp(images, draws(images, settings)[:, :7]))


def recoloured(images: tf.Tensor, settings: Augmentation) -> NDArray[np.float32]:
    return np.asarray(recolour(images, draws(images, settings, len(images))[:, 7:]))


def batch(count: int = 16) -> tf.Tensor:
    pixels = np.random.default_rng(0).random((count, 24, 24, 3), np.float32)
    return tf.constant(pixels)


def grey(images: tf.Tensor) -> NDArray[np.float32]:
    spread: NDArray[np.float32] = np.ptp(np.asarray(images), axis=-1)
    return spread


def test_augmentation_with_all_settings_zero_changes_nothing() -> None:
    images = augment(batch(), draws(batch(), STILL))
    np.testing.assert_allclose(images, batch(), atol=1e-5)


def test_the_same_seed_and_step_give_the_same_draws_but_another_step_does_not() -> None:
    first, again = (draws(batch(), Augmentation(), 4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = draws(batch(), Augmentation(), 4, step=8)
    assert np.abs(first - other)[:, :7].max() > 0.1


def test_each_image_is_warped_differently() -> None:
    same = tf.tile(batch(1), [8, 1, 1, 1])
    images = warped(same, Augmentation())
    differences = [np.abs(images[0] - image).max() for image in images[1:]]
    assert min(differences) > 0.1


def dots(count: int) -> tf.Tensor:
    """Return images of 33 x 33 pixels with a white dot 8 pixels right of the centre, on black."""
    pixels = np.zeros((count, 33, 33, 3), np.float32)
    pixels[:, 15:18, 23:26] = 1
    return tf.constant(pixels)


def positions(images: tf.Tensor) -> NDArray[np.float64]:
    """Return (count, 2) how many pixels each dot is right of and below the centre."""
    weights = np.asarray(images, np.float64)[..., 0]
    axis = np.arange(33) - 16
    total = weights.sum(axis=(1, 2))
    return np.stack(
        [(weights.sum(axis=1) @ axis) / total, (weights.sum(axis=2) @ axis) / total], axis=1
    )


def test_rotation_keeps_the_radius_and_reaches_its_limit_both_ways() -> None:
    settings = Augmentation(rotation=25, shift=0, shear=0, zoom=0, flip=False)
    across, down = positions(warped(dots(200), settings)).T
    np.testing.assert_allclose(np.hypot(across, down), 8, atol=0.3)
    angles = np.degrees(np.arctan2(down, across))
    assert -25.5 < angles.min() < -20
    assert 20 < angles.max() < 25.5


def test_shift_reaches_its_fraction_of_the_side() -> None:
    settings = Augmentation(rotation=0, shift=0.1, shear=0, zoom=0, flip=False)
    moved = positions(warped(dots(200), settings)) - [8, 0]
    assert np.all(np.abs(moved) < 3.4)
    assert np.all(np.ptp(moved, axis=0) > 5)


def test_half_the_images_are_mirrored() -> None:
    settings = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=True)
    across = positions(warped(dots(200), settings))[:, 0]
    np.testing.assert_allclose(np.abs(across), 8, atol=0.1)
    assert 70 < (across < 0).sum() < 130


def test_the_loss_mask_excludes_only_the_colour_labels_of_recoloured_images() -> None:
    mask = loss_mask(16, 4, np.array([True, True, False, False]))
    np.testing.assert_array_equal(mask[:12], 1)
    np.testing.assert_array_equal(mask[12:], [[0, 0, 1, 1]] * 4)
    assert loss_mask(16, 0, COLOUR_AND_OTHER).min() == 1


def test_a_quarter_of_a_batch_is_recoloured_but_never_the_whole_batch() -> None:
    settings = Augmentation(recoloured=0.25)
    assert [count_recoloured(settings, batch, COLOUR_AND_OTHER) for batch in (1, 2, 16)] == [
        0,
        1,
        4,
    ]


@pytest.mark.parametrize("is_colour", [[False, False], [True, True]])
def test_without_colours_and_other_labels_nothing_is_recoloured(is_colour: list[bool]) -> None:
    assert count_recoloured(Augmentation(), 16, np.array(is_colour)) == 0


def test_only_the_last_images_of_the_batch_are_recoloured() -> None:
    images = augment(batch(), draws(batch(), STILL, recoloured=4))
    changed = np.abs(images - batch()).max(axis=(1, 2, 3)) > 1e-3
    np.testing.assert_array_equal(changed, [False] * 12 + [True] * 4)


def test_a_worker_augments_its_shard_as_a_single_machine_augments_the_batch() -> None:
    drawn = draws(batch(13), Augmentation(), recoloured=4)
    whole = augment(batch(13), drawn)
    for rank in range(5):
        shard = Shard(13, rank, 5)
        own = augment(shard.take(batch(13)), shard.take(drawn))
        np.testing.assert_allclose(own, shard.take(whole), atol=1e-4)


def test_recoloured_pixels_stay_in_range_and_grey_stays_grey() -> None:
    images = recoloured(batch(64), Augmentation())
    assert images.min() >= 0
    assert images.max() <= 1.001
    even = tf.tile(batch(64)[..., :1], [1, 1, 1, 3])
    assert grey(recoloured(even, Augmentation())).max() < 1e-3


def test_recolouring_turns_red_into_every_hue() -> None:
    red = tf.tile(tf.constant([[[[0.8, 0.2, 0.2]]]]), [200, 4, 4, 1])
    settings = Augmentation(saturation=1.0, gamma=0.0, inverted=0.0)
    strongest = recoloured(red, settings)[:, 0, 0].argmax(axis=-1)
    assert np.bincount(strongest, minlength=3).min() > 30
