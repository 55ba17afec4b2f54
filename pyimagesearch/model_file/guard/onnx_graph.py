"""Look through a stranger's ONNX graph before onnxruntime sees it.

A graph of 144 bytes can make onnxruntime ask for 4 GB, and graphs may point at other files. What
onnx_export.py writes needs little: two dozen operators, weights that lie in the graph itself, and
shapes that follow from the size of a photo. So the graph is walked once with the shapes for one
photo, and everything else is refused.

Fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pyimagesearch.model_file.guard import protobuf
from pyimagesearch.model_file.guard.keras_network import MAX_PRODUCTS, MAX_VALUES
from pyimagesearch.model_file.guard.onnx_operators import (
    FLOAT,
    OPERATORS,
    Attributes,
    GraphError,
    Shape,
)
from pyimagesearch.model_file.guard.protobuf import Field, Schema

INT64 = 7
MAX_NODES = 2000
MAX_CONSTANTS = 4 * MAX_NODES
MAX_ITEMS = 64  # of any other list: inputs of a node, attributes, numbers of one
MAX_SIZE = 2**26  # of one tensor for one photo; the first of SmallerVGGNet at 1024 has 2**25

_ATTRIBUTE: Schema = {
    1: Field("name", "bytes"),
    2: Field("float", "float"),
    3: Field("int", "int"),
    4: Field("text", "bytes"),
    8: Field("ints", "int", most=MAX_ITEMS),
    20: Field("type", "int"),
}
_NODE: Schema = {
    1: Field("inputs", "bytes", most=MAX_ITEMS),
    2: Field("outputs", "bytes", most=MAX_ITEMS),
    3: Field("name", "bytes"),
    4: Field("operator", "bytes"),
    5: Field("attributes", _ATTRIBUTE, most=MAX_ITEMS),
}
# Without the fields for external data: weights lie in the graph.
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
# Without functions, training steps and further sets of operators.
_MODEL: Schema = {
    1: Field("version", "int"),
    2: Field("producer", "bytes"),
    7: Field("graph", _GRAPH),
    8: Field("operators", {1: Field("domain", "bytes"), 2: Field("version", "int")}),
}


def check(data: bytes, input_shape: Sequence[int], outputs: int) -> int:
    """Raise GraphError unless `data` turns `input_shape` into `outputs` numbers at a fair cost.

    Returns how many numbers all its nodes together put out for one input.
    """
    try:
        graph = protobuf.read(memoryview(data), _MODEL)["graph"]
        shapes, integers = _constants(graph["constants"])
        (given,), (wanted,) = graph["inputs"], graph["outputs"]
        name = _text(given["name"])
        if name in shapes:
            raise GraphError("its input is a constant")
        _, *sides = given["type"]["tensor"]["shape"]["dimensions"]
        declared = tuple(side["size"] for side in sides)
        if declared != tuple(input_shape):
            raise GraphError(f"its input is {declared}, not {tuple(input_shape)}")
        shapes[name] = (1, *input_shape)
        values = _walk(graph["nodes"], shapes, integers)
        if shapes.get(_text(wanted["name"])) != (1, outputs):
            raise GraphError("its shapes do not fit the labels")
        return values
    except GraphError:
        raise
    except (protobuf.MessageError, KeyError, ValueError, IndexError, TypeError) as error:
        raise GraphError(f"is no graph that train.py writes ({error})") from None


def _constants(tensors: Sequence[protobuf.Message]) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """Return the shape of each constant, and the numbers of the vectors of integers."""
    shapes: dict[str, Shape] = {}
    integers: dict[str, Shape] = {}
    for tensor in tensors:
        name, shape, kind = _text(tensor["name"]), tuple(tensor["shape"]), tensor["type"]
        if kind not in (FLOAT, INT64):
            raise GraphError(f"holds numbers of type {kind}")
        raw = tensor["raw"]
        if min(shape, default=1) < 0 or math.prod(shape) * (4 if kind == FLOAT else 8) != len(raw):
            raise GraphError(f"{name} is not as long as its shape {shape} says")
        if name in shapes:
            raise GraphError(f"has two of {name}")
        shapes[name] = shape
        if kind == INT64 and len(shape) == 1:
            integers[name] = tuple(np.frombuffer(raw, "<i8").tolist())
    return shapes, integers


def _walk(
    nodes: Sequence[protobuf.Message], shapes: dict[str, Shape], integers: dict[str, Shape]
) -> int:
    """Add the shape of each node's output to `shapes`; return how many numbers that makes."""
    values = products = 0
    for node in nodes:
        operator, (output,) = _text(node["operator"]), map(_text, node["outputs"])
        if operator not in OPERATORS:
            raise GraphError(f"uses the operator {operator!r}, which no tagger needs")
        rule, allowed = OPERATORS[operator]
        attributes = {_text(a["name"]): _attribute(a) for a in node["attributes"]}
        if len(attributes) < len(node["attributes"]):
            raise GraphError(f"{operator} has an attribute twice")
        if odd := sorted(set(attributes) - set(allowed.split())):
            raise GraphError(f"{operator} has the attribute {odd[0]!r}, which no tagger needs")
        names = [_text(name) for name in node["inputs"]]
        inputs = [shapes[name] for name in names]
        if operator == "Reshape":
            attributes["shape"] = integers[names[1]]
        if output in shapes:
            raise GraphError(f"has two of {output}")
        shape = shapes[output] = rule(inputs, attributes)
        if min(shape, default=1) < 1:
            raise GraphError(f"{output} is empty")
        size = math.prod(shape)
        values += size
        products += size * _window(operator, inputs, attributes)
        if size > MAX_SIZE or values > MAX_VALUES or products > MAX_PRODUCTS:
            raise GraphError(f"{output} is of absurd size, {shape}")
    return values


def _window(operator: str, inputs: Sequence[Shape], attributes: Attributes) -> int:
    """Return how many numbers go into each one that a node puts out."""
    if operator == "Conv":
        return math.prod(inputs[1][1:])
    return inputs[1][0] if operator == "MatMul" else math.prod(attributes.get("kernel_shape", ()))


def _attribute(attribute: protobuf.Message) -> Any:
    """Return the one value that an attribute has."""
    given = [attribute[kind] for kind in ("int", "text", "float") if kind in attribute]
    if len(given) + bool(attribute["ints"]) > 1:
        raise GraphError("has an attribute with two values")
    return given[0] if given else tuple(attribute["ints"])


def _text(name: memoryview) -> str:
    return bytes(name).decode()
