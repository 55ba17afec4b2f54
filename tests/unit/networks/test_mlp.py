"""The network for feature tables: its layers, its ONNX export, and that it learns."""

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

RECIPE = Recipe("mlp", 0, 25, 32, 3e-3, validation=0.25, seed=0)


def dataset(features: Floats, targets: Floats) -> Dataset:
    names = tuple(f"feature {number}" for number in range(features.shape[1]))
    every = np.arange(len(features))
    return Dataset(
        *(features, targets, LABELS, ()),
        duplicate_groups=every,
        training=every,
        feature_names=names,
    )


def build_for(features: Floats) -> keras.Model:
    targets = np.zeros((len(features), len(LABELS)), np.float32)
    return build_model(dataset(features, targets), RECIPE)


def trained(loss: str) -> tuple[keras.Model, Dataset, list[EpochMetrics]]:
    recipe = Recipe("mlp", 0, 25, 32, 3e-3, seed=0, loss=loss)
    data = split(dataset(*table()), fraction=0.25, seed=0)
    model, epochs = bars.trained(data, recipe)
    return model, data, epochs


def test_it_has_the_layers_of_the_tutorial_and_stock_ones_only() -> None:
    model = MultiLabelMLP.build(20, 4)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [500, 100, 4]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "linear"]
    assert model.layers[-1].activation.__name__ == "sigmoid"
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.count_params() == 20 * 500 + 500 + 500 * 100 + 100 + 100 * 4 + 4


def test_it_standardises_its_input_and_a_constant_feature_does_no_harm() -> None:
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
def test_every_loss_learns_to_order_labels_through_the_one_loop(name: str) -> None:
    model, data, _ = trained(name)
    probabilities = np.asarray(model(data.inputs[data.validation]))
    targets = data.targets[data.validation]
    for column in range(2):
        holds = targets[:, column] == 1
        assert probabilities[holds, column].mean() > probabilities[~holds, column].mean() + 0.15


def test_the_default_loss_decides_right() -> None:
    _, _, epochs = trained("bce")
    assert best_epoch(epochs).validation_label_accuracy > 0.9


def test_the_onnx_copy_of_a_network_for_tables_says_what_keras_says() -> None:
    features, _ = table(20)
    model = build_for(features)
    session = onnxruntime.InferenceSession(to_onnx(model, 1 / 255))
    (copy,) = session.run(["probabilities"], {"features": features})
    expected = np.asarray(model(features))
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(copy, expected, atol=1e-5)
