"""Training with few photos: everything that is chosen comes from cross-validation.

With a few dozen photos a fifth of them says little about thresholds and scores. On a pretrained
backbone training takes a second or two, so five networks predict all photos without having seen
them, and the network that is saved is trained on all photos.
"""

from dataclasses import replace

import numpy as np

from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.model_file import predictors
from pyimagesearch.networks.pretrained import DISTANCE_LAYERS, copy_weights
from pyimagesearch.training import heads
from pyimagesearch.training.calibrate import Trained, trained
from pyimagesearch.training.loop import BuildModel, OnEpoch, ignore
from pyimagesearch.training.recipe import Recipe

FEW = 100  # validation photos
FOLDS = 5


def are_few(data: Dataset, recipe: Recipe) -> bool:
    """Return whether the validation photos are too few to choose anything on them.

    Those that the data itself holds out are used as they are, however few.
    """
    is_given = any(sample.split for sample in data.samples)
    return bool(recipe.backbone) and len(data.validation) < FEW and not is_given


def fit_few(build_model: BuildModel, data: Dataset, recipe: Recipe, on_epoch: OnEpoch) -> Trained:
    """Return a network trained on all inputs, with its outputs for all by cross-validation.

    The epochs are those of the first fold. Near-duplicates stay in one fold.
    """
    folds = splits.stratified_folds(data.labelsets, data.duplicate_groups, FOLDS, recipe.seed)
    runs = []
    for number, fold in enumerate(folds):
        rest = np.setdiff1d(np.arange(len(data.inputs)), fold)
        others = replace(data, training=rest, validation=fold)
        model = build_model(others, recipe)
        report = on_epoch if number == 0 else ignore
        runs.append(trained(model, heads.fit(model, others, recipe, report), others, recipe))
    every = np.arange(len(data.inputs))
    model = build_model(data, recipe)
    heads.fit(model, replace(data, training=every, validation=every), recipe)
    # Distances from training inputs to themselves are too small to compare others with.
    copy_weights(runs[0].model, model, DISTANCE_LAYERS)
    held_out = predictors.join([run.held_out for run in runs])
    return Trained(model, runs[0].history, held_out, np.concatenate(folds))
