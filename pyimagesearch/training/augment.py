"""Augmentation of whole batches inside the TensorFlow graph.

The random numbers come from outside: `draw` draws them for a whole batch from (seed, step), and
`augment` is a pure function of images and draws. So step k of a run sees the same pictures whether
or not the run was interrupted before it, and a worker that has some rows of the batch takes the
same rows of the draws.

Images are float32 (B, H, W, 3) RGB in 0..1 and stay so.
"""

import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed; the first five are those of the 2018 tutorial."""

    rotation: float = 25.0  # degrees
    shift: float = 0.1  # fraction of the side
    shear: float = 0.2
    zoom: float = 0.2
    flip: bool = True
    recoloured: float = 0.25  # fraction of each batch whose colour labels are masked
    saturation: float = 1.6
    gamma: float = 1.3  # exponents from exp(-gamma) to exp(gamma)
    inverted: float = 0.25  # fraction of the recoloured images


def draw(
    settings: Augmentation, seed: int, step: int, batch: int, side: int, recoloured: int
) -> Floats:
    """Return the random numbers of one batch, float32 (batch, 11).

    Columns 0 to 6 warp an image: angle in radians, shear, zoom in x and y, shift in x and y in
    pixels, and 1 or -1 for a mirror image. Columns 7 to 10 recolour the last `recoloured` images
    and are nan for all others: hue angle in radians, saturation, 1 or 0 for inversion, and the
    logarithm of gamma.
    """

    def uniform(salt: int, low: float, high: float, count: int = batch) -> Floats:
        drawn: Floats = tf.random.stateless_uniform(
            [count], tf.constant([seed, step + salt]), low, high
        ).numpy()
        return drawn

    turn = np.deg2rad(settings.rotation)
    warp = [
        uniform(1, -turn, turn),
        uniform(2, -settings.shear, settings.shear),
        uniform(3, 1 - settings.zoom, 1 + settings.zoom),
        uniform(4, 1 - settings.zoom, 1 + settings.zoom),
        np.float32(side) * uniform(5, -settings.shift, settings.shift),
        np.float32(side) * uniform(6, -settings.shift, settings.shift),
        np.sign(uniform(7, -1, 1)) if settings.flip else np.ones(batch, np.float32),
    ]
    colour = np.full((batch, 4), np.nan, np.float32)
    if recoloured:
        colour[-recoloured:] = np.stack(
            [
                uniform(11, -np.pi, np.pi, recoloured),
                uniform(12, 0.0, settings.saturation, recoloured),
                uniform(13, 0.0, 1.0, recoloured) < settings.inverted,
                uniform(14, -settings.gamma, settings.gamma, recoloured),
            ],
            axis=1,
        )
    return np.concatenate([np.stack(warp, axis=1), colour], axis=1)


def count_recoloured(settings: Augmentation, batch: int, is_colour: NDArray[np.bool_]) -> int:
    """Return how many images of a batch are recoloured.

    `is_colour` (L,) marks the colour labels. If there are none, or no others, it is 0.
    """
    if not 0 < is_colour.sum() < len(is_colour):
        return 0
    return min(math.ceil(batch * settings.recoloured), batch - 1)


def loss_mask(batch: int, recoloured: int, is_colour: NDArray[np.bool_]) -> Floats:
    """Return float32 (batch, L): 0 for labels that recolouring destroys, 1 for all others."""
    mask = np.ones((batch, len(is_colour)), np.float32)
    mask[batch - recoloured :, is_colour] = 0
    return mask


def augment(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Return the images warped; the last ones, if they have draws for it, are also recoloured."""
    warped, colours = warp(images, draws[:, :7]), draws[:, 7:]
    kept = tf.reduce_sum(tf.cast(tf.math.is_nan(colours[:, 0]), tf.int32))
    changed = recolour(warped[kept:], colours[kept:])
    return tf.ensure_shape(tf.concat([warped[:kept], changed], axis=0), images.shape)


def warp(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Return each image rotated, sheared, zoomed, shifted and flipped by its draws, (B, 7).

    One projective transform an image; pixels from outside repeat the edge.
    """
    angle, shear, zoom_x, zoom_y, shift_x, shift_y, mirror = tf.unstack(draws, axis=1)
    cos, sin = tf.cos(angle), tf.sin(angle)
    xx, xy = cos * zoom_x * mirror, (shear * cos - sin) * zoom_y
    yx, yy = sin * zoom_x * mirror, (shear * sin + cos) * zoom_y
    centre = (float(images.shape[1]) - 1) / 2
    x0 = centre - xx * centre - xy * centre + shift_x
    y0 = centre - yx * centre - yy * centre + shift_y
    zero = tf.zeros_like(angle)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.stack([xx, xy, x0, yx, yy, y0, zero, zero], axis=1),
        output_shape=images.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def recolour(images: tf.Tensor, draws: tf.Tensor) -> tf.Tensor:
    """Return each image in other colours, according to its draws, (B, 4).

    The hue is rotated, the saturation scaled, some images are inverted, and a gamma makes them
    brighter or darker. The colour labels are not valid for such an image; mask them in the loss.
    """
    angle, saturation, is_inverted, gamma = tf.unstack(draws[:, :, None, None], axis=1)

    # Rodrigues' rotation around the grey axis turns the hue; saturation scales the rest.
    identity, mean = tf.eye(3), tf.fill([3, 3], 1 / 3)
    cross = tf.constant([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], tf.float32) / np.sqrt(3)
    rotation = tf.cos(angle) * identity + (1 - tf.cos(angle)) * mean + tf.sin(angle) * cross
    matrix = rotation @ (saturation * identity + (1 - saturation) * mean)

    pixels = tf.reshape(images, [-1, images.shape[1] * images.shape[2], 3])
    pixels = tf.clip_by_value(tf.matmul(pixels, matrix, transpose_b=True), 0.0, 1.0)
    pixels = tf.where(is_inverted > 0, 1 - pixels, pixels)
    return tf.reshape(tf.pow(pixels + 1e-4, tf.exp(gamma)), tf.shape(images))
