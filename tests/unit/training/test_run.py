from typing import Any

import keras
import numpy as np
import pytest
from pyimagesearch.networks.build import Defaults, Recipe
from support.bars import SIDE, bars

from pyimagesearch.data import splits
from pyimagesearch.scoring import metrics
from pyimagesearch.training import loop, losses, run
from pyimagesearch.training.history import EpochMetrics

RECIPE = Recipe("factored", Defaults(SIDE, 1, 16, 5e-3), validation_share=0.25, seed=1)


def test_what_is_held_out_neither_trains_nor_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    data = bars()
    duplicate_groups = np.arange(96) // 3
    parts = splits.stratified_folds(data.labelsets, duplicate_groups, 3, seed=0)
    used = []
    genuine = loop.fit

    def spy(model: keras.Model, of_run: loop.Data, *rest: Any) -> list[EpochMetrics]:
        used.append(np.concatenate([of_run.training, of_run.validation]))
        return genuine(model, of_run, *rest)

    monkeypatch.setattr(loop, "fit", spy)
    held = list(run.cross_val_predict(data, parts[:2], duplicate_groups, RECIPE))
    for part, images, one in zip(parts[:2], used, held, strict=True):
        assert not set(duplicate_groups[images]) & set(duplicate_groups[part])
        assert len(images) + len(part) == 96
        assert one.indices.tolist() == part.tolist()
        assert one.predictions.predicted.shape == (len(part), 4)


def test_a_run_makes_a_tagger_that_has_learned() -> None:
    data = bars()
    ten = Recipe("factored", Defaults(SIDE, 10, 16, 5e-3), 0.25, seed=1)
    epochs: list[EpochMetrics] = []
    done = run.run(data, ten, epochs.append)
    assert epochs == done.epochs
    predictions = done.tagger.predict(data.inputs[data.validation])
    exact = metrics.exact_match(predictions.predicted, data.targets[data.validation])
    assert exact > 0.9
    assert done.tagger.config.pairs == ((0, 1), (0, 3), (1, 2), (2, 3))  # blue, flat, red, tall


def test_a_run_on_features_takes_its_loss_and_its_weights_from_the_recipe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(240, 3)).astype(np.float32)
    targets = np.stack([features[:, 0] > 0, features[:, 1] > 1], axis=1).astype(np.float32)
    split = np.arange(160), np.arange(160, 240)
    data = loop.Data(features, targets, ("often", "rare"), (), *split, ("a", "b", "c"))
    schedules = []
    genuine = loop.fit

    def spy(
        model: keras.Model, of_run: loop.Data, schedule: loop.Schedule, *rest: Any
    ) -> list[EpochMetrics]:
        schedules.append(schedule)
        return genuine(model, of_run, schedule, *rest)

    monkeypatch.setattr(loop, "fit", spy)
    recipe = Recipe("mlp", Defaults(0, 10, 16, 3e-3), 0.25, 1, "focal", positive_weights=True)
    done = run.run(data, recipe)
    assert schedules[0].loss == losses.Loss("focal", losses.balance(targets[:160]))
    assert done.tagger.config.features == ("a", "b", "c")
    assert set(done.tagger.config.thresholds) != {0.5}
    predicted = done.tagger.predict(features[160:]).predicted
    assert metrics.label_accuracy(predicted, targets[160:]) > 0.9
