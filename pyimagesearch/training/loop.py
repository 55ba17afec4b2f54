"""The fit loop: one step, one schedule, the best epoch kept."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch.console import CommandError
from pyimagesearch.data.splits import Indices, stratified_split
from pyimagesearch.labels import Sample
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.predictors import Inputs
from pyimagesearch.scoring import metrics, thresholds
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.checkpoint import Checkpoint, State
from pyimagesearch.training.history import EpochMetrics, best_epoch
from pyimagesearch.training.losses import Loss
from pyimagesearch.training.step import Floats, Trainer

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
    def labelsets(self) -> list[tuple[str, ...]]:
        """The labels of each input, sorted."""
        names = np.array(self.classes, object)
        return [tuple(sorted(names[row > 0])) for row in self.targets]


def prepare(
    samples: Sequence[Sample],
    inputs: Inputs,
    groups: Sequence[LabelGroup],
    duplicate_groups: Indices,
    validation_share: float,
    seed: int,
    features: Sequence[str] = (),
) -> tuple[Data, MultiLabelBinarizer]:
    """Return `samples` binarized and split, beside the fitted binarizer.

    Near-duplicates, which share a number in `duplicate_groups` (N,), stay on one side. `features` are the
    names of the columns of `inputs` where those are a table's.
    """
    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform([sample.labels for sample in samples]).astype(np.float32)
    labelsets = [sample.labels for sample in samples]
    training, validation = stratified_split(labelsets, duplicate_groups, validation_share, seed)
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


def fit(
    model: keras.Model,
    data: Data,
    schedule: Schedule,
    settings: Augmentation,
    on_step: Callable[[], object],
    on_epoch: Callable[[EpochMetrics], None],
    checkpoint: Checkpoint | None = None,
) -> list[EpochMetrics]:
    """Train `model` in place and return its epochs; the weights are those of the best one.

    `on_step` is called after each step, `on_epoch` after each epoch. The same seed gives the
    same weights on the same machine, also where the run goes on from its `checkpoint`, which is
    written after each epoch. Raises CommandError where the loss diverges, and where a step does
    not fit into memory.

    Each worker of a `tf.distribute` strategy calls it with the same arguments, reads only its
    shares of the inputs, and gets the same result.
    """
    trainer = Trainer(model, data, schedule, settings)
    batch, steps = schedule.batch_size, steps_per_epoch(data, schedule)
    order = np.random.default_rng(schedule.seed)
    epochs: list[EpochMetrics] = []
    state = State(trainer.model, trainer.optimizer, model, order, epochs)
    if checkpoint is not None:
        checkpoint.restore(state)

    def scores(probabilities: Floats, targets: Floats) -> tuple[float, float]:
        limits = thresholds.default_thresholds(data.groups, data.classes)
        predicted = thresholds.apply_thresholds(probabilities, limits, data.groups, data.classes)
        return metrics.exact_match(predicted, targets), metrics.label_accuracy(predicted, targets)

    for number in range(len(epochs), schedule.epochs):
        start = time.perf_counter()
        # Whole batches only: the last one is filled up from the start of the shuffled epoch.
        shuffled = np.resize(order.permutation(data.training), steps * batch)
        losses, probabilities, seen = [], [], []
        for index in range(steps):
            chosen = trainer.shard.take(shuffled[index * batch : (index + 1) * batch])
            done = number * steps + index
            rate = one_cycle(done, schedule.epochs * steps, schedule.learning_rate)
            try:
                loss, predicted = trainer.step(
                    data.inputs[chosen], data.targets[chosen], tf.constant(done), tf.constant(rate)
                )
            except tf.errors.ResourceExhaustedError:
                raise CommandError(
                    f"a step of {batch} does not fit into memory; lower --batch-size or "
                    "--image-size"
                ) from None
            losses.append(float(loss))
            probabilities.append(predicted.numpy())
            seen.append(chosen[: len(predicted)])
            on_step()
        here = scores(np.concatenate(probabilities), data.targets[np.concatenate(seen)])
        exact, per_label = trainer.mean(here, sum(map(len, seen)))
        held_out = trainer.predict(data.inputs, data.validation)
        held_out_targets = data.targets[data.validation]
        epoch = EpochMetrics(
            number + 1,
            time.perf_counter() - start,
            float(np.mean(losses)),
            exact,
            per_label,
            cross_entropy(held_out_targets, held_out),
            *scores(held_out, held_out_targets),
            metrics.mean_average_precision(held_out, held_out_targets),
        )
        if not math.isfinite(epoch.loss + epoch.validation_loss):
            raise CommandError(
                f"the loss is no number any more in epoch {epoch.number}; lower --learning-rate"
            )
        epochs.append(epoch)
        if best_epoch(epochs) is epoch:
            model.set_weights(trainer.model.get_weights())
        if checkpoint is not None and trainer.shard.rank == 0:
            checkpoint.save(state)
        on_epoch(epoch)
    return epochs
