from dataclasses import replace

import numpy as np
from support.bars import RECIPE, bars, build_network

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.scoring import metrics
from pyimagesearch.training.calibrate import calibrate
from pyimagesearch.training.fit import fit
from pyimagesearch.training.recipe import Recipe
from train import build_model


def test_the_calibrated_tagger_predicts_what_the_network_has_learned() -> None:
    data, recipe = bars(), replace(RECIPE, epochs=20)
    tagger = calibrate(fit(build_network, data, recipe), data, recipe)
    predictions = tagger.predict(data.inputs, data.validation)
    assert metrics.exact_match(predictions.predicted, data.targets[data.validation]) > 0.9
    assert tagger.config.pairs == ((0, 1), (0, 3), (1, 2), (2, 3))  # blue, flat, red, tall


def test_the_tagger_of_a_feature_table_knows_its_columns_and_has_tuned_thresholds() -> None:
    draw = np.random.default_rng(0)
    features = draw.normal(size=(240, 3)).astype(np.float32)
    targets = np.stack([features[:, 0] > 0, features[:, 1] > 1], axis=1).astype(np.float32)
    data = Dataset(
        *(features, targets, ("often", "rare"), ()),
        duplicate_groups=np.arange(240),
        training=np.arange(160),
        validation=np.arange(160, 240),
        feature_names=("a", "b", "c"),
    )
    recipe = Recipe("mlp", 0, 10, 16, 3e-3, loss="focal", positive_weights=True)
    tagger = calibrate(fit(build_model, data, recipe), data, recipe)
    assert tagger.config.features == ("a", "b", "c")
    assert set(tagger.config.thresholds) != {0.5}
    predicted = tagger.predict(features[160:]).predicted
    assert metrics.label_accuracy(predicted, targets[160:]) > 0.9
