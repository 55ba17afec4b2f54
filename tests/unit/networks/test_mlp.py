"""The network for feature tables: its layers, its ONNX export, and its training."""

import functools
from dataclasses import replace

import keras
import numpy as np
import onnxruntime
import pytest
from support import bars
from support.tables import LABELS, Floats, table

from pyimagesearch.data.dataset import Dataset, split
from pyimagesearch.model_file.onnx_export import to_onnx
from pyimagesearch.networks.mlp import MultiLabelMLP
from pyimagesearch.training import losses
from pyimagesearch.training.history import EpochMetrics, best_epoch
from pyimagesearch.training.recipe import Recipe
from train import build_model

RECIPE = Recipe("mlp", 0, epochs=6, batch_size=32, learning_rate=1e-2, seed=0)


def dataset(features: Floats, targets: Floats) -> Dataset:
    names = tuple(f"feature {number}" for number in range(features.shape[1]))
    indices = np.arange(len(features))
    return Dataset(
        *(features, targets, LABELS, ()),
        duplicate_groups=indices,
        training=indices,
        feature_names=names,
    )


def build_for(features: Floats) -> keras.Model:
    targets = np.zeros((len(features), len(LABELS)), np.float32)
    return build_model(dataset(features, targets), RECIPE)


@functools.cache
def trained(loss: str) -> tuple[keras.Model, Dataset, list[EpochMetrics]]:
    recipe = replace(RECIPE, loss=loss)
    data = split(dataset(*table()), fraction=0.25, seed=0)
    model, epochs = bars.trained(data, recipe, build_model)
    return model, data, epochs


def test_has_the_layers_of_the_tutorial_all_of_them_from_keras() -> None:
    model = MultiLabelMLP.build(20, 4)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [500, 100, 4]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "linear"]
    assert model.layers[-1].activation.__name__ == "sigmoid"
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.count_params() == 20 * 500 + 500 + 500 * 100 + 100 + 100 * 4 + 4


def test_standardises_its_input_even_if_a_feature_is_constant() -> None:
    features, _ = table()
    model = build_for(features)
    middle = keras.Model(model.inputs, model.layers[1].output)
    standard = np.asarray(middle(features))
    np.testing.assert_allclose(standard[:, :5].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(standard[:, :5].std(axis=0), 1, atol=1e-3)
    assert np.all(standard[:, 5] == 0)
    moved = features.copy()
    moved[:, 5] += 1
    assert np.abs(np.asarray(middle(moved))).max() < 10


@pytest.mark.parametrize("name", list(losses.FUNCTIONS))
def test_the_network_learns_to_rank_labels_with_every_loss(name: str) -> None:
    model, data, _ = trained(name)
    probabilities = np.asarray(model(data.inputs[data.validation]))
    targets = data.targets[data.validation]
    for column in range(2):
        applies = targets[:, column] == 1
        assert probabilities[applies, column].mean() > probabilities[~applies, column].mean() + 0.15


def test_the_network_learns_the_labels_with_the_default_loss() -> None:
    _, _, epochs = trained("bce")
    assert best_epoch(epochs).validation_label_accuracy > 0.9


def test_the_onnx_export_predicts_the_same_as_keras() -> None:
    features, _ = table(20)
    model = build_for(features)
    session = onnxruntime.InferenceSession(to_onnx(model, 1 / 255))
    (exported,) = session.run(["probabilities"], {"features": features})
    expected = np.asarray(model(features))
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(exported, expected, atol=1e-5)
