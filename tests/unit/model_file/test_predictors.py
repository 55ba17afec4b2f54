import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from support.hostile.graphs import LABELS, constant, model, node
from support.models import CONFIG, SIDE, onnx_bytes

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.cost import MAX_ACTIVATIONS
from pyimagesearch.model_file.guard import OnnxExport
from pyimagesearch.model_file.predictors import export_onnx, onnx_predictor, try_export


def photos(count: int) -> NDArray[np.uint8]:
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def test_a_batch_that_needs_too_much_memory_is_predicted_in_parts() -> None:
    whole = onnx_predictor(OnnxExport(onnx_bytes(), activations=1), CONFIG)
    in_threes = onnx_predictor(OnnxExport(onnx_bytes(), MAX_ACTIVATIONS // 3), CONFIG)
    images = photos(7)
    parts, expected = (predict(images).probabilities for predict in (in_threes, whole))
    np.testing.assert_allclose(parts, expected, atol=1e-6)


def test_a_graph_that_predicts_one_photo_only_is_an_error_for_two() -> None:
    probabilities = constant("p", np.full((1, LABELS), 0.5))
    graph = model([node("Identity", "p", "probabilities")], [probabilities], SIDE)
    predict = onnx_predictor(OnnxExport(graph.SerializeToString(), activations=6), CONFIG)
    assert predict(photos(1)).probabilities.shape == (1, LABELS)
    with pytest.raises(CommandError, match=r"serving\.onnx: .* does not predict each input sep"):
        predict(photos(2))


def test_a_graph_that_onnxruntime_cannot_load_is_an_error() -> None:
    with pytest.raises(CommandError, match=r"serving\.onnx: its ONNX export cannot be loaded"):
        onnx_predictor(OnnxExport(b"not a graph", activations=1), CONFIG)


def test_a_network_that_cannot_be_exported_is_saved_without_an_export(
    capsys: pytest.CaptureFixture[str],
) -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    network = keras.Model(inputs, keras.layers.Dense(6, activation="tanh")(pooled))
    assert try_export(network, CONFIG, photos(1)) is None
    warning = "warning: the ONNX export does not support the activation tanh; saved without"
    assert capsys.readouterr().err.startswith(warning)


def test_a_network_for_other_labels_is_not_exported() -> None:
    inputs = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(inputs)
    network = keras.Model(inputs, keras.layers.Dense(5, activation="sigmoid")(pooled))
    with pytest.raises(ValueError, match="its outputs do not fit the labels"):
        export_onnx(network, CONFIG, photos(1))
