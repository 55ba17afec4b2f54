import keras
import numpy as np
import onnxruntime
import pytest

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.guard import onnx_graph
from pyimagesearch.model_file.guard.onnx_operators import GraphError
from pyimagesearch.model_file.onnx_export import UnsupportedLayerError, to_onnx
from pyimagesearch.networks import build

GROUPS = (
    LabelGroup("colour", ("blue", "red"), is_colour=True),
    LabelGroup("group", ("dress", "shirt"), is_colour=False),
)
LABELS = ("blue", "dress", "red", "shirt", "striped")


def shaken(model: keras.Model) -> keras.Model:
    """Give every weight and statistic a value that matters."""
    draw = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return model


@pytest.mark.parametrize(("architecture", "side"), [("factored", 40), ("smallervggnet", 30)])
def test_the_onnx_copy_says_what_keras_says(architecture: str, side: int) -> None:
    model = shaken(build.build(architecture, side, GROUPS, LABELS, 0))
    images = np.random.default_rng(1).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    graph = to_onnx(model, 1 / 255)
    onnx_graph.check(graph, (side, side, 3), len(LABELS))
    session = onnxruntime.InferenceSession(graph)
    (copy,) = session.run(["probabilities"], {"images": images})
    expected = np.asarray(model(images.astype(np.float32) / 255, training=False))
    assert copy.shape == (7, 5)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(copy, expected, atol=1e-5)


def test_a_layer_that_is_not_translated_is_named() -> None:
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2DTranspose(4, 3)(inputs))
    with pytest.raises(UnsupportedLayerError, match="Conv2DTranspose"):
        to_onnx(model, 1.0)


def test_a_graph_for_other_labels_or_photos_is_refused() -> None:
    graph = to_onnx(build.build("factored", 40, GROUPS, LABELS, 0), 1 / 255)
    with pytest.raises(GraphError, match="do not fit the labels"):
        onnx_graph.check(graph, (40, 40, 3), 6)
    with pytest.raises(GraphError, match=r"its input is \(40, 40, 3\), not \(80, 40, 3\)"):
        onnx_graph.check(graph, (80, 40, 3), 5)
