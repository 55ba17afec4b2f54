"""Augmentation of whole batches inside the TensorFlow graph, a pure function of its seed.

Images are float32 (B, H, W, 3) RGB in 0..1 and stay so. A seed is an int32 pair, so that step k
of a run sees the same pictures whether or not the run was interrupted before it, and however many
workers share its batch.
"""

import math
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.training.shard import Shard


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed; the first five are the 2018 tutorial's."""

    rotation: float = 25.0  # degrees
    shift: float = 0.1  # share of the side
    shear: float = 0.2
    zoom: float = 0.2
    flip: bool = True
    recoloured: float = 0.25  # share of each batch, its colour labels masked
    saturation: float = 1.6
    gamma: float = 1.3  # exponents from exp(-gamma) to exp(gamma)
    inverted: float = 0.25  # share of the recoloured


def uniform(seed: tf.Tensor, salt: int, share: Shard, low: float, high: float) -> tf.Tensor:
    """Return a float32 draw from [low, high) for each image of `share`; `salt` makes others."""
    shape, salted = [share.batch], seed + tf.constant([0, salt])
    return shard.take(tf.random.stateless_uniform(shape, salted, low, high))


def warp(images: tf.Tensor, seed: tf.Tensor, settings: Augmentation, share: Shard) -> tf.Tensor:
    """Return the images of `share` rotated, shifted, sheared, zoomed, flipped, each its own way.

    One projective transform an image; pixels from outside repeat the edge.
    """
    side = float(images.shape[1])
    turn = np.deg2rad(settings.rotation)
    angle = uniform(seed, 1, share, -turn, turn)
    shear = uniform(seed, 2, share, -settings.shear, settings.shear)
    zoom_x = uniform(seed, 3, share, 1 - settings.zoom, 1 + settings.zoom)
    zoom_y = uniform(seed, 4, share, 1 - settings.zoom, 1 + settings.zoom)
    shift_x = side * uniform(seed, 5, share, -settings.shift, settings.shift)
    shift_y = side * uniform(seed, 6, share, -settings.shift, settings.shift)
    mirror = tf.sign(uniform(seed, 7, share, -1, 1)) if settings.flip else tf.ones_like(angle)

    cos, sin = tf.cos(angle), tf.sin(angle)
    xx, xy = cos * zoom_x * mirror, (shear * cos - sin) * zoom_y
    yx, yy = sin * zoom_x * mirror, (shear * sin + cos) * zoom_y
    centre = (side - 1) / 2
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


def recolour(images: tf.Tensor, seed: tf.Tensor, settings: Augmentation, share: Shard) -> tf.Tensor:
    """Return the images of `share` in colours of another world.

    Any hue, paler or stronger, some inverted, brighter or darker by a gamma.

    It says nothing any more about colour labels; mask them in the loss.
    """
    angle = uniform(seed, 11, share, -np.pi, np.pi)[:, None, None]
    saturation = uniform(seed, 12, share, 0.0, settings.saturation)[:, None, None]
    inverted = uniform(seed, 13, share, 0.0, 1.0)[:, None, None] < settings.inverted
    exponent = tf.exp(uniform(seed, 14, share, -settings.gamma, settings.gamma))[:, None, None]

    # Rodrigues' rotation about the grey axis turns the hue; the mean keeps, the rest scales.
    identity, mean = tf.eye(3), tf.fill([3, 3], 1 / 3)
    cross = tf.constant([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], tf.float32) / np.sqrt(3)
    rotation = tf.cos(angle) * identity + (1 - tf.cos(angle)) * mean + tf.sin(angle) * cross
    matrix = rotation @ (saturation * identity + (1 - saturation) * mean)

    pixels = tf.reshape(images, [images.shape[0], -1, 3])
    pixels = tf.clip_by_value(tf.matmul(pixels, matrix, transpose_b=True), 0.0, 1.0)
    pixels = tf.where(inverted, 1 - pixels, pixels)
    return tf.reshape(tf.pow(pixels + 1e-4, exponent), images.shape)


def augment(
    images: tf.Tensor,
    colours: NDArray[np.bool_],
    seed: tf.Tensor,
    settings: Augmentation,
    share: Shard | None = None,
) -> tuple[tf.Tensor, NDArray[np.float32]]:
    """Return the images augmented, and the loss mask of their batch.

    `images` are those of `share`, by default a whole batch. The mask is float32 (share.batch, L),
    0 where a label was destroyed. `colours` (L,) marks the colour labels; where there are none, or
    nothing else, nothing is recoloured. The recoloured images are the last of the batch.
    """
    share = share or Shard(images.shape[0])
    images = warp(images, seed, settings, share)
    mask = np.ones((share.batch, len(colours)), np.float32)
    recoloured = 0
    if 0 < colours.sum() < len(colours):
        recoloured = min(math.ceil(share.batch * settings.recoloured), share.batch - 1)
    if recoloured:
        mask[-recoloured:, colours] = 0
        last = share.after(share.batch - recoloured)
        kept = int(shard.take(mask).all(axis=1).sum())
        changed = recolour(images[kept:], seed, settings, last)
        images = tf.concat([images[:kept], changed], axis=0)
    return images, mask
