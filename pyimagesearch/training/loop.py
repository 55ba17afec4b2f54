"""The training loop: epochs of gradient steps under one schedule; the best epoch is kept."""

import math
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Dataset, Floats
from pyimagesearch.scoring import metrics
from pyimagesearch.scoring.thresholds import apply_thresholds, default_thresholds
from pyimagesearch.training.checkpoint import Checkpoint, State
from pyimagesearch.training.history import EpochMetrics, best_epoch
from pyimagesearch.training.recipe import Recipe
from pyimagesearch.training.step import Trainer

WARM_UP = 0.25  # of all steps

BuildModel = Callable[[Dataset, Recipe], keras.Model]
OnEpoch = Callable[[EpochMetrics], None]


def ignore(_: EpochMetrics) -> None:
    """Report nothing after an epoch."""


def fit(
    model: keras.Model,
    data: Dataset,
    recipe: Recipe,
    on_epoch: OnEpoch = ignore,
    checkpoint: Checkpoint | None = None,
) -> list[EpochMetrics]:
    """Train `model` in place, with a progress bar; see `run_epochs`.

    Raises KeyboardInterrupt between two steps if Ctrl-C or SIGTERM asked for the end.
    """
    steps = steps_per_epoch(data, recipe)
    with (
        console.defer_interrupts() as stop_if_asked,
        tqdm(
            total=recipe.epochs * steps,
            initial=checkpoint.epochs_done * steps if checkpoint else 0,
            desc="training",
            unit="step",
            file=sys.stderr,
            disable=None,
        ) as bar,
    ):

        def on_step() -> None:
            bar.update()
            stop_if_asked()

        return run_epochs(model, data, recipe, on_step, on_epoch, checkpoint)


def run_epochs(
    model: keras.Model,
    data: Dataset,
    recipe: Recipe,
    on_step: Callable[[], object],
    on_epoch: OnEpoch,
    checkpoint: Checkpoint | None = None,
) -> list[EpochMetrics]:
    """Train `model` in place and return its epochs; its weights are those of the best epoch.

    `on_step` is called after each step, `on_epoch` after each epoch. The same seed gives the same
    weights on the same machine, also if the run continues from its `checkpoint`, which is written
    after each epoch. Raises CommandError if the loss diverges, or if a step does not fit into
    memory.

    Each worker of a `tf.distribute` strategy calls it with the same arguments, reads only its
    shards of the inputs, and gets the same result.
    """
    trainer = Trainer(model, data, recipe)
    steps = steps_per_epoch(data, recipe)
    order = np.random.default_rng(recipe.seed)
    epochs: list[EpochMetrics] = []
    state = State(trainer.model, trainer.optimizer, model, order, epochs)
    if checkpoint is not None:
        checkpoint.restore(state)
    for number in range(len(epochs), recipe.epochs):
        start = time.perf_counter()
        # Whole batches only: the last one is filled up from the start of the shuffled epoch.
        shuffled = np.resize(order.permutation(data.training), steps * recipe.batch_size)
        losses, probabilities, seen = [], [], []
        for index in range(steps):
            batch = shuffled[index * recipe.batch_size : (index + 1) * recipe.batch_size]
            chosen = trainer.shard.take(batch)
            done = number * steps + index
            rate = one_cycle(done, recipe.epochs * steps, recipe.learning_rate)
            loss, predicted = _step(trainer, data, chosen, done, rate)
            losses.append(loss)
            probabilities.append(predicted)
            seen.append(chosen[: len(predicted)])
            on_step()
        epoch = _evaluate_epoch(
            *(trainer, data, number + 1, start, float(np.mean(losses))),
            np.concatenate(probabilities),
            data.targets[np.concatenate(seen)],
        )
        if not math.isfinite(epoch.loss + epoch.validation_loss):
            raise CommandError(
                f"the loss became NaN or infinite in epoch {epoch.number}; lower --learning-rate"
            )
        epochs.append(epoch)
        if best_epoch(epochs) is epoch:
            model.set_weights(trainer.model.get_weights())
        if checkpoint is not None and trainer.shard.rank == 0:
            checkpoint.save(state)
        on_epoch(epoch)
    return epochs


def _step(
    trainer: Trainer, data: Dataset, chosen: np.ndarray, number: int, rate: float
) -> tuple[float, Floats]:
    try:
        return trainer.step(data.inputs[chosen], data.targets[chosen], number, rate)
    except tf.errors.ResourceExhaustedError:
        raise CommandError(
            f"a step of {trainer.shard.batch} does not fit into memory; lower --batch-size or "
            "--image-size"
        ) from None


def _evaluate_epoch(
    trainer: Trainer,
    data: Dataset,
    number: int,
    start: float,
    loss: float,
    probabilities: Floats,
    targets: Floats,
) -> EpochMetrics:
    """Return the scores of one epoch, on what it trained on and on the validation inputs."""
    exact, per_label = trainer.mean(accuracies(data, probabilities, targets), len(targets))
    held_out = trainer.predict(data.inputs, data.validation)
    held_out_targets = data.targets[data.validation]
    return EpochMetrics(
        number,
        time.perf_counter() - start,
        loss,
        exact,
        per_label,
        cross_entropy(held_out_targets, held_out),
        *accuracies(data, held_out, held_out_targets),
        metrics.mean_average_precision(held_out, held_out_targets),
    )


def accuracies(data: Dataset, probabilities: Floats, targets: Floats) -> tuple[float, float]:
    """Return exact match and per-label accuracy of (N, L) probabilities at fixed thresholds."""
    limits = default_thresholds(data.groups, data.classes)
    predicted = apply_thresholds(probabilities, limits, data.groups, data.classes)
    return metrics.exact_match(predicted, targets), metrics.label_accuracy(predicted, targets)


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


def steps_per_epoch(data: Dataset, recipe: Recipe) -> int:
    """Return how many batches hold every training input once."""
    return math.ceil(len(data.training) / recipe.batch_size)
