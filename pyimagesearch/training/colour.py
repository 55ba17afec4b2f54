"""A gradient step of the colour pathway: patches of the photo, weighted by where the garment is."""

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.training.layers import to_training_model
from pyimagesearch.training.shard import Shard

PAINTED = 0.5  # fraction of each batch that gets the background of another photo
MASK_SHARPNESS = 2.0  # of the edge between garment and background

Floats = NDArray[np.float32]


class ColourTrainer:
    """A colour pathway in training: its fast copy, its optimizer, and the compiled step."""

    def __init__(
        self, model: keras.Model, batch: int, learning_rate: float, weight_decay: float
    ) -> None:
        """Prepare to train `model`, made by `build_colour_pathway`; it is left as it is."""
        self.model = to_training_model(model, Shard(batch))
        self.optimizer = keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay)
        self.optimizer.build(self.model.trainable_variables)
        self.painted = int(batch * PAINTED)
        self._learn = tf.function(self._gradient_step)
        self._predict = tf.function(self._logits, reduce_retracing=True)

    def step(
        self,
        pictures: NDArray[np.uint8],
        maps: Floats,
        others: NDArray[np.uint8],
        targets: Floats,
        learning_rate: float,
    ) -> tuple[float, Floats]:
        """Learn from one batch; return its mean loss and its logits (B, C).

        `pictures` are (B, s, s, 3), `maps` (B, cells, cells, 1), `targets` (B, C). The pictures
        `others` become the background of the first half.
        """
        rate = tf.constant(learning_rate, tf.float32)
        loss, logits = self._learn(pictures, maps, others, targets, rate)
        return float(loss), logits.numpy()

    def predict(self, pictures: NDArray[np.uint8], maps: Floats) -> Floats:
        """Return the logits (N, C) of pictures (N, s, s, 3) with their maps."""
        logits: Floats = self._predict(pictures, maps).numpy()
        return logits

    def _gradient_step(
        self,
        pictures: tf.Tensor,
        maps: tf.Tensor,
        others: tf.Tensor,
        targets: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        self.optimizer.learning_rate.assign(learning_rate)
        scaled, first = _scaled(pictures), self.painted
        painted = paint(scaled[:first], _scaled(others), maps[:first])
        inputs = tf.concat([painted, scaled[first:]], axis=0)
        with tf.GradientTape() as tape:
            logits = self.model([inputs, maps], training=True)
            losses = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits)
            loss = tf.reduce_mean(losses)
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss, logits

    def _logits(self, pictures: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
        return self.model([_scaled(pictures), maps], training=False)


def _scaled(pictures: tf.Tensor) -> tf.Tensor:
    return tf.cast(pictures, tf.float32) / 255


def paint(pictures: tf.Tensor, others: tf.Tensor, maps: tf.Tensor) -> tf.Tensor:
    """Return `pictures` in front of `others`, (B, s, s, 3) each.

    A picture is kept where its map, (B, cells, cells, 1) with mean 0, is high.
    """
    fine = tf.image.resize(maps, pictures.shape[1:3])
    mask = tf.sigmoid(MASK_SHARPNESS * fine)
    return mask * pictures + (1 - mask) * others
