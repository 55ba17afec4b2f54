"""A network with separate pathways for colour and shape, for combinations never seen in training.

The tutorial's network learns that black things are jeans, because the same features serve all
labels. Here the shape pathway sees only standardised luminance, which holds no hue, and the colour
pathway sees only small patches, which hold no shape.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers

from pyimagesearch.smallervggnet import MOMENTUM

# Weights of R, G and B in ITU-R BT.601 luma.
LUMINANCE = (0.299, 0.587, 0.114)


class FactoredNet:
    """The stages of SmallerVGGNet on luminance, and a colour network on patches."""

    @staticmethod
    def build(side: int, colours: Sequence[int], classes: int) -> keras.Model:
        """Return the uncompiled network for (batch, side, side, 3) RGB images scaled to 0..1.

        The output is (batch, classes), sigmoids. `colours` are the columns of the colour labels;
        all other labels come from the shape pathway.
        """
        images = keras.Input((side, side, 3))
        colour = _colour_logits(images, len(colours))
        shape = _shape_logits(images, classes - len(colours))
        # A fixed permutation matrix restores the order of the labels: no stock layer can index.
        shapes = [column for column in range(classes) if column not in set(colours)]
        order = np.eye(classes, dtype="float32")[[*colours, *shapes]]
        to_columns = layers.Dense(classes, use_bias=False, trainable=False, name="label_order")
        logits = to_columns(layers.Concatenate()([colour, shape]))
        to_columns.set_weights([order])
        return keras.Model(images, layers.Activation("sigmoid")(logits), name="factored")


def _shape_logits(images: keras.KerasTensor, labels: int) -> keras.KerasTensor:
    """Standardise the luminance; then come the stages of SmallerVGGNet and one of 192 filters."""
    luminance = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="luminance")
    x = luminance(images)
    luminance.set_weights([np.array(LUMINANCE, "float32").reshape(1, 1, 3, 1)])
    x = layers.LayerNormalization(axis=[1, 2, 3], center=False, scale=False)(x)
    for filters, convolutions, pool in ((32, 1, 3), (64, 2, 2), (128, 2, 2), (192, 1, 1)):
        for number in range(1, convolutions + 1):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            # Pooling first saves work: the next layers have a quarter of the pixels.
            if number == convolutions and pool > 1:
                x = layers.MaxPooling2D(pool)(x)
            x = layers.BatchNormalization(momentum=MOMENTUM)(x)
            x = layers.Activation("relu")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    return layers.Dense(labels)(layers.Dropout(0.3)(x))


def _colour_logits(images: keras.KerasTensor, labels: int) -> keras.KerasTensor:
    """Score patches of about 10 x 10 pixels, and sum them with a learned attention per label."""
    x = layers.AveragePooling2D(2)(images)
    for filters, kernel in ((32, 3), (32, 1), (32, 3)):
        x = layers.Conv2D(filters, kernel, use_bias=False)(x)
        x = layers.BatchNormalization(momentum=MOMENTUM)(x)
        x = layers.Activation("relu")(x)
    height, width = x.shape[1:3]
    patches = height * width
    logits = layers.Reshape((patches, labels))(layers.Conv2D(labels, 1)(x))
    attention = layers.Reshape((patches, labels))(layers.Conv2D(labels, 1)(x))
    weighted = layers.Multiply()([logits, layers.Softmax(axis=1)(attention)])
    return layers.Rescaling(float(patches))(layers.GlobalAveragePooling1D()(weighted))
