"""Layers that replace the stock ones during training; the stock ones are what is saved.

Keras 3 computes the moments of a batch and its normalisation as separate passes; TensorFlow's fused
kernel does both in one. If several workers share a batch, its moments are those of all their
inputs, and dropout is drawn for all of them, so that a run has the same result for any number of
workers.
"""

import keras
import tensorflow as tf

from pyimagesearch.training.shard import Shard


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """The stock layer, its training pass over (B, H, W, C) done by the fused kernel."""

    def call(
        self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Normalise `inputs`; during training update the moving statistics."""
        if not training or len(inputs.shape) != 4 or self.axis not in (-1, 3):
            return super().call(inputs, training=training, mask=mask)
        outputs, mean, variance = self._normalised(inputs)
        step = 1 - self.momentum
        self.moving_mean.assign_add(step * (mean - self.moving_mean))
        self.moving_variance.assign_add(step * (variance - self.moving_variance))
        return outputs

    def _normalised(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Return `inputs` normalised, and the mean and the unbiased variance of each channel."""
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=True
        )
        return outputs, mean, variance


class SynchronisedBatchNormalization(FusedBatchNormalization):
    """The fused layer with the moments of all workers, exchanged in one message."""

    def _normalised(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        channels = inputs.shape[-1]
        pixels = tf.reshape(inputs, [-1, channels])
        sums = (tf.reduce_sum(pixels, axis=0), tf.reduce_sum(tf.square(pixels), axis=0))
        count = tf.cast(tf.shape(pixels)[:1], inputs.dtype)
        of_all = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.SUM, tf.concat([*sums, count], axis=0)
        )
        total, squares, count = tf.split(of_all, [channels, channels, 1])
        mean = total / count
        variance = tf.maximum(squares / count - tf.square(mean), 0.0)
        outputs = tf.nn.batch_normalization(
            inputs, mean, variance, self.beta, self.gamma, self.epsilon
        )
        return outputs, mean, variance * count / (count - 1)


class SharedDropout(keras.layers.Dropout):
    """The stock layer, drawing for the whole batch and taking the rows of this worker."""

    shard: Shard

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """During training drop some of `inputs`, a shard of a batch."""
        if not training:
            return inputs
        whole = tf.ones([self.shard.batch, *inputs.shape[1:]], inputs.dtype)
        kept = keras.random.dropout(whole, self.rate, self.noise_shape, self.seed_generator)
        return inputs * self.shard.take(kept)


def to_training_model(
    model: keras.Model, shard: Shard, dtype_policy: str = "float32"
) -> keras.Model:
    """Return a copy of `model` for training; `get_weights` has the order of the original.

    `dtype_policy` is for the layers that multiply; weights stay float32.
    """
    is_alone = shard.workers == 1

    def clone(layer: keras.layers.Layer) -> keras.layers.Layer:
        kind = type(layer)
        if kind is keras.layers.BatchNormalization:
            kind = FusedBatchNormalization if is_alone else SynchronisedBatchNormalization
        elif kind is keras.layers.Dropout and not is_alone:
            kind = SharedDropout
        config = layer.get_config()
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            config["dtype"] = dtype_policy
        copy = kind.from_config(config)
        copy.shard = shard
        return copy

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy
