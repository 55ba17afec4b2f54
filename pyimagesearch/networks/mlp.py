"""A fully connected network for feature tables."""

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


class MultiLabelMLP:
    """Two ReLU layers and a sigmoid for each label."""

    @staticmethod
    def build(
        features: int,
        classes: int,
        hidden: Sequence[int] = (500, 100),
        dropout: float = 0.5,
        statistics: tuple[Floats, Floats] | None = None,
    ) -> keras.Model:
        """Return the uncompiled network: (batch, features) float32 -> (batch, classes) in 0..1.

        `hidden` are the widths of the ReLU layers, each followed by `dropout`. `statistics` are
        the means and the variances, each (features,), with which the network standardises its
        input.
        """
        mean, variance = statistics or (np.zeros(features), np.ones(features))
        inputs = keras.Input((features,))
        # A feature that is constant in training must not become huge if it varies later.
        safe = np.where(variance > 0, variance, 1.0)
        x = keras.layers.Normalization(mean=mean.tolist(), variance=safe.tolist())(inputs)
        for width in hidden:
            x = keras.layers.Dense(width, activation="relu")(x)
            x = keras.layers.Dropout(dropout)(x)
        logits = keras.layers.Dense(classes)(x)
        return keras.Model(inputs, keras.layers.Activation("sigmoid")(logits))
