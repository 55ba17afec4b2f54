"""A network in training: the gradient step, on one machine and on several."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from pyimagesearch.data.dataset import Dataset, Floats, Inputs
from pyimagesearch.data.splits import Indices
from pyimagesearch.labels.groups import colour_columns
from pyimagesearch.training.augment import (
    Augmentation,
    augment,
    count_recoloured,
    draw,
    loss_mask,
)
from pyimagesearch.training.layers import to_training_model
from pyimagesearch.training.losses import balanced_weights, make_loss
from pyimagesearch.training.recipe import Recipe
from pyimagesearch.training.shard import Shard

AMPERE = (8, 0)  # the first GPUs with bfloat16 in hardware, which needs no scaling of the loss


@dataclass(frozen=True)
class Precision:
    """The number format of the network's multiplications, and whether XLA compiles the step.

    On two CPU cores bfloat16 is slower than float32, and XLA is no faster than TensorFlow's own
    kernels.
    """

    dtype_policy: str = "float32"
    is_compiled: bool = False

    @staticmethod
    def of_this_machine() -> "Precision":
        """Return what suits the first GPU, or the CPU if there is none."""
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return Precision()
        details = tf.config.experimental.get_device_details(gpus[0])
        has_bfloat16 = details.get("compute_capability", (0, 0)) >= AMPERE
        return Precision("mixed_bfloat16" if has_bfloat16 else "float32", is_compiled=True)


def scaled(inputs: tf.Tensor) -> tf.Tensor:
    """Return uint8 images as float32 in 0..1, and features unchanged."""
    return tf.cast(inputs, tf.float32) / 255 if inputs.dtype == tf.uint8 else inputs


class Trainer:
    """A network in training: its fast copy, its optimizer, and the compiled functions.

    Under a `tf.distribute` strategy of several workers each has a shard of every batch, and all
    take the step of the whole batch together; a single machine is a strategy of one.
    """

    def __init__(
        self,
        model: keras.Model,
        data: Dataset,
        recipe: Recipe,
        precision: Precision | None = None,
    ) -> None:
        """Prepare to train `model`, which ends in a sigmoid layer and is left as it is."""
        precision = precision or Precision.of_this_machine()
        self.strategy = tf.distribute.get_strategy()
        self.shard = Shard.current(recipe.batch_size)
        self.model = to_training_model(model, self.shard, precision.dtype_policy)
        # The loss is computed from the logits, where it is numerically stable.
        self.logits = keras.Model(self.model.inputs, self.model.layers[-1].input)
        self.optimizer = keras.optimizers.AdamW(
            recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        self.optimizer.build(self.model.trainable_variables)
        self.seed = recipe.seed
        rare = balanced_weights(data.targets[data.training]) if recipe.positive_weights else None
        self.loss = make_loss(recipe.loss, rare)
        self._set_up_augmentation(data, recipe)
        # XLA knows neither the warp nor the exchange between workers.
        is_compiled = precision.is_compiled and self.shard.workers == 1
        self._learn = (
            tf.function(self._gradient_step, jit_compile=True)
            if is_compiled
            else self._gradient_step
        )
        self._step = tf.function(self._batch_step)
        self._sum = tf.function(self._sum_over_workers)
        signature = tf.TensorSpec([None, *data.inputs.shape[1:]], data.inputs.dtype)
        self._predict = tf.function(self._probabilities, input_signature=[signature])

    def _set_up_augmentation(self, data: Dataset, recipe: Recipe) -> None:
        # A loss of pairs of labels cannot leave out the colours that recolouring makes wrong.
        is_ranking = recipe.loss == "ranking"
        self.augmentation = Augmentation(recoloured=0.0) if is_ranking else Augmentation()
        self.is_image = data.inputs.dtype == np.uint8
        self.side = data.inputs.shape[1]
        columns = colour_columns(data.groups, data.classes)
        is_colour = np.isin(np.arange(len(data.classes)), columns)
        batch = self.shard.batch
        self.recoloured = (
            count_recoloured(self.augmentation, batch, is_colour) if self.is_image else 0
        )
        self.mask = loss_mask(batch, self.recoloured, is_colour)

    def step(
        self, inputs: Inputs, targets: Floats, number: int, learning_rate: float
    ) -> tuple[float, Floats]:
        """Learn from this worker's shard of batch `number` of the run.

        Returns the loss of the whole batch, and the probabilities of those inputs of the shard
        that kept all their labels; these come first.
        """
        draws = np.zeros((len(inputs), 0), np.float32)
        if self.is_image:
            whole = draw(
                *(self.augmentation, self.seed, number),
                *(self.shard.batch, self.side, self.recoloured),
            )
            draws = self.shard.take(whole)
        loss, predicted = self._step(
            tf.constant(inputs), targets, draws, tf.constant(learning_rate, tf.float32)
        )
        return float(loss), predicted.numpy()

    def _batch_step(
        self, batch: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor, learning_rate: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        self.optimizer.learning_rate.assign(learning_rate)
        loss, predicted = self.strategy.run(self._replica_step, (batch, targets, draws))
        return self.strategy.reduce("SUM", loss, axis=None), predicted

    def _replica_step(
        self, batch: tf.Tensor, targets: tf.Tensor, draws: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the shard's part of the loss and its probabilities."""
        inputs = augment(scaled(batch), draws) if self.is_image else batch
        mask = self.shard.take(self.mask)
        loss, logits = self._learn(inputs, targets, mask / self.mask.sum())
        intact = int(mask.all(axis=1).sum())
        return loss, tf.sigmoid(logits[:intact])

    def _gradient_step(
        self, inputs: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return the sum of the losses times `weights` (B, L), and the logits."""
        with tf.GradientTape() as tape:
            logits = tf.cast(self.logits(inputs, training=True), tf.float32)
            loss = tf.reduce_sum(self.loss(logits, targets) * weights)
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss, logits

    def mean(self, values: Sequence[float], count: int) -> list[float]:
        """Return the means over all workers of `values`, each a mean over `count` inputs here."""
        sums = self._sum(tf.constant([*(value * count for value in values), count], tf.float64))
        means: list[float] = (sums[:-1] / sums[-1]).numpy().tolist()
        return means

    def _sum_over_workers(self, values: tf.Tensor) -> tf.Tensor:
        return self.strategy.reduce("SUM", self.strategy.run(tf.identity, (values,)), axis=None)

    def _probabilities(self, batch: tf.Tensor) -> tf.Tensor:
        return tf.cast(self.model(scaled(batch), training=False), tf.float32)

    def predict(self, inputs: Inputs, indices: Indices, batch_size: int = 256) -> Floats:
        """Return (len(indices), L) float32 probabilities of the inputs at `indices`.

        Each worker computes those of its shard, of at least one input, and gets all.
        """
        shard = Shard.current(len(indices))
        own = shard.take(indices)
        starts = range(0, len(own), batch_size)
        predicted = np.concatenate(
            [self._predict(inputs[own[start : start + batch_size]]).numpy() for start in starts]
        )
        whole: NDArray[np.float32] = np.zeros((len(indices), predicted.shape[1]), np.float32)
        shard.take(whole)[:] = predicted
        return whole if shard.workers == 1 else self._sum(tf.constant(whole)).numpy()
