"""Check an ONNX graph before onnxruntime reads it.

A graph of 144 bytes can make onnxruntime ask for 4 GB, and graphs can refer to other files. What
onnx_export.py writes needs little: two dozen operators, weights that are in the graph itself, and
shapes that follow from the size of a photo. So the graph is walked once with the shapes for one
photo, and everything else is refused.

Fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pyimagesearch.model_file.cost import MAX_ACTIVATIONS, MAX_MULTIPLY_ADDS
from pyimagesearch.model_file.guard import protobuf
from pyimagesearch.model_file.guard.onnx_operators import (
    FLOAT,
    OPERATORS,
    OPSET,
    Attributes,
    Shape,
)
from pyimagesearch.model_file.guard.protobuf import Field, Schema
from pyimagesearch.model_file.guard.refused import RefusedError

INT64 = 7  # TensorProto.INT64
MAX_NODES = 2000
MAX_CONSTANTS = 4 * MAX_NODES
MAX_ITEMS = 64  # of any other list: inputs of a node, its attributes, the numbers of one
MAX_TENSOR = 2**26  # numbers, for one photo; SmallerVGGNet has 2**25 at 1024 pixels

_ATTRIBUTE: Schema = {
    1: Field("name", "bytes"),
    2: Field("float", "float"),
    3: Field("int", "int"),
    4: Field("text", "bytes"),
    8: Field("ints", "int", most=MAX_ITEMS),
    20: Field("type", "int"),
}
_ATTRIBUTE_TYPES = {1: "float", 2: "int", 3: "text", 7: "ints"}  # AttributeProto.AttributeType
_NODE: Schema = {
    1: Field("inputs", "bytes", most=MAX_ITEMS),
    2: Field("outputs", "bytes", most=MAX_ITEMS),
    3: Field("name", "bytes"),
    4: Field("operator", "bytes"),
    5: Field("attributes", _ATTRIBUTE, most=MAX_ITEMS),
}
# The fields for external data are left out: weights have to be in the graph.
_TENSOR: Schema = {
    1: Field("shape", "int", most=MAX_ITEMS),
    2: Field("type", "int"),
    8: Field("name", "bytes"),
    9: Field("raw", "bytes"),
}
_DIMENSION: Schema = {1: Field("size", "int"), 2: Field("symbol", "bytes")}
_SHAPE: Schema = {1: Field("dimensions", _DIMENSION, most=MAX_ITEMS)}
_TENSOR_TYPE: Schema = {1: Field("type", "int"), 2: Field("shape", _SHAPE)}
_VALUE: Schema = {1: Field("name", "bytes"), 2: Field("type", {1: Field("tensor", _TENSOR_TYPE)})}
_GRAPH: Schema = {
    1: Field("nodes", _NODE, most=MAX_NODES),
    2: Field("name", "bytes"),
    5: Field("constants", _TENSOR, most=MAX_CONSTANTS),
    11: Field("inputs", _VALUE, most=MAX_ITEMS),
    12: Field("outputs", _VALUE, most=MAX_ITEMS),
}
# Functions, training steps and further operator sets are left out.
_MODEL: Schema = {
    1: Field("version", "int"),
    2: Field("producer", "bytes"),
    7: Field("graph", _GRAPH),
    8: Field("operators", {1: Field("domain", "bytes"), 2: Field("version", "int")}),
}


def check(
    data: bytes, input_shape: Sequence[int], output_shapes: Mapping[str, Sequence[int]]
) -> int:
    """Return how many numbers all nodes of the graph in `data` together output for one input.

    Raises RefusedError unless the graph turns an input of `input_shape` into outputs with these
    names and shapes, at a cost within the limits of cost.py.
    """
    try:
        model = protobuf.read(memoryview(data), _MODEL)
        operators, graph = model["operators"], model["graph"]
        if (bytes(operators["domain"]), operators["version"]) != (b"", OPSET):
            raise RefusedError("uses another operator set")
        shapes, integers = _constants(graph["constants"])
        (given,) = graph["inputs"]
        name = _text(given["name"])
        if name in shapes:
            raise RefusedError("its input is a constant")
        _, *sides = given["type"]["tensor"]["shape"]["dimensions"]
        declared = tuple(side["size"] for side in sides)
        if declared != tuple(input_shape):
            raise RefusedError(f"its input is {declared}, not {tuple(input_shape)}")
        shapes[name] = (1, *input_shape)
        activations = _walk(graph["nodes"], shapes, integers)
        found = [_text(output["name"]) for output in graph["outputs"]]
        if found != list(output_shapes) or any(
            shapes.get(name) != (1, *shape) for name, shape in output_shapes.items()
        ):
            raise RefusedError("its outputs do not fit the labels")
    except RefusedError:
        raise
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise RefusedError(f"is not a graph that train.py writes ({error})") from None
    return activations


def _constants(tensors: Sequence[protobuf.Message]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the shape of each constant, and the numbers of each short vector of integers."""
    shapes: dict[str, Shape] = {}
    integers: dict[str, Shape] = {}
    for tensor in tensors:
        name, shape, kind = _text(tensor["name"]), tuple(tensor["shape"]), tensor["type"]
        if kind not in (FLOAT, INT64):
            raise RefusedError(f"contains numbers of type {kind}")
        raw = tensor["raw"]
        if min(shape, default=1) < 0 or math.prod(shape) * (4 if kind == FLOAT else 8) != len(raw):
            raise RefusedError(f"{name} is not as long as its shape {shape} says")
        if name in shapes:
            raise RefusedError(f"defines {name} twice")
        shapes[name] = shape
        if kind == INT64 and len(shape) == 1 and shape[0] <= MAX_ITEMS:
            integers[name] = tuple(np.frombuffer(raw, "<i8").tolist())
    return shapes, integers


def _walk(
    nodes: Sequence[protobuf.Message], shapes: dict[str, Shape], integers: dict[str, Shape]
) -> int:
    """Add the shape of each node's output to `shapes`; return how many numbers that is in all."""
    activations = multiply_adds = 0
    for node in nodes:
        operator, (output,) = _text(node["operator"]), map(_text, node["outputs"])
        if operator not in OPERATORS:
            raise RefusedError(f"uses the operator {operator!r}, which no tagger needs")
        rule, allowed = OPERATORS[operator]
        attributes = {_text(a["name"]): _value(a) for a in node["attributes"]}
        if len(attributes) < len(node["attributes"]):
            raise RefusedError(f"{operator} has an attribute twice")
        if more := sorted(set(attributes) - set(allowed.split())):
            raise RefusedError(f"{operator} has the attribute {more[0]!r}, which no tagger needs")
        names = [_text(name) for name in node["inputs"]]
        inputs = [shapes[name] for name in names]
        if operator == "Reshape":
            attributes["shape"] = integers[names[1]]
        if output in shapes:
            raise RefusedError(f"defines {output} twice")
        shape = shapes[output] = rule(inputs, attributes)
        if min(shape, default=1) < 1:
            raise RefusedError(f"{output} is empty")
        size = math.prod(shape)
        activations += size
        multiply_adds += size * _fan_in(operator, inputs, attributes)
        if size > MAX_TENSOR or activations > MAX_ACTIVATIONS or multiply_adds > MAX_MULTIPLY_ADDS:
            raise RefusedError(f"{output} of shape {shape} takes too much memory or time")
    return activations


def _fan_in(operator: str, inputs: Sequence[Shape], attributes: Attributes) -> int:
    """Return how many numbers go into each number that a node outputs."""
    if operator == "Conv":
        return math.prod(inputs[1][1:])
    return inputs[1][0] if operator == "MatMul" else math.prod(attributes.get("kernel_shape", ()))


def _value(attribute: protobuf.Message) -> Any:
    """Return the value of an attribute; raises RefusedError unless it has one, of its type."""
    given = [kind for kind in _ATTRIBUTE_TYPES.values() if attribute.get(kind, []) != []]
    if given != [_ATTRIBUTE_TYPES.get(attribute["type"])]:
        raise RefusedError("has an attribute that does not have one value of its type")
    value = attribute[given[0]]
    return tuple(value) if given == ["ints"] else value


def _text(name: memoryview) -> str:
    return bytes(name).decode()
