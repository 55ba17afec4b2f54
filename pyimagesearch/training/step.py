"""A network in training: the one step, on one machine and on many."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.data.splits import Indices
from pyimagesearch.networks.build import colour_columns
from pyimagesearch.networks.training_layers import to_training_model
from pyimagesearch.training import precision
from pyimagesearch.training.augment import Augmentation, augment
from pyimagesearch.training.shard import Shard

if TYPE_CHECKING:
    from pyimagesearch.model_file.predictors import Inputs
    from pyimagesearch.training.loop import Data, Schedule

Floats = NDArray[np.float32]


def scaled(inputs: tf.Tensor) -> tf.Tensor:
    """Return uint8 images as float32 in 0..1, and features as they are."""
    return tf.cast(inputs, tf.float32) / 255 if inputs.dtype == tf.uint8 else inputs


class Trainer:
    """A network in training: its fused copy, its optimizer, and the compiled functions.

    Under a `tf.distribute` strategy of several workers, each has its share of every batch, and all
    take the step of the whole batch together; a single machine is a strategy of one.
    """

    def __init__(
        self, model: keras.Model, data: "Data", schedule: "Schedule", settings: Augmentation
    ) -> None:
        """Prepare to train `model`, which ends in a sigmoid layer and is left as it is."""
        self.strategy = tf.distribute.get_strategy()
        self.shard = Shard.here(schedule.batch_size)
        chosen = precision.choose()
        self.model = to_training_model(model, self.shard, chosen.dtype_policy)
        # The loss is taken before the sigmoid, where it is stable.
        self.logits = keras.Model(self.model.inputs, self.model.layers[-1].input)
        self.optimizer = keras.optimizers.AdamW(
            schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        self.optimizer.build(self.model.trainable_variables)
        self.seed = schedule.seed
        self.settings = settings
        colours = colour_columns(data.groups, data.classes)
        self.colours = np.isin(np.arange(len(data.classes)), colours)
        self.loss = schedule.loss.function()
        # XLA knows neither the warp nor the exchange between workers.
        is_compiled = chosen.is_compiled and self.shard.workers == 1
        self.learn = tf.function(self._learn, jit_compile=True) if is_compiled else self._learn
        self.step = tf.function(self._step)
        signature = tf.TensorSpec([None, *data.inputs.shape[1:]], data.inputs.dtype)
        self._sum = tf.function(self._sum_of_workers)
        self._predict = tf.function(self._probabilities, input_signature=[signature])

    def _step(
        self, batch: tf.Tensor, targets: tf.Tensor, number: tf.Tensor, rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Learn from this worker's share of one batch of uint8 images or float32 features.

        Returns the loss of the whole batch, and the probabilities of the first of the share, those
        that kept all their labels.
        """
        self.optimizer.learning_rate.assign(rate)
        loss, predicted = self.strategy.run(self._replica_step, (batch, targets, number))
        return self.strategy.reduce("SUM", loss, axis=None), predicted

    def _replica_step(
        self, batch: tf.Tensor, targets: tf.Tensor, number: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the share's part of the loss and its probabilities, having learned from all."""
        inputs, mask = self._prepared(batch, targets, number)
        loss, logits = self.learn(inputs, targets, self.shard.take(mask) / mask.sum())
        intact = int(self.shard.take(mask).all(axis=1).sum())  # they come first
        return loss, tf.sigmoid(logits[:intact])

    def _learn(
        self, inputs: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sum of the losses times `weights` (B, L), and the logits it was taken of."""
        with tf.GradientTape() as tape:
            logits = tf.cast(self.logits(inputs, training=True), tf.float32)
            loss = tf.reduce_sum(self.loss(logits, targets) * weights)
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss, logits

    def _prepared(
        self, batch: tf.Tensor, targets: tf.Tensor, number: tf.Tensor
    ) -> tuple[tf.Tensor, NDArray[np.float32]]:
        """Return what the network sees of step `number`, and the loss mask of the whole batch."""
        if batch.dtype != tf.uint8:  # features: there is nothing to turn or to recolour
            return batch, np.ones((self.shard.batch, targets.shape[1]), np.float32)
        seed = tf.stack([self.seed, number])
        return augment(scaled(batch), self.colours, seed, self.settings, self.shard)

    def mean(self, values: Sequence[float], count: int) -> list[float]:
        """Return the means over all workers of `values`, each a mean over `count` inputs here."""
        sums = self._sum(tf.constant([*(value * count for value in values), count], tf.float64))
        means: list[float] = (sums[:-1] / sums[-1]).numpy().tolist()
        return means

    def _sum_of_workers(self, values: tf.Tensor) -> tf.Tensor:
        return self.strategy.reduce("SUM", self.strategy.run(tf.identity, (values,)), axis=None)

    def _probabilities(self, batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(self.model(scaled(batch), training=False), tf.float32)

    def predict(self, inputs: "Inputs", indices: Indices, batch_size: int = 256) -> Floats:
        """Return (len(indices), L) float32 probabilities of the inputs at `indices`.

        Each worker computes its share, of at least one input, and gets all.
        """
        share = Shard.here(len(indices))
        mine = shard.take(indices)
        starts = range(0, len(mine), batch_size)
        predicted = np.concatenate(
            [self._predict(inputs[mine[i : i + batch_size]]).numpy() for i in starts]
        )
        whole = np.zeros((len(indices), predicted.shape[1]), np.float32)
        shard.take(whole)[:] = predicted
        return whole if share.workers == 1 else self._sum(tf.constant(whole)).numpy()
