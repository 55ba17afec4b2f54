"""The operators that a tagger's ONNX graph may have, and the shape of the output of each.

They are those that onnx_export.py writes, as the operator set `OPSET` defines them; see
https://onnx.ai/onnx/operators/.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pyimagesearch.model_file.guard.refused import RefusedError

OPSET = 17
MAX_KERNEL = 64  # pixels
FLOAT = 1  # TensorProto.FLOAT

Shape = tuple[int, ...]
Attributes = dict[str, Any]


Rule = Callable[[list[Shape], Attributes], Shape]


def _same(inputs: list[Shape], attributes: Attributes) -> Shape:
    return inputs[0]


def _cast(inputs: list[Shape], attributes: Attributes) -> Shape:
    if attributes["to"] != FLOAT:
        raise RefusedError(f"Cast to the type {attributes['to']}")
    return inputs[0]


def _clip(inputs: list[Shape], attributes: Attributes) -> Shape:
    if inputs[1:] != [(), ()]:
        raise RefusedError(f"Clip of {inputs}")
    return inputs[0]


def _batch_normalization(inputs: list[Shape], attributes: Attributes) -> Shape:
    if inputs[1:] != [inputs[0][1:2]] * 4:
        raise RefusedError(f"BatchNormalization of {inputs}")
    return inputs[0]


def _layer_normalization(inputs: list[Shape], attributes: Attributes) -> Shape:
    if inputs[1:] != [inputs[0][attributes["axis"] :]]:
        raise RefusedError(f"LayerNormalization of {inputs}")
    return inputs[0]


def _broadcast(inputs: list[Shape], attributes: Attributes) -> Shape:
    return tuple(np.broadcast_shapes(*inputs))


def _transpose(inputs: list[Shape], attributes: Attributes) -> Shape:
    order = attributes["perm"]
    if sorted(order) != list(range(len(inputs[0]))):
        raise RefusedError(f"Transpose by {order}")
    return tuple(inputs[0][axis] for axis in order)


def _windows(inputs: list[Shape], attributes: Attributes) -> Shape:
    """Return the shape of images, channels first, after a convolution or a pooling."""
    count, depth, *sides = inputs[0]
    kernel, strides = attributes["kernel_shape"], attributes["strides"]
    if min(*kernel, *strides) < 1 or max(kernel) > MAX_KERNEL:
        raise RefusedError(f"has windows of {kernel} pixels with strides {strides}")
    if len(inputs) > 1:
        channels, depth = depth, inputs[1][0]
        groups = attributes.get("group", 1)
        if groups < 1 or channels % groups or depth % groups:
            raise RefusedError(f"has a convolution in {groups} groups of {channels} channels")
        # onnxruntime would read a bias that is too short beyond its end.
        weights = (depth, channels // groups, *kernel)
        if inputs[1] != weights or inputs[2:] not in ([], [(depth,)]):
            raise RefusedError("has a convolution that does not fit its weights")
    padding = bytes(attributes.get("auto_pad", b"VALID"))
    if padding not in (b"VALID", b"SAME_UPPER"):
        raise RefusedError(f"has windows with padding {padding!r}")
    same = padding == b"SAME_UPPER"
    each = zip(sides, kernel, strides, strict=True)
    return count, depth, *((n - 1 if same else n - k) // step + 1 for n, k, step in each)


def _global_pooling(inputs: list[Shape], attributes: Attributes) -> Shape:
    return *inputs[0][:2], *(1 for _ in inputs[0][2:])


def _flatten(inputs: list[Shape], attributes: Attributes) -> Shape:
    if attributes["axis"] != 1:
        raise RefusedError(f"Flatten from axis {attributes['axis']}")
    return inputs[0][0], math.prod(inputs[0][1:])


def _reshape(inputs: list[Shape], attributes: Attributes) -> Shape:
    first, *others = attributes["shape"]
    if first != -1 or min(others) < 1 or math.prod(inputs[0]) % math.prod(others):
        raise RefusedError(f"Reshape of {inputs[0]} to {attributes['shape']}")
    return math.prod(inputs[0]) // math.prod(others), *others


def _product(inputs: list[Shape], attributes: Attributes) -> Shape:
    (*rows, inner), (rows_of_other, columns) = inputs
    if inner != rows_of_other:
        raise RefusedError(f"MatMul of {inputs[0]} and {inputs[1]}")
    return *rows, columns


def _concatenation(inputs: list[Shape], attributes: Attributes) -> Shape:
    if attributes["axis"] != 1 or len({(shape[0], *shape[2:]) for shape in inputs}) != 1:
        raise RefusedError(f"Concat of {inputs}")
    return inputs[0][0], sum(shape[1] for shape in inputs), *inputs[0][2:]


def _reduction(inputs: list[Shape], attributes: Attributes) -> Shape:
    axes, keeps = set(attributes["axes"]), attributes["keepdims"]
    if keeps not in (0, 1) or not axes <= set(range(1, len(inputs[0]))):
        raise RefusedError(f"a reduction over axes {sorted(axes)} of {inputs[0]}")
    sizes = ((axis in axes, size) for axis, size in enumerate(inputs[0]))
    return tuple(1 if is_reduced else size for is_reduced, size in sizes if keeps or not is_reduced)


# For each operator the rule for the shape of its output, and the attributes that it may have.
OPERATORS: dict[str, tuple[Rule, str]] = {
    "Add": (_broadcast, ""),
    "AveragePool": (_windows, "kernel_shape strides"),
    "BatchNormalization": (_batch_normalization, "epsilon"),
    "Cast": (_cast, "to"),
    "Clip": (_clip, ""),
    "Concat": (_concatenation, "axis"),
    "Conv": (_windows, "kernel_shape strides auto_pad group"),
    "Div": (_broadcast, ""),
    "Flatten": (_flatten, "axis"),
    "GlobalAveragePool": (_global_pooling, ""),
    "GlobalMaxPool": (_global_pooling, ""),
    "Identity": (_same, ""),
    "LayerNormalization": (_layer_normalization, "axis epsilon"),
    "MatMul": (_product, ""),
    "MaxPool": (_windows, "kernel_shape strides"),
    "Mul": (_broadcast, ""),
    "ReduceL2": (_reduction, "axes keepdims"),
    "ReduceMax": (_reduction, "axes keepdims"),
    "ReduceMean": (_reduction, "axes keepdims"),
    "Relu": (_same, ""),
    "Reshape": (_reshape, ""),
    "Sigmoid": (_same, ""),
    "Softmax": (_same, "axis"),
    "Sub": (_broadcast, ""),
    "Transpose": (_transpose, "perm"),
}
