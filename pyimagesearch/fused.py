"""Batch normalisation by TensorFlow's fused kernel, for training only.

Keras 3 computes the batch's moments and the normalisation as separate passes; the fused kernel
does both in one. A network is trained with the fused layers and saved with the stock ones, which
hold the same weights.
"""

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """The stock layer, its training pass over (B, H, W, C) done by the fused kernel."""

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Normalise `inputs`, and in training move the statistics towards the batch's."""
        if not training or len(inputs.shape) != 4 or self.axis not in (-1, 3):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        step = 1 - self.momentum
        self.moving_mean.assign_add(step * (mean - self.moving_mean))
        self.moving_variance.assign_add(step * (variance - self.moving_variance))
        return outputs


def with_fused_normalization(model: keras.Model) -> keras.Model:
    """Return a copy of `model` for training; `get_weights` has the order of the original's."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        stock = type(layer) is keras.layers.BatchNormalization
        return (FusedBatchNormalization if stock else type(layer)).from_config(layer.get_config())

    fused = keras.models.clone_model(model, clone_function=clone)
    fused.set_weights(model.get_weights())
    return fused
