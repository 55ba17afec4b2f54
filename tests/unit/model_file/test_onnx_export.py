from collections.abc import Callable

import keras
import numpy as np
import onnxruntime
import pytest

from pyimagesearch.model_file.guard import onnx_graph
from pyimagesearch.model_file.onnx_export import UnsupportedLayerError, to_onnx
from pyimagesearch.networks.factored import FactoredNet
from pyimagesearch.smallervggnet import SmallerVGGNet

LABELS = 5


def with_random_statistics(model: keras.Model) -> keras.Model:
    """Give the batch normalisations values that change the output."""
    draw = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
    return model


@pytest.mark.parametrize(
    ("build", "side"),
    [
        (lambda side: FactoredNet.build(side, [0, 2], LABELS), 40),
        (lambda side: SmallerVGGNet.build(side, side, 3, LABELS, finalAct="sigmoid"), 30),
    ],
)
def test_the_onnx_export_predicts_what_the_network_predicts(
    build: Callable[[int], keras.Model], side: int
) -> None:
    model = with_random_statistics(build(side))
    images = np.random.default_rng(1).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    graph = to_onnx(model, 1 / 255)
    onnx_graph.check(graph, (side, side, 3), {"probabilities": (LABELS,)})
    session = onnxruntime.InferenceSession(graph)
    (exported,) = session.run(["probabilities"], {"images": images})
    expected = np.asarray(model(images.astype(np.float32) / 255, training=False))
    assert exported.shape == (7, LABELS)
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(exported, expected, atol=1e-5)


def test_a_layer_that_is_not_supported_is_an_error_with_its_name() -> None:
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Conv2DTranspose(4, 3)(inputs))
    with pytest.raises(UnsupportedLayerError, match="does not support the layer Conv2DTranspose"):
        to_onnx(model, 1.0)
