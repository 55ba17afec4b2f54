import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.training.augment import Augmentation, augment, recolour, warp
from pyimagesearch.training.shard import Shard

SEED = tf.constant([3, 7])
STILL = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False, recoloured=0)


def batch(count: int = 16) -> tf.Tensor:
    pixels = np.random.default_rng(0).random((count, 24, 24, 3), np.float32)
    return tf.constant(pixels)


def grey(images: tf.Tensor) -> NDArray[np.float32]:
    spread: NDArray[np.float32] = np.ptp(np.asarray(images), axis=-1)
    return spread


def test_all_set_to_nothing_changes_nothing() -> None:
    images, mask = augment(batch(), np.array([True, False]), SEED, STILL)
    np.testing.assert_allclose(images, batch(), atol=1e-5)
    assert mask.min() == 1


def test_the_same_seed_gives_the_same_pictures_and_another_others() -> None:
    colours = np.array([True, False])
    first, again = (augment(batch(), colours, SEED, Augmentation())[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = augment(batch(), colours, tf.constant([3, 8]), Augmentation())[0]
    assert np.abs(first - other).max() > 0.1


def test_each_image_is_warped_its_own_way() -> None:
    same = tf.tile(batch(1), [8, 1, 1, 1])
    warped = np.asarray(warp(same, SEED, Augmentation(), Shard(len(same))))
    differences = [np.abs(warped[0] - image).max() for image in warped[1:]]
    assert min(differences) > 0.1


def dots(count: int) -> tf.Tensor:
    """A white dot on black, 8 pixels right of the centre of 33 x 33."""
    pixels = np.zeros((count, 33, 33, 3), np.float32)
    pixels[:, 15:18, 23:26] = 1
    return tf.constant(pixels)


def places(images: tf.Tensor) -> NDArray[np.float64]:
    """Where each dot is: (count, 2) pixels right of and below the centre."""
    weights = np.asarray(images, np.float64)[..., 0]
    axis = np.arange(33) - 16
    total = weights.sum(axis=(1, 2))
    return np.stack(
        [(weights.sum(axis=1) @ axis) / total, (weights.sum(axis=2) @ axis) / total], axis=1
    )


def test_rotation_keeps_the_radius_and_reaches_its_limit_both_ways() -> None:
    settings = Augmentation(rotation=25, shift=0, shear=0, zoom=0, flip=False)
    across, down = places(warp(dots(200), SEED, settings, Shard(200))).T
    np.testing.assert_allclose(np.hypot(across, down), 8, atol=0.3)
    angles = np.degrees(np.arctan2(down, across))
    assert -25.5 < angles.min() < -20
    assert 20 < angles.max() < 25.5


def test_shift_reaches_its_share_of_the_side() -> None:
    settings = Augmentation(rotation=0, shift=0.1, shear=0, zoom=0, flip=False)
    moved = places(warp(dots(200), SEED, settings, Shard(200))) - [8, 0]
    assert np.all(np.abs(moved) < 3.4)
    assert np.all(np.ptp(moved, axis=0) > 5)


def test_half_the_images_are_mirrored() -> None:
    settings = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=True)
    across = places(warp(dots(200), SEED, settings, Shard(200)))[:, 0]
    np.testing.assert_allclose(np.abs(across), 8, atol=0.1)
    assert 70 < (across < 0).sum() < 130


def test_recoloured_images_lose_their_colour_labels_and_keep_the_others() -> None:
    colours = np.array([True, True, False, False])
    _, mask = augment(batch(), colours, SEED, Augmentation(recoloured=0.25))
    np.testing.assert_array_equal(mask[:12], 1)
    np.testing.assert_array_equal(mask[12:], [[0, 0, 1, 1]] * 4)


def test_only_the_masked_images_are_recoloured() -> None:
    settings = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False, recoloured=0.25)
    images, _ = augment(batch(), np.array([True, False]), SEED, settings)
    changed = np.abs(images - batch()).max(axis=(1, 2, 3)) > 1e-3
    np.testing.assert_array_equal(changed, [False] * 12 + [True] * 4)


def test_workers_see_the_pictures_and_the_mask_of_the_whole_batch() -> None:
    colours = np.array([True, False])
    whole, mask = augment(batch(13), colours, SEED, Augmentation())
    for rank in range(5):
        share = Shard(13, rank, 5)
        mine, same = augment(shard.take(batch(13)), colours, SEED, Augmentation(), share)
        np.testing.assert_allclose(mine, shard.take(whole), atol=1e-4)
        np.testing.assert_array_equal(same, mask)


@pytest.mark.parametrize("colours", [[False, False], [True, True]])
def test_without_colours_beside_other_labels_nothing_is_recoloured(colours: list[bool]) -> None:
    settings = Augmentation(rotation=0, shift=0, shear=0, zoom=0, flip=False)
    images, mask = augment(batch(), np.array(colours), SEED, settings)
    np.testing.assert_array_equal(mask, 1)
    np.testing.assert_allclose(images, batch(), atol=1e-5)


def test_recoloured_pixels_stay_in_range_and_grey_stays_grey() -> None:
    images = np.asarray(recolour(batch(64), SEED, Augmentation(), Shard(64)))
    assert images.min() >= 0
    assert images.max() <= 1.001
    even = tf.tile(batch(64)[..., :1], [1, 1, 1, 3])
    assert grey(recolour(even, SEED, Augmentation(), Shard(len(even)))).max() < 1e-3


def test_recolouring_turns_red_to_every_hue() -> None:
    red = tf.tile(tf.constant([[[[0.8, 0.2, 0.2]]]]), [200, 4, 4, 1])
    settings = Augmentation(saturation=1.0, gamma=0.0, inverted=0.0)
    strongest = np.asarray(recolour(red, SEED, settings, Shard(len(red))))[:, 0, 0].argmax(axis=-1)
    assert np.bincount(strongest, minlength=3).min() > 30
