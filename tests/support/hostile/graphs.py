"""serving.onnx as an attacker would write it, for six labels and photos of 48 pixels."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LABELS = 6


def model(
    nodes: Sequence[onnx.NodeProto], constants: Sequence[onnx.TensorProto] = (), side: int = 48
) -> onnx.ModelProto:
    """A graph from images to probabilities, with any nodes in between."""
    given = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", side, side, 3])
    wanted = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", LABELS])
    graph = helper.make_graph(list(nodes), "tagger", [given], [wanted], list(constants))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    """A node; the names of its inputs are separated by spaces."""
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def constant(name: str, values: Any, kind: str = "f4") -> onnx.TensorProto:
    """A constant."""
    return numpy_helper.from_array(np.asarray(values, kind), name)


CAST = node("Cast", "images", "x0", to=TensorProto.FLOAT)
# From "big" to the output.
END = (node("ReduceMean", "big", "probabilities", axes=[1], keepdims=0),)


def chained(step: Callable[[int], onnx.NodeProto], times: int) -> bytes:
    """A chain of nodes, each of which may output more than the one before."""
    last = node("Identity", f"x{times}", "big")
    made = model([CAST, *map(step, range(times)), last, *END])
    data: bytes = made.SerializeToString()
    return data


def outer_product() -> bytes:
    """Every number of one vector times every number of another: 2,000,000,000 products."""
    rows, columns = constant("r", np.ones((100_000, 1))), constant("c", np.ones((1, 20_000)))
    data: bytes = model([node("Mul", "r c", "big"), *END], [rows, columns]).SerializeToString()
    return data


def constant_of_shape() -> bytes:
    """144 bytes for which onnxruntime allocates 4 GB."""
    size = constant("s", [1, 2**30], "i8")
    nodes = [node("ConstantOfShape", "s", "big"), *END]
    data: bytes = model(nodes, [size]).SerializeToString()
    return data


def in_another_file(place: str) -> bytes:
    """Weights in a file of the attacker's choice."""
    tensor = constant("w", np.ones((3, LABELS)))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", "72")):
        tensor.external_data.add(key=key, value=value)
    data: bytes = model([CAST, node("MatMul", "x0 w", "big"), *END], [tensor]).SerializeToString()
    return data


def missing() -> bytes:
    """Weights that claim a size but are not there."""
    tensor = constant("w", [1.0])
    tensor.ClearField("dims")
    tensor.dims.extend([2**20, 2**20])
    data: bytes = model([CAST, node("Mul", "x0 w", "big"), *END], [tensor]).SerializeToString()
    return data


def endless_loop() -> bytes:
    """An endless loop."""
    body = helper.make_graph(
        [node("Identity", "c", "d")],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, [])],
    )
    nodes = [CAST, node("Loop", "n yes", "out", body=body), node("Identity", "x0", "big"), *END]
    given = [constant("n", 2**62, "i8"), constant("yes", True, "?")]
    data: bytes = model(nodes, given).SerializeToString()
    return data


def other_domain() -> bytes:
    """An operator of another domain."""
    nodes = [CAST, node("Mul", "x0 x0", "big", domain="evil"), *END]
    data: bytes = model(nodes).SerializeToString()
    return data


def with_function() -> bytes:
    """A function that replaces an operator."""
    opset = [helper.make_opsetid("", 17)]
    made = model([CAST, node("Relu", "x0", "big"), *END])
    made.functions.append(
        helper.make_function("", "Relu", ["x"], ["y"], [node("Exp", "x", "y")], opset)
    )
    data: bytes = made.SerializeToString()
    return data


def merged(graph: bytes) -> bytes:
    """A good graph followed by a second one, which protobuf would merge into the first."""
    second = helper.make_graph([node("Loop", "a", "b")], "more", [], [])
    more: bytes = onnx.ModelProto(graph=second).SerializeToString()
    return graph + more


def padded() -> bytes:
    """A pooling with a million pixels of padding."""
    flat = node("Transpose", "x0", "x1", perm=[0, 3, 1, 2])
    pool = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [10**6] * 4}
    data: bytes = model(
        [CAST, flat, node("MaxPool", "x1", "big", **pool), *END]
    ).SerializeToString()
    return data


def on_channels(*nodes: onnx.NodeProto, constants: Sequence[onnx.TensorProto] = ()) -> bytes:
    """The photo with its channels first ("x1"), then `nodes` that output "big"."""
    first = node("Transpose", "x0", "x1", perm=[0, 3, 1, 2])
    data: bytes = model([CAST, first, *nodes, *END], constants).SerializeToString()
    return data


def short_bias() -> bytes:
    """A convolution of 64 filters with a bias for one; onnxruntime would read beyond its end."""
    weights, bias = constant("w", np.ones((64, 3, 3, 3))), constant("b", [1.0])
    window = {"kernel_shape": [3, 3], "strides": [1, 1], "auto_pad": "SAME_UPPER"}
    return on_channels(node("Conv", "x1 w b", "big", **window), constants=[weights, bias])


def huge_pooling() -> bytes:
    """The largest of 4096 numbers, 63 million times."""
    rows, columns = constant("r", np.ones((1, 1, 8000, 1))), constant("c", np.ones((1, 1, 1, 8000)))
    pool = node("MaxPool", "m", "big", kernel_shape=[64, 64], strides=[1, 1])
    return on_channels(node("Mul", "r c", "m"), pool, constants=[rows, columns])


def empty_nodes() -> bytes:
    """Five million nodes of two bytes each."""
    graph = b"\x0a\x00" * 5_000_000
    size, length = len(graph), b""
    while size:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
    return b"\x3a" + length + graph


WIDTH = 5000


def after_vector(*nodes: onnx.NodeProto) -> bytes:
    """From the photo to a vector "x2" of WIDTH numbers, (1, WIDTH), then `nodes`."""
    mean = node("ReduceMean", "x0", "x1", axes=[1, 2], keepdims=0)
    constants = [constant("w", np.ones((3, WIDTH))), constant("o", np.ones((WIDTH, LABELS)))]
    made = model([CAST, mean, node("MatMul", "x1 w", "x2"), *nodes], constants)
    data: bytes = made.SerializeToString()
    return data


def transposed_sum() -> bytes:
    """(1, WIDTH) flattened to (WIDTH, 1), and the sum of both: WIDTH times WIDTH numbers."""
    return after_vector(
        node("Flatten", "x2", "x3", axis=2),
        node("Add", "x2 x3", "flat"),
        node("MatMul", "flat o", "probabilities"),
    )


def negative_axis() -> bytes:
    """A mean over the last axis, given by a negative number."""
    return after_vector(
        node("ReduceMean", "x2", "x3", axes=[-1], keepdims=0),
        node("Add", "x2 x3", "flat"),
        node("MatMul", "flat o", "probabilities"),
    )


def attribute_twice() -> bytes:
    """An axis that is given twice, of which the check and onnxruntime could use different ones."""
    flat = node("Flatten", "x2", "flat", axis=2)
    flat.attribute.append(onnx.helper.make_attribute("axis", 1))
    return after_vector(flat, node("MatMul", "flat o", "probabilities"))


def attribute_of_another_type() -> bytes:
    """An order of axes declared as one integer, which onnxruntime could replace by the default."""
    flat = node("Transpose", "x2", "flat", perm=[0, 1])
    flat.attribute[0].type = onnx.AttributeProto.INT
    return after_vector(flat, node("MatMul", "flat o", "probabilities"))


def other_operator_set() -> bytes:
    """Operators of an older version, which may mean something else."""
    made = model([CAST, *END])
    made.opset_import[0].version = 9
    data: bytes = made.SerializeToString()
    return data


def long_shape() -> bytes:
    """A shape of four million numbers."""
    shape = constant("s", np.ones(4_000_000), "i8")
    return on_channels(node("Reshape", "x1 s", "big"), constants=[shape])


# What to make of a good graph, and why it is refused.
GRAPHS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not a graph": (lambda good: b"graph", "contains the field 12, which is not needed"),
    "half a graph": (lambda good: good[: len(good) // 2], "is cut off"),
    "a message within itself": (lambda good: b"\x3a\xff\xff\xff\x7f" * 1000, "is cut off"),
    "weights in another file": (lambda good: in_another_file("canary"), "contains the field 13"),
    "weights in a file of the system": (
        lambda good: in_another_file("/etc/passwd"),
        "contains the field 13",
    ),
    "missing weights": (lambda good: missing(), "w is not as long as its shape"),
    "4 GB from 144 bytes": (
        lambda good: constant_of_shape(),
        "uses the operator 'ConstantOfShape', which no tagger needs",
    ),
    "40 doublings": (
        lambda good: chained(lambda n: node("Concat", f"x{n} x{n}", f"x{n + 1}", axis=1), 40),
        "takes too much memory or time",
    ),
    "an outer product": (lambda good: outer_product(), "takes too much memory or time"),
    "an endless loop": (lambda good: endless_loop(), "contains the field 6"),
    "an operator of another domain": (lambda good: other_domain(), "contains the field 7"),
    "another operator set": (lambda good: other_operator_set(), "uses another operator set"),
    "a function that replaces an operator": (
        lambda good: with_function(),
        "contains the field 25",
    ),
    "two graphs in one": (merged, "has the field graph twice"),
    "a million pixels of padding": (
        lambda good: padded(),
        "MaxPool has the attribute 'pads', which no tagger needs",
    ),
    "a bias that is too short": (
        lambda good: short_bias(),
        "has a convolution that does not fit its weights",
    ),
    "too many comparisons": (lambda good: huge_pooling(), "takes too much memory or time"),
    "numbers as text": (
        lambda good: on_channels(node("Cast", "x1", "big", to=onnx.TensorProto.STRING)),
        "Cast to the type 8",
    ),
    "photos of another size": (
        lambda good: model([CAST], side=32).SerializeToString(),
        "its input is (32, 32, 3), not (48, 48, 3)",
    ),
    "five million empty nodes": (
        lambda good: empty_nodes(),
        "has the field nodes more than 2000 times",
    ),
    "20,000 nodes": (
        lambda good: chained(lambda n: node("Relu", f"x{n}", f"x{n + 1}"), 20_000),
        "has the field nodes more than 2000 times",
    ),
    "a sum with its own transposed": (lambda good: transposed_sum(), "Flatten from axis 2"),
    "a negative axis": (lambda good: negative_axis(), "a reduction over axes [-1]"),
    "an attribute twice": (lambda good: attribute_twice(), "Flatten has an attribute twice"),
    "an attribute of another type": (
        lambda good: attribute_of_another_type(),
        "has an attribute that does not have one value of its type",
    ),
    "a shape of four million numbers": (
        lambda good: long_shape(),
        "is not a graph that train.py writes ('s')",
    ),
}
