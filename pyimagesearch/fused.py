"""Batch normalisation by TensorFlow's fused kernel, for training only.

Keras 3 computes the batch's moments and the normalisation as separate passes; the fused kernel
does both in one. A network is trained with the fused layers and saved with the stock ones, which
hold the same weights.

Where workers share a batch, its moments are those of all their images (synchronised batch
normalisation), so that a run has the same result for any number of workers.
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
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            outputs, mean, variance = self._synchronised(inputs)
        else:
            outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
                inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
            )
        step = 1 - self.momentum
        self.moving_mean.assign_add(step * (mean - self.moving_mean))
        self.moving_variance.assign_add(step * (variance - self.moving_variance))
        return outputs

    def _synchronised(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return what the fused kernel does, by the moments of all workers in one exchange."""
        channels = inputs.shape[-1]
        pixels = tf.reshape(inputs, [-1, channels])
        sums = (tf.reduce_sum(pixels, axis=0), tf.reduce_sum(tf.square(pixels), axis=0))
        count = tf.cast(tf.shape(pixels)[:1], inputs.dtype)
        everywhere = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, tf.concat([*sums, count], axis=0)
        )
        total, squares, count = tf.split(everywhere, [channels, channels, 1])
        mean = total / count
        variance = tf.maximum(squares / count - tf.square(mean), 0.0)
        outputs = tf.nn.batch_normalization(
            inputs, mean, variance, self.beta, self.gamma, self.epsilon
        )
        return outputs, mean, variance * count / (count - 1)


def with_fused_normalization(model: keras.Model) -> keras.Model:
    """Return a copy of `model` for training; `get_weights` has the order of the original's."""

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        stock = type(layer) is keras.layers.BatchNormalization
        return (FusedBatchNormalization if stock else type(layer)).from_config(layer.get_config())

    fused = keras.models.clone_model(model, clone_function=clone)
    fused.set_weights(model.get_weights())
    return fused
