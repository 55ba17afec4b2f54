"""serving.onnx as an attacker would write it, for six labels and photos of any size."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

LABELS = 6


def model(
    nodes: Sequence[onnx.NodeProto], constants: Sequence[onnx.TensorProto] = (), side: int = 48
) -> onnx.ModelProto:
    """Return a graph from images to probabilities, whatever lies between."""
    given = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", side, side, 3])
    wanted = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", LABELS])
    graph = helper.make_graph(list(nodes), "tagger", [given], [wanted], list(constants))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    return made


def node(kind: str, inputs: str, output: str, **attributes: Any) -> onnx.NodeProto:
    """Return a node; its inputs are named in one text."""
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def constant(name: str, values: Any, kind: str = "f4") -> onnx.TensorProto:
    """Return a constant."""
    return numpy_helper.from_array(np.asarray(values, kind), name)


CAST = node("Cast", "images", "x0", to=TensorProto.FLOAT)
# From anything to six probabilities.
END = (node("ReduceMean", "big", "probabilities", axes=[1], keepdims=0),)


def growing(step: Callable[[int], onnx.NodeProto], times: int) -> bytes:
    """A chain of nodes, each of which makes more of what it gets."""
    last = node("Identity", f"x{times}", "big")
    made = model([CAST, *map(step, range(times)), last, *END])
    data: bytes = made.SerializeToString()
    return data


def outer_product() -> bytes:
    """Two vectors of 100,000 numbers that are multiplied each with each."""
    rows, columns = constant("r", np.ones((100_000, 1))), constant("c", np.ones((1, 20_000)))
    data: bytes = model([node("Mul", "r c", "big"), *END], [rows, columns]).SerializeToString()
    return data


def filled() -> bytes:
    """The 144 bytes for which onnxruntime asks for 4 GB."""
    size = constant("s", [1, 2**30], "i8")
    nodes = [node("ConstantOfShape", "s", "big"), *END]
    data: bytes = model(nodes, [size]).SerializeToString()
    return data


def external(place: str) -> bytes:
    """Weights that lie in a file of the attacker's choice."""
    tensor = constant("w", np.ones((3, LABELS)))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", "72")):
        tensor.external_data.add(key=key, value=value)
    data: bytes = model([CAST, node("MatMul", "x0 w", "big"), *END], [tensor]).SerializeToString()
    return data


def claiming() -> bytes:
    """Weights that claim a size and are not there."""
    tensor = constant("w", [1.0])
    tensor.ClearField("dims")
    tensor.dims.extend([2**20, 2**20])
    data: bytes = model([CAST, node("Mul", "x0 w", "big"), *END], [tensor]).SerializeToString()
    return data


def looping() -> bytes:
    """A loop that does not end."""
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


def of_another_domain() -> bytes:
    """An operator of somebody's own."""
    nodes = [CAST, node("Mul", "x0 x0", "big", domain="evil"), *END]
    data: bytes = model(nodes).SerializeToString()
    return data


def with_function() -> bytes:
    """A function that takes the place of an operator."""
    opset = [helper.make_opsetid("", 17)]
    made = model([CAST, node("Relu", "x0", "big"), *END])
    made.functions.append(
        helper.make_function("", "Relu", ["x"], ["y"], [node("Exp", "x", "y")], opset)
    )
    data: bytes = made.SerializeToString()
    return data


def merged(graph: bytes) -> bytes:
    """A good graph and, behind it, a second one, which protobuf adds to the first."""
    second = helper.make_graph([node("Loop", "a", "b")], "more", [], [])
    more: bytes = onnx.ModelProto(graph=second).SerializeToString()
    return graph + more


def padded() -> bytes:
    """A pooling with a border of a million pixels."""
    flat = node("Transpose", "x0", "x1", perm=[0, 3, 1, 2])
    pool = {"kernel_shape": [1, 1], "strides": [1, 1], "pads": [10**6] * 4}
    data: bytes = model(
        [CAST, flat, node("MaxPool", "x1", "big", **pool), *END]
    ).SerializeToString()
    return data


def in_pictures(*nodes: onnx.NodeProto, constants: Sequence[onnx.TensorProto] = ()) -> bytes:
    """The photo with its channels first, x1, then `nodes` to "big"."""
    first = node("Transpose", "x0", "x1", perm=[0, 3, 1, 2])
    data: bytes = model([CAST, first, *nodes, *END], constants).SerializeToString()
    return data


def reading_on() -> bytes:
    """A convolution of 64 filters with a bias for one: onnxruntime read on behind it."""
    weights, bias = constant("w", np.ones((64, 3, 3, 3))), constant("b", [1.0])
    window = {"kernel_shape": [3, 3], "strides": [1, 1], "auto_pad": "SAME_UPPER"}
    return in_pictures(node("Conv", "x1 w b", "big", **window), constants=[weights, bias])


def comparing() -> bytes:
    """The largest of 4096 numbers, for each of 67 million."""
    rows, columns = constant("r", np.ones((1, 1, 8000, 1))), constant("c", np.ones((1, 1, 1, 8000)))
    pool = node("MaxPool", "m", "big", kernel_shape=[64, 64], strides=[1, 1])
    return in_pictures(node("Mul", "r c", "m"), pool, constants=[rows, columns])


def empty_nodes() -> bytes:
    """Two bytes a node, five million of them."""
    graph = b"\x0a\x00" * 5_000_000
    size, length = len(graph), b""
    while size:
        length += bytes([size & 0x7F | (0x80 if size > 0x7F else 0)])
        size >>= 7
    return b"\x3a" + length + graph


GRAPHS: dict[str, Callable[[bytes], bytes]] = {
    "no graph": lambda good: b"graph",
    "half a graph": lambda good: good[: len(good) // 2],
    "a message within itself": lambda good: b"\x3a\xff\xff\xff\x7f" * 1000,
    "weights in another file": lambda good: external("canary"),
    "weights in a file of the system": lambda good: external("/etc/passwd"),
    "weights that are not there": lambda good: claiming(),
    "4 GB out of 144 bytes": lambda good: filled(),
    "a thing joined to itself 40 times": lambda good: growing(
        lambda n: node("Concat", f"x{n} x{n}", f"x{n + 1}", axis=1), 40
    ),
    "each with each": lambda good: outer_product(),
    "a loop without end": lambda good: looping(),
    "an operator of a stranger": lambda good: of_another_domain(),
    "a function in an operator's place": lambda good: with_function(),
    "two graphs in one": merged,
    "a border of a million pixels": lambda good: padded(),
    "a bias that is too short": lambda good: reading_on(),
    "endless comparisons": lambda good: comparing(),
    "numbers as text": lambda good: in_pictures(
        node("Cast", "x1", "big", to=onnx.TensorProto.STRING)
    ),
    "photos of another size": lambda good: model([CAST], side=32).SerializeToString(),
    "five million empty nodes": lambda good: empty_nodes(),
    "20,000 nodes": lambda good: growing(lambda n: node("Relu", f"x{n}", f"x{n + 1}"), 20_000),
}
