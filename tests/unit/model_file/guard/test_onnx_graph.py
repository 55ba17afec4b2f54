"""Each graph is refused for what is odd about it, and not for some other slip."""

import re
from collections.abc import Callable

import numpy as np
import onnx
import pytest
from support.hostile.graphs import CAST, GRAPHS, LABELS, constant, model, node

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file import predictors
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.guard import onnx_graph
from pyimagesearch.model_file.guard.onnx_operators import GraphError
from pyimagesearch.model_file.onnx_export import to_onnx
from pyimagesearch.networks import build

SIDE, K = 48, 5000
WIDE = constant("w", np.ones((3, K)))
ENDS = constant("o", np.ones((K, LABELS)))


def ending(*nodes: onnx.NodeProto) -> bytes:
    """A graph from a photo to K numbers "x2" (1, K), then `nodes`."""
    mean = node("ReduceMean", "x0", "x1", axes=[1, 2], keepdims=0)
    made = model([CAST, mean, node("MatMul", "x1 w", "x2"), *nodes], [WIDE, ENDS], SIDE)
    data: bytes = made.SerializeToString()
    return data


def stood_on_end() -> bytes:
    """(1, K) made (K, 1), and both added: K times K numbers."""
    return ending(
        node("Flatten", "x2", "x3", axis=2),
        node("Add", "x2 x3", "flat"),
        node("MatMul", "flat o", "probabilities"),
    )


def summed_from_behind() -> bytes:
    """The last axis left out by a negative number."""
    return ending(
        node("ReduceMean", "x2", "x3", axes=[-1], keepdims=0),
        node("Add", "x2 x3", "flat"),
        node("MatMul", "flat o", "probabilities"),
    )


def said_twice() -> bytes:
    """An axis given twice, one for the reader and one for onnxruntime."""
    flat = node("Flatten", "x2", "flat", axis=2)
    flat.attribute.append(onnx.helper.make_attribute("axis", 1))
    return ending(flat, node("MatMul", "flat o", "probabilities"))


SNEAKY: dict[str, tuple[Callable[[], bytes], str]] = {
    "a row stood on end": (stood_on_end, "Flatten from axis 2"),
    "a mean from behind": (summed_from_behind, "ReduceMean over axes [-1]"),
    "an attribute twice": (said_twice, "Flatten has an attribute twice"),
}
REASONS = {
    "no graph": "is no graph that train.py writes",
    "half a graph": "is cut off",
    "a message within itself": "is cut off",
    "weights in another file": "holds the field 13",
    "weights in a file of the system": "holds the field 13",
    "weights that are not there": "w is not as long as its shape",
    "4 GB out of 144 bytes": "uses the operator 'ConstantOfShape'",
    "a thing joined to itself 40 times": "is of absurd size",
    "each with each": "is of absurd size",
    "a loop without end": "holds the field 6",
    "an operator of a stranger": "holds the field 7",
    "a function in an operator's place": "holds the field 25",
    "two graphs in one": "has two of the field",
    "a border of a million pixels": "MaxPool has the attribute 'pads'",
    "a bias that is too short": "has a convolution that does not fit its weights",
    "endless comparisons": "is of absurd size",
    "numbers as text": "Cast to the type 8",
    "photos of another size": "its input is (32, 32, 3)",
    "five million empty nodes": "has over 2000 of the field nodes",
    "20,000 nodes": "has over 2000 of the field nodes",
}


@pytest.fixture(scope="module")
def good() -> bytes:
    group = (LabelGroup("colour", ("a", "b", "c"), is_colour=True),)
    network = build.build("factored", SIDE, group, ("a", "b", "c", "d", "e", "f"), 0)
    return to_onnx(network, 1 / 255)


def test_a_graph_of_train_py_passes(good: bytes) -> None:
    assert onnx_graph.check(good, (SIDE, SIDE, 3), LABELS) > SIDE * SIDE


@pytest.mark.parametrize("name", GRAPHS)
def test_a_hostile_graph_is_refused_for_its_own_oddity(name: str, good: bytes) -> None:
    with pytest.raises(GraphError, match=re.escape(REASONS[name])):
        onnx_graph.check(GRAPHS[name](good), (SIDE, SIDE, 3), LABELS)


@pytest.mark.parametrize("name", SNEAKY)
def test_a_graph_whose_sizes_lie_is_refused(name: str) -> None:
    make, reason = SNEAKY[name]
    with pytest.raises(GraphError, match=re.escape(reason)):
        onnx_graph.check(make(), (SIDE, SIDE, 3), LABELS)


def test_a_graph_that_judges_one_photo_only_is_an_error_where_there_are_two() -> None:
    answer = constant("p", np.full((1, LABELS), 0.5))
    data = model([node("Identity", "p", "probabilities")], [answer], SIDE).SerializeToString()
    names = tuple("abcdef")
    config = TaggerConfig("factored", SIDE, names, (0.5,) * LABELS, (), ())
    predict = predictors.onnx_predictor(data, config)
    assert predict(np.zeros((1, SIDE, SIDE, 3), np.uint8)).shape == (1, LABELS)
    with pytest.raises(CommandError, match="does not judge each input by itself"):
        predict(np.zeros((2, SIDE, SIDE, 3), np.uint8))
