"""From a trained network to a tagger: what is chosen on the validation inputs."""

from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import keras_predictor
from pyimagesearch.scoring import calibration, rejection, thresholds
from pyimagesearch.tagger import Tagger
from pyimagesearch.training.recipe import Recipe


def calibrate(model: keras.Model, data: Dataset, recipe: Recipe) -> Tagger:
    """Return `model` as a tagger; its temperatures, thresholds and rejection of unknown inputs
    are chosen on the validation inputs of `data`.
    """
    config = TaggerConfig(
        architecture=recipe.architecture,
        image_size=recipe.image_size,
        labels=tuple(data.classes),
        thresholds=tuple(map(float, thresholds.default_thresholds(data.groups, data.classes))),
        groups=tuple(data.groups),
        pairs=pairs_seen(data.targets[data.training]),
        features=tuple(data.feature_names),
    )
    network = keras_predictor(model, config)
    uncalibrated = Tagger(config, network).predict(data.inputs, data.validation).uncalibrated
    targets = data.targets[data.validation]
    temperatures = calibration.choose_temperatures(uncalibrated, targets, data.groups, data.classes)
    probabilities = calibration.calibrate(uncalibrated, temperatures)
    chosen = thresholds.choose(probabilities, targets, data.groups, data.classes)
    config = replace(
        config,
        thresholds=tuple(chosen.tolist()),
        temperatures=tuple(temperatures.tolist()),
        # Without groups the threshold of each label already leaves unknown inputs without tags.
        energy_threshold=rejection.energy_threshold(uncalibrated, targets) if data.groups else 0.0,
    )
    return Tagger(config, network)


def pairs_seen(targets: NDArray[np.float32]) -> tuple[tuple[int, int], ...]:
    """Return, sorted, the pairs of columns of (N, L) multi-hot `targets` that occur together."""
    together = np.argwhere(np.triu(targets.T @ targets, 1))
    return tuple((int(first), int(second)) for first, second in together)
