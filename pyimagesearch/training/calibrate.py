"""From a trained network to a tagger: what is chosen on inputs that it was not trained on."""

from dataclasses import dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.data.dataset import Dataset, Inputs
from pyimagesearch.data.splits import Indices
from pyimagesearch.labels.groups import colour_columns
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import Outputs, Predict, keras_predictor, outputs_of
from pyimagesearch.scoring import calibration, rejection, thresholds
from pyimagesearch.tagger import Tagger, run_network
from pyimagesearch.training.features import network_inputs
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.recipe import Recipe


@dataclass(frozen=True)
class Trained:
    """A trained network, and its outputs for inputs that it was not trained on."""

    model: keras.Model
    history: list[EpochMetrics]
    held_out: Outputs
    indices: Indices  # of those inputs


def trained(
    model: keras.Model, history: list[EpochMetrics], data: Dataset, recipe: Recipe
) -> Trained:
    """Return `model` with its outputs for the validation inputs of `data`."""
    network = as_network(model, data, recipe)
    held_out = run_network(network, data.inputs, data.validation)
    return Trained(model, history, held_out, data.validation)


def calibrate(run: Trained, data: Dataset, recipe: Recipe) -> Tagger:
    """Return the network of `run` as a tagger.

    Its temperatures, its thresholds and the limits beyond which inputs are unknown are chosen on
    the inputs that the network was not trained on.
    """
    uncalibrated, targets = run.held_out.probabilities, data.targets[run.indices]
    temperatures = calibration.choose_temperatures(uncalibrated, targets, data.groups, data.classes)
    probabilities = calibration.calibrate(uncalibrated, temperatures)
    chosen = thresholds.choose(probabilities, targets, data.groups, data.classes)
    colours = colour_columns(data.groups, data.classes)
    is_coloured = (targets[:, colours] > 0).any(axis=1)
    if run.held_out.distances.shape[1] > 1 and is_coloured.any():
        best = probabilities[is_coloured][:, colours].max(axis=1)
        chosen[colours] = np.maximum(chosen[colours], rejection.colour_threshold(best))
    # Networks without distances are judged by their energy. Without groups the threshold of each
    # label already leaves unknown inputs without tags.
    uses_energy = data.groups and not run.held_out.distances.shape[1]
    config = replace(
        _default_config(data, recipe),
        thresholds=tuple(chosen.tolist()),
        temperatures=tuple(temperatures.tolist()),
        energy_threshold=rejection.energy_threshold(uncalibrated, targets) if uses_energy else 0.0,
        distance_limits=rejection.distance_limits(run.held_out.distances, targets),
    )
    return Tagger(config, as_network(run.model, data, recipe))


def as_network(model: keras.Model, data: Dataset, recipe: Recipe) -> Predict:
    """Return `model` as a function of the inputs of `data`."""
    if not recipe.backbone:
        return keras_predictor(model, _default_config(data, recipe))

    def predict(rows: Inputs) -> Outputs:
        return outputs_of(model(network_inputs(rows)))

    return predict


def _default_config(data: Dataset, recipe: Recipe) -> TaggerConfig:
    return TaggerConfig(
        architecture=recipe.architecture,
        image_size=recipe.image_size,
        labels=tuple(data.classes),
        thresholds=tuple(map(float, thresholds.default_thresholds(data.groups, data.classes))),
        groups=tuple(data.groups),
        pairs=pairs_seen(data.targets[data.training]),
        features=tuple(data.feature_names),
    )


def pairs_seen(targets: NDArray[np.float32]) -> tuple[tuple[int, int], ...]:
    """Return, sorted, the pairs of columns of (N, L) multi-hot `targets` that occur together."""
    together = np.argwhere(np.triu(targets.T @ targets, 1))
    return tuple((int(first), int(second)) for first, second in together)
