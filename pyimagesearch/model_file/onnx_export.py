"""Export a network as an ONNX graph, so that tagging needs onnxruntime but not TensorFlow.

The graph is written layer by layer with onnx.helper, which takes 0.4 s; tf2onnx takes 7 s. Only the
layers of this package's networks are supported; any other layer raises UnsupportedLayerError. The
operators must be among those of guard/onnx_operators.py, or `guard` refuses the graph.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from pyimagesearch.model_file.guard.onnx_operators import OPSET

NCHW, NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
ACTIVATIONS = {"relu": "Relu", "sigmoid": "Sigmoid"}


class UnsupportedLayerError(Exception):
    """A layer, or a setting of it, is not supported."""


class _Graph:
    """The nodes and constants so far; images have their channels first, as ONNX requires."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its output."""
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, values: NDArray[np.generic]) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def floats(self, values: object) -> str:
        """Add a float32 constant and return its name."""
        return self.constant(np.asarray(values, np.float32))

    def integers(self, *values: int) -> str:
        """Add an int64 vector and return its name."""
        return self.constant(np.array(values, np.int64))


def to_onnx(model: keras.Model, scale: float, outputs: Sequence[str] = ("probabilities",)) -> bytes:
    """Return the ONNX graph of `model` as bytes.

    Its input is "images", uint8 (N, S, S, 3), which is first multiplied by `scale`, or "features",
    float32 (N, F). Its `outputs`, by name in the order of those of `model`, are float32 in the
    shapes that `model` returns. Raises UnsupportedLayerError.
    """
    graph = _Graph()
    last = "features"
    if takes_images := len(model.input_shape) == 4:
        floats = graph.add("Cast", "images", to=TensorProto.FLOAT)
        scaled = graph.add("Mul", floats, graph.floats(scale))
        last = graph.add("Transpose", scaled, perm=NCHW)
    tensors = {id(model.inputs[0]): last}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        translate = _TRANSLATIONS.get(type(layer).__name__)
        if translate is None:
            raise UnsupportedLayerError(
                f"the ONNX export does not support the layer {type(layer).__name__}"
            )
        given = layer.input if isinstance(layer.input, list) else [layer.input]
        # The layers of a Sequential form a chain; their tensors are not those of the model.
        is_chain = isinstance(model, keras.Sequential)
        inputs = [last] if is_chain else [tensors[id(tensor)] for tensor in given]
        last = tensors[id(layer.output)] = translate(graph, layer, *inputs)
    found = [last] if len(model.outputs) == 1 else [tensors[id(t)] for t in model.outputs]
    for name, value, tensor in zip(outputs, found, model.outputs, strict=True):
        is_map = len(tensor.shape) == 4
        graph.add("Identity", graph.add("Transpose", value, perm=NHWC) if is_map else value)
        graph.nodes[-1].output[0] = name

    name, kind = ("images", TensorProto.UINT8) if takes_images else ("features", TensorProto.FLOAT)
    given = helper.make_tensor_value_info(name, kind, ["N", *model.input_shape[1:]])
    wanted = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *tensor.shape[1:]])
        for name, tensor in zip(outputs, model.outputs, strict=True)
    ]
    return _serialized(graph, given, wanted)


def _serialized(
    graph: _Graph, given: onnx.ValueInfoProto, wanted: Sequence[onnx.ValueInfoProto]
) -> bytes:
    proto = helper.make_graph(graph.nodes, "tagger", [given], wanted, graph.constants)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(proto, opset_imports=opset, producer_name="pyimagesearch")
    model.ir_version = 9  # what onnxruntime has read since 2023
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def _convolution(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    if depthwise and layer.depth_multiplier != 1:
        raise UnsupportedLayerError(
            "the ONNX export supports DepthwiseConv2D with one filter per channel only"
        )
    kernel = np.transpose(np.asarray(layer.kernel), (2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
    weights = [graph.floats(kernel)] + ([graph.floats(layer.bias)] if layer.use_bias else [])
    return graph.add(
        "Conv",
        x,
        *weights,
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        auto_pad="SAME_UPPER" if layer.padding == "same" else "VALID",
        group=len(kernel) if depthwise else 1,
    )


def _dense(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    product = graph.add("MatMul", x, graph.floats(layer.kernel))
    sums = graph.add("Add", product, graph.floats(layer.bias)) if layer.use_bias else product
    name = layer.activation.__name__
    return sums if name == "linear" else _activation(graph, layer, sums)


def _normalization(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    if layer.invert or len(layer.input.shape) != 2:
        raise UnsupportedLayerError("the ONNX export supports Normalization of vectors only")
    centred = graph.add("Sub", x, graph.floats(layer.mean))
    deviation = np.sqrt(np.asarray(layer.variance))
    return graph.add("Div", centred, graph.floats(np.maximum(deviation, keras.config.epsilon())))


def _batch_normalization(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    values = (layer.gamma, layer.beta, layer.moving_mean, layer.moving_variance)
    constants = map(graph.floats, values)
    return graph.add("BatchNormalization", x, *constants, epsilon=layer.epsilon)


def _layer_normalization(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    if layer.center or layer.scale or list(layer.axis) != [1, 2, 3]:
        raise UnsupportedLayerError(
            "the ONNX export supports LayerNormalization only over all axes and without weights"
        )
    _, height, width, depth = layer.input.shape
    ones = graph.floats(np.ones((depth, height, width)))
    return graph.add("LayerNormalization", x, ones, axis=1, epsilon=layer.epsilon)


def _pooling(kind: str) -> "Translation":
    def translate(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
        if layer.padding != "valid":
            raise UnsupportedLayerError(
                f"the ONNX export does not support {type(layer).__name__} with padding"
            )
        return graph.add(kind, x, kernel_shape=layer.pool_size, strides=layer.strides)

    return translate


def _activation(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    name = layer.activation.__name__
    if name not in ACTIVATIONS:
        raise UnsupportedLayerError(f"the ONNX export does not support the activation {name}")
    return graph.add(ACTIVATIONS[name], x)


def _relu(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    if layer.negative_slope or layer.threshold or layer.max_value is None:
        raise UnsupportedLayerError(
            "the ONNX export supports ReLU with max_value and no other setting only"
        )
    return graph.add("Clip", x, graph.floats(0), graph.floats(layer.max_value))


def _rescaling(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    scaled = graph.add("Mul", x, graph.floats(layer.scale))
    return graph.add("Add", scaled, graph.floats(layer.offset)) if layer.offset else scaled


def _reshape(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    """Regroup the numbers in the order of Keras, which has the channels of images last."""
    if len(layer.input.shape) == 4:
        x = graph.add("Transpose", x, perm=NHWC)
    x = graph.add("Reshape", x, graph.integers(-1, *layer.output.shape[1:]))
    return graph.add("Transpose", x, perm=NCHW) if len(layer.output.shape) == 4 else x


def _unit_normalization(graph: _Graph, layer: keras.layers.Layer, x: str) -> str:
    if len(layer.input.shape) != 2:
        raise UnsupportedLayerError("the ONNX export supports UnitNormalization of vectors only")
    return graph.add("Div", x, graph.add("ReduceL2", x, axes=[1], keepdims=1))


def _global_pooling(kind: str) -> "Translation":
    return lambda graph, layer, x: graph.add("Flatten", graph.add(kind, x), axis=1)


def _concatenate(graph: _Graph, layer: keras.layers.Layer, *inputs: str) -> str:
    if len(layer.output.shape) != 2:
        raise UnsupportedLayerError("the ONNX export supports Concatenate of vectors only")
    return graph.add("Concat", *inputs, axis=1)


Translation = Callable[..., str]
_TRANSLATIONS: dict[str, Translation] = {
    "Activation": _activation,
    "Add": lambda graph, layer, *inputs: graph.add("Add", *inputs),
    "AveragePooling2D": _pooling("AveragePool"),
    "BatchNormalization": _batch_normalization,
    "Concatenate": _concatenate,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _convolution,
    "Dropout": lambda graph, layer, x: x,
    "Flatten": _reshape,
    "GlobalAveragePooling1D": lambda graph, layer, x: graph.add(
        "ReduceMean", x, axes=[1], keepdims=0
    ),
    "GlobalAveragePooling2D": _global_pooling("GlobalAveragePool"),
    "GlobalMaxPooling1D": lambda graph, layer, x: graph.add("ReduceMax", x, axes=[1], keepdims=0),
    "GlobalMaxPooling2D": _global_pooling("GlobalMaxPool"),
    "LayerNormalization": _layer_normalization,
    "MaxPooling2D": _pooling("MaxPool"),
    "Multiply": lambda graph, layer, *inputs: graph.add("Mul", *inputs),
    "ReLU": _relu,
    "Rescaling": _rescaling,
    "Normalization": _normalization,
    "Reshape": _reshape,
    "UnitNormalization": _unit_normalization,
    "Softmax": lambda graph, layer, x: graph.add("Softmax", x, axis=layer.axis),
}
