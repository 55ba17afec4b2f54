"""The fit loop: one step, one schedule, the best epoch kept."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch import metrics, thresholds
from pyimagesearch.augment import Augmentation, Share, augment
from pyimagesearch.checkpoints import Checkpoint, State
from pyimagesearch.console import CommandError
from pyimagesearch.fused import with_fused_normalization
from pyimagesearch.history import Epoch, best_epoch
from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.labels import Sample
from pyimagesearch.losses import Loss
from pyimagesearch.networks import colour_columns
from pyimagesearch.splits import Indices, stratified_split

Inputs = NDArray[np.uint8] | NDArray[np.float32]
Floats = NDArray[np.float32]
WARM_UP = 0.25  # of all steps
DEFAULT_LOSS = Loss()


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn."""

    epochs: int
    batch_size: int
    learning_rate: float  # at the peak of the one-cycle schedule
    seed: int
    weight_decay: float = 1e-2
    loss: Loss = DEFAULT_LOSS


@dataclass(frozen=True)
class Data:
    """What a run learns from; `inputs` are images, (N, S, S, 3) uint8 RGB, or the features of a
    table, (N, F) float32, whose names are `features`; `targets` is (N, L) multi-hot."""

    inputs: Inputs
    targets: Floats
    classes: Sequence[str]
    groups: Sequence[LabelGroup]
    training: Indices
    validation: Indices
    features: Sequence[str] = ()

    @cached_property
    def combinations(self) -> list[tuple[str, ...]]:
        """The labels of each input, sorted."""
        names = np.array(self.classes, object)
        return [tuple(sorted(names[row > 0])) for row in self.targets]


def prepare(
    samples: Sequence[Sample],
    inputs: Inputs,
    groups: Sequence[LabelGroup],
    clusters: Indices,
    validation_share: float,
    seed: int,
    features: Sequence[str] = (),
) -> tuple[Data, MultiLabelBinarizer]:
    """Return `samples` binarized and split, beside the fitted binarizer.

    Near-duplicates, which share a number in `clusters` (N,), stay on one side. `features` are the
    names of the columns of `inputs` where those are a table's.
    """
    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform([sample.labels for sample in samples]).astype(np.float32)
    combinations = [sample.labels for sample in samples]
    training, validation = stratified_split(combinations, clusters, validation_share, seed)
    classes = tuple(map(str, binarizer.classes_))
    return Data(inputs, targets, classes, groups, training, validation, features), binarizer


def one_cycle(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of `step`: up to `peak` over the first quarter, then down to 0.

    Smith, "A disciplined approach to neural network hyper-parameters",
    https://arxiv.org/abs/1803.09820.
    """
    done = (step + 1) / (steps + 1)
    return peak * min(done / WARM_UP, (1 - done) / (1 - WARM_UP))


def cross_entropy(targets: Floats, probabilities: Floats) -> float:
    """Return the mean binary cross-entropy of (N, L) probabilities."""
    clipped = np.clip(probabilities, 1e-7, 1 - 1e-7)
    return float(-np.mean(targets * np.log(clipped) + (1 - targets) * np.log(1 - clipped)))


def steps_per_epoch(data: Data, schedule: Schedule) -> int:
    """Return how many batches hold every training image once."""
    return math.ceil(len(data.training) / schedule.batch_size)


def scaled(inputs: tf.Tensor) -> tf.Tensor:
    """Return uint8 images as float32 in 0..1, and features as they are."""
    return tf.cast(inputs, tf.float32) / 255 if inputs.dtype == tf.uint8 else inputs


class Trainer:
    """A network in training: its fused copy, its optimizer, and the compiled functions.

    Under a `tf.distribute` strategy of several workers, each has its share of every batch, and all
    take the step of the whole batch together; a single machine is a strategy of one.
    """

    def __init__(
        self, model: keras.Model, data: Data, schedule: Schedule, settings: Augmentation
    ) -> None:
        """Prepare to train `model`, which ends in a sigmoid layer and is left as it is."""
        self.model = with_fused_normalization(model)
        # The loss is taken before the sigmoid, where it is stable.
        self.logits = keras.Model(self.model.inputs, self.model.layers[-1].input)
        self.optimizer = keras.optimizers.AdamW(
            schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        self.optimizer.build(self.model.trainable_variables)
        self.strategy = tf.distribute.get_strategy()
        worker = self.strategy.cluster_resolver
        rank, workers = worker.task_id if worker else 0, self.strategy.num_replicas_in_sync
        self.share = Share(schedule.batch_size, rank, workers)
        self.seed = schedule.seed
        self.settings = settings
        colours = colour_columns(data.groups, data.classes)
        self.colours = np.isin(np.arange(len(data.classes)), colours)
        self.loss = schedule.loss.function()
        self.step = tf.function(self._step)
        signature = tf.TensorSpec([None, *data.inputs.shape[1:]], data.inputs.dtype)
        self._sum = tf.function(self._sum_of_workers)
        self._predict = tf.function(self._probabilities, input_signature=[signature])

    def separate_dropout(self) -> None:
        """Have each worker draw its own dropout, where all have just been brought to one state."""
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout):
                layer.seed_generator.state.assign_add([self.share.rank, 0])

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
        with tf.GradientTape() as tape:
            logits = self.logits(inputs, training=True)
            losses = self.loss(logits, targets)
            loss = tf.reduce_sum(losses * self.share.of(mask)) / mask.sum()
        variables = self.model.trainable_variables
        gradients = tape.gradient(loss, variables)
        self.optimizer.apply_gradients(zip(gradients, variables, strict=True))
        intact = int(self.share.of(mask).all(axis=1).sum())  # they come first
        return loss, tf.sigmoid(logits[:intact])

    def _prepared(
        self, batch: tf.Tensor, targets: tf.Tensor, number: tf.Tensor
    ) -> tuple[tf.Tensor, NDArray[np.float32]]:
        """Return what the network sees of step `number`, and the loss mask of the whole batch."""
        if batch.dtype != tf.uint8:  # features: there is nothing to turn or to recolour
            return batch, np.ones((self.share.batch, targets.shape[1]), np.float32)
        seed = tf.stack([self.seed, number])
        return augment(scaled(batch), self.colours, seed, self.settings, self.share)

    def mean(self, values: Sequence[float], count: int) -> list[float]:
        """Return the means over all workers of `values`, each a mean over `count` inputs here."""
        sums = self._sum(tf.constant([*(value * count for value in values), count], tf.float64))
        means: list[float] = (sums[:-1] / sums[-1]).numpy().tolist()
        return means

    def _sum_of_workers(self, values: tf.Tensor) -> tf.Tensor:
        return self.strategy.reduce("SUM", self.strategy.run(tf.identity, (values,)), axis=None)

    def _probabilities(self, batch: tf.Tensor) -> tf.Tensor:
        return self.model(scaled(batch), training=False)

    def predict(self, inputs: Inputs, indices: Indices, batch_size: int = 256) -> Floats:
        """Return (len(indices), L) float32 probabilities of the inputs at `indices`."""
        starts = range(0, len(indices), batch_size)
        return np.concatenate(
            [self._predict(inputs[indices[i : i + batch_size]]).numpy() for i in starts]
        )


def fit(
    model: keras.Model,
    data: Data,
    schedule: Schedule,
    settings: Augmentation,
    on_step: Callable[[], object],
    on_epoch: Callable[[Epoch], None],
    checkpoint: Checkpoint | None = None,
) -> list[Epoch]:
    """Train `model` in place and return its epochs; the weights are those of the best one.

    `on_step` is called after each step, `on_epoch` after each epoch. The same seed gives the
    same weights on the same machine, also where the run goes on from its `checkpoint`, which is
    written after each epoch. Raises CommandError where the loss diverges.

    Each worker of a `tf.distribute` strategy calls it with the same arguments, reads only its
    shares of the inputs, and gets the same result.
    """
    trainer = Trainer(model, data, schedule, settings)
    batch, steps = schedule.batch_size, steps_per_epoch(data, schedule)
    order = np.random.default_rng(schedule.seed)
    epochs: list[Epoch] = []
    state = State(trainer.model, trainer.optimizer, model, order, epochs)
    if checkpoint is not None:
        checkpoint.restore(state)
    trainer.separate_dropout()

    def scores(probabilities: Floats, targets: Floats) -> list[float]:
        """Return cross-entropy, exact match and label accuracy over the inputs of all workers."""
        limits = thresholds.default_thresholds(data.groups, data.classes)
        decided = thresholds.decide(probabilities, limits, data.groups, data.classes)
        here = (
            cross_entropy(targets, probabilities),
            metrics.exact_match(decided, targets),
            metrics.label_accuracy(decided, targets),
        )
        return trainer.mean(here, len(targets))

    for number in range(len(epochs), schedule.epochs):
        start = time.perf_counter()
        # Whole batches only: the last one is filled up from the start of the shuffled epoch.
        shuffled = np.resize(order.permutation(data.training), steps * batch)
        losses, probabilities, seen = [], [], []
        for index in range(steps):
            chosen = trainer.share.of(shuffled[index * batch : (index + 1) * batch])
            done = number * steps + index
            rate = one_cycle(done, schedule.epochs * steps, schedule.learning_rate)
            loss, predicted = trainer.step(
                data.inputs[chosen], data.targets[chosen], tf.constant(done), tf.constant(rate)
            )
            losses.append(float(loss))
            probabilities.append(predicted.numpy())
            seen.append(chosen[: len(predicted)])
            on_step()
        held_out = trainer.share.of(data.validation)
        validation = scores(trainer.predict(data.inputs, held_out), data.targets[held_out])
        epoch = Epoch(
            number + 1,
            time.perf_counter() - start,
            float(np.mean(losses)),
            *scores(np.concatenate(probabilities), data.targets[np.concatenate(seen)])[1:],
            *validation,
        )
        if not math.isfinite(epoch.loss + epoch.validation_loss):
            raise CommandError(
                f"the loss is no number any more in epoch {epoch.number}; lower --learning-rate"
            )
        epochs.append(epoch)
        if best_epoch(epochs) is epoch:
            model.set_weights(trainer.model.get_weights())
        if checkpoint is not None and trainer.share.rank == 0:
            checkpoint.save(state)
        on_epoch(epoch)
    return epochs
