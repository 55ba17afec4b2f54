"""Training of the heads on a pretrained backbone: first the shapes, then the colours.

The shape labels are a linear head on the embeddings, in closed form. With it, the class activation
maps are fixed, and the colour pathway learns by gradient steps which colour the patches have there.
"""

import math
import time
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.data.dataset import Dataset, Floats
from pyimagesearch.data.splits import Indices
from pyimagesearch.labels.groups import pathway_colours
from pyimagesearch.networks.pretrained import Spec, build_colour_pathway, copy_weights
from pyimagesearch.scoring import metrics
from pyimagesearch.training.colour import ColourTrainer
from pyimagesearch.training.features import network_inputs
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.loop import (
    OnEpoch,
    accuracies,
    cross_entropy,
    ignore,
    one_cycle,
    steps_per_epoch,
)
from pyimagesearch.training.novelty import set_colour_distance, set_distances
from pyimagesearch.training.recipe import Recipe
from pyimagesearch.training.ridge import fit_linear_head

BATCH = 256  # rows that the heads see at a time


def heads_of(data: Dataset, recipe: Recipe) -> Spec:
    """Return which heads the labels of `data` need."""
    colours = pathway_colours(data.groups, data.classes)
    return Spec(recipe.image_size, len(data.classes), tuple(colours))


def count_epochs(data: Dataset, recipe: Recipe) -> int:
    """Return how many epochs `fit` trains: enough for `recipe.fewest_steps`, 1 without colours."""
    if not heads_of(data, recipe).colours:
        return 1
    return max(recipe.epochs, math.ceil(recipe.fewest_steps / steps_per_epoch(data, recipe)))


def fit(
    model: keras.Model, data: Dataset, recipe: Recipe, on_epoch: OnEpoch = ignore
) -> list[EpochMetrics]:
    """Train the heads `model` in place and return the epochs of the colour pathway.

    Without colours there is one epoch: the linear head. The validation inputs choose
    nothing here. The same seed gives the same weights on the same machine. Raises
    KeyboardInterrupt between two steps if Ctrl-C or SIGTERM asked for the end.
    """
    spec = heads_of(data, recipe)
    start = time.perf_counter()
    _fit_shapes(model, data, spec)
    if not spec.colours:
        epoch = _evaluate_shapes(model, data, start)
        on_epoch(epoch)
        return [epoch]
    return _ColourFit(model, data, recipe, spec).run(on_epoch)


def _fit_shapes(model: keras.Model, data: Dataset, spec: Spec) -> None:
    """Fit the shape head, the maps that follow from it, and the distances."""
    head = fit_linear_head(
        data.inputs["embedding"][data.training],
        data.targets[data.training][:, spec.shapes],
        data.duplicate_groups[data.training],
    )
    model.get_layer("shape_head").set_weights([head.kernel, head.bias])
    if spec.colours:
        model.get_layer("maps").set_weights([head.kernel[None, None]])
    set_distances(model, data, spec)


def _evaluate_shapes(model: keras.Model, data: Dataset, start: float) -> EpochMetrics:
    return _epoch_metrics(
        *(data, 1, start, 0.0),
        predict(model, data, data.training),
        data.training,
        predict(model, data, data.validation),
    )


def predict(model: keras.Model, data: Dataset, indices: Indices) -> Floats:
    """Return the probabilities (len(indices), L) that the heads give."""
    batches = (indices[i : i + BATCH] for i in range(0, len(indices), BATCH))
    parts = [model(network_inputs(data.inputs[batch]))[0].numpy() for batch in batches]
    return np.concatenate(parts)


def _epoch_metrics(
    data: Dataset,
    number: int,
    start: float,
    loss: float,
    training: Floats,
    indices: Indices,
    validation: Floats,
) -> EpochMetrics:
    """Return the scores of the probabilities on the inputs at `indices` and for validation."""
    held_out = data.targets[data.validation]
    return EpochMetrics(
        number,
        time.perf_counter() - start,
        loss or cross_entropy(data.targets[indices], training),
        *accuracies(data, training, data.targets[indices]),
        cross_entropy(held_out, validation),
        *accuracies(data, validation, held_out),
        metrics.mean_average_precision(validation, held_out),
    )


@dataclass
class _Seen:
    """What the shape pathway found in every row: logits (N, S) and maps (N, cells, cells, 1)."""

    logits: Floats
    maps: Floats


class _ColourFit:
    """The epochs of the colour pathway."""

    def __init__(self, model: keras.Model, data: Dataset, recipe: Recipe, spec: Spec) -> None:
        self.model, self.data, self.recipe, self.spec = model, data, recipe, spec
        keras.utils.set_random_seed(recipe.seed)
        self.pathway = build_colour_pathway(spec)
        self.trainer = ColourTrainer(
            self.pathway, recipe.batch_size, recipe.learning_rate, recipe.weight_decay
        )
        self.pictures = data.inputs["picture"]
        self.colours = data.targets[:, list(spec.colours)]
        self.seen = self._look()

    def _look(self) -> _Seen:
        """Run the shape pathway over all rows."""
        outputs = [self.model.get_layer(name).output for name in ("shape_head", "evidence")]
        pathway = keras.Model(self.model.inputs, outputs)
        found = []
        for begin in range(0, len(self.data.inputs), BATCH):
            inputs = network_inputs(self.data.inputs[begin : begin + BATCH])
            found.append([part.numpy() for part in pathway(inputs)])
        logits, maps = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return _Seen(logits, maps)

    def run(self, on_epoch: OnEpoch) -> list[EpochMetrics]:
        """Train, and leave the result in the model."""
        recipe, training = self.recipe, self.data.training
        per_epoch = steps_per_epoch(self.data, recipe)
        epochs = count_epochs(self.data, recipe)
        draw = np.random.default_rng(recipe.seed)
        history: list[EpochMetrics] = []
        with (
            console.defer_interrupts() as stop_if_asked,
            tqdm(total=epochs * per_epoch, desc="training", unit="step", disable=None) as bar,
        ):
            for number in range(epochs):
                start = time.perf_counter()
                order, others = (
                    np.resize(draw.permutation(training), per_epoch * recipe.batch_size)
                    for _ in range(2)
                )
                losses, logits = [], []
                for step in range(per_epoch):
                    rows = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
                    done = number * per_epoch + step
                    rate = one_cycle(done, epochs * per_epoch, recipe.learning_rate)
                    loss, predicted = self._step(order[rows], others[rows], rate)
                    losses.append(loss)
                    logits.append(predicted)
                    bar.update()
                    stop_if_asked()
                history.append(
                    self._evaluate(
                        number + 1, start, float(np.mean(losses)), order, np.concatenate(logits)
                    )
                )
                on_epoch(history[-1])
        self.pathway.set_weights(self.trainer.model.get_weights())
        copy_weights(self.pathway, self.model)
        self._set_colour_distance()
        return history

    def _set_colour_distance(self) -> None:
        """Fit the mean colours of each label where the attention of the network is."""
        means = keras.Model(self.model.inputs, self.model.get_layer("mean_colour").output)
        training = self.data.training
        parts = [
            means(network_inputs(self.data.inputs[training[i : i + BATCH]])).numpy()
            for i in range(0, len(training), BATCH)
        ]
        set_colour_distance(self.model, np.concatenate(parts), self.colours[training])

    def _step(self, rows: Indices, others: Indices, rate: float) -> tuple[float, Floats]:
        background = self.pictures[others[: self.trainer.painted]]
        return self.trainer.step(
            self.pictures[rows], self.seen.maps[rows], background, self.colours[rows], rate
        )

    def _evaluate(
        self, number: int, start: float, loss: float, order: Indices, logits: Floats
    ) -> EpochMetrics:
        held_out = self.data.validation
        predicted = [
            self.trainer.predict(self.pictures[part], self.seen.maps[part])
            for part in (held_out[i : i + BATCH] for i in range(0, len(held_out), BATCH))
        ]
        return _epoch_metrics(
            *(self.data, number, start, loss),
            self._probabilities(order, logits),
            order,
            self._probabilities(held_out, np.concatenate(predicted)),
        )

    def _probabilities(self, rows: Indices, colour_logits: NDArray[np.floating]) -> Floats:
        """Return (n, L) probabilities of `rows` from the logits of both pathways."""
        logits = np.zeros((len(rows), self.spec.labels), np.float32)
        logits[:, list(self.spec.colours)] = colour_logits
        logits[:, self.spec.shapes] = self.seen.logits[rows]
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
