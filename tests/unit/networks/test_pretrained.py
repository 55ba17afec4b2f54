import keras
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from pyimagesearch.model_file.guard import onnx_graph
from pyimagesearch.model_file.onnx_export import to_onnx
from pyimagesearch.networks.pretrained import (
    Spec,
    assemble,
    build_colour_pathway,
    build_extractor,
    build_heads,
    copy_weights,
    upsampling,
)

LITE0 = "efficientnet-lite0"
SPEC = Spec(image_size=64, labels=5, colours=(0, 3))
Floats = NDArray[np.float32]


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    """Return `model` with random weights in its heads, as if they were trained."""
    draw = np.random.default_rng(seed)
    fixed = {"map_sum", "upsampling", "label_order", "colour_lengths"}
    for layer in model.layers:
        if layer.weights and layer.name not in fixed and not layer.name.startswith("_"):
            values = [draw.normal(0, 0.3, w.shape).astype(np.float32) for w in layer.get_weights()]
            layer.set_weights([abs(v) if "norm" in layer.name else v for v in values])
    return model


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return assemble(randomised(build_heads(SPEC, LITE0)), SPEC, LITE0)


def images(count: int = 3) -> Floats:
    """Return smooth images with a bright square, so that a map has something to find."""
    draw = np.random.default_rng(1)
    small = draw.random((count, 4, 4, 3), np.float32)
    pictures = small.repeat(16, axis=1).repeat(16, axis=2) * 0.5
    pictures[:, 8:24, 8:24] += 0.4
    return pictures


def logits(probabilities: Floats) -> Floats:
    return np.asarray(np.log(probabilities / (1 - probabilities)))


def test_the_network_for_photos_gives_what_its_heads_give_for_the_frozen_part(
    network: keras.Model,
) -> None:
    bottleneck, embedding = map(np.asarray, build_extractor(LITE0, 64, is_luminance=True)(images()))
    heads = build_heads(SPEC, LITE0)
    copy_weights(network, heads)
    picture = images().reshape(3, 16, 4, 16, 4, 3).mean(axis=(2, 4))
    found = heads({"embedding": embedding, "bottleneck": bottleneck, "picture": picture})
    probabilities, distances, maps = network(images())
    np.testing.assert_allclose(found[0], probabilities, atol=1e-5)
    np.testing.assert_allclose(found[1], distances, rtol=1e-3, atol=1e-3)
    assert maps.shape == (3, 2, 2, 3)


def test_hue_cannot_reach_the_shape_labels(network: keras.Model) -> None:
    before = images()
    luminance = before @ np.array([0.299, 0.587, 0.114], np.float32)
    grey = np.repeat(luminance[..., None], 3, axis=-1)
    coloured, colourless = (np.asarray(network(one)[0]) for one in (before, grey))
    np.testing.assert_allclose(
        logits(coloured)[:, SPEC.shapes], logits(colourless)[:, SPEC.shapes], atol=1e-3
    )
    assert np.abs(coloured - colourless)[:, SPEC.colours].max() > 1e-3


def test_patches_outside_the_map_cannot_reach_the_colour_labels() -> None:
    pathway = randomised(build_colour_pathway(SPEC))
    evidence = np.full((1, 2, 2, 1), -4.0, np.float32)
    evidence[0, 0, 0] = 4.0
    picture = np.random.default_rng(0).random((1, 16, 16, 3)).astype(np.float32)
    other = picture.copy()
    other[:, 8:, 8:] = (
        np.random.default_rng(1).permutation(other[0, 8:, 8:].reshape(-1, 3)).reshape(1, 8, 8, 3)
    )
    inside = picture.copy()
    inside[:, :4, :4] = 1 - inside[:, :4, :4]
    of_picture, of_other, of_inside = (
        np.asarray(pathway([one, evidence])) for one in (picture, other, inside)
    )
    np.testing.assert_allclose(of_picture, of_other, atol=1e-3)
    assert np.abs(of_picture - of_inside).max() > 0.01


def test_the_network_is_made_of_stock_layers_and_passes_the_guard(network: keras.Model) -> None:
    assert {type(layer).__module__.split(".")[0] for layer in network.layers} == {"keras"}
    graph = to_onnx(network, 1 / 255, ("probabilities", "distances", "maps"))
    shapes = {"probabilities": (5,), "distances": (2,), "maps": (2, 2, 3)}
    assert onnx_graph.check(graph, (64, 64, 3), shapes) > 0


def test_the_onnx_export_computes_the_same_outputs(network: keras.Model) -> None:
    pixels = np.rint(images() * 255).astype(np.uint8)
    names = ("probabilities", "distances", "maps")
    session = onnxruntime.InferenceSession(to_onnx(network, 1 / 255, names))
    expected = network(pixels.astype(np.float32) / 255)
    for found, wanted in zip(session.run(list(names), {"images": pixels}), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3)


def test_without_colours_the_backbone_sees_the_photo_in_colour() -> None:
    spec = Spec(image_size=64, labels=3, colours=())
    network = assemble(randomised(build_heads(spec, LITE0)), spec, LITE0)
    grey = images().mean(axis=-1, keepdims=True).repeat(3, axis=-1)
    coloured, colourless = (np.asarray(network(one)[0]) for one in (images(), grey))
    assert np.abs(coloured - colourless).max() > 1e-3
    assert [tuple(output.shape[1:]) for output in network.outputs] == [(3,), (1,), (2, 2, 3)]


def test_upsampling_interpolates_between_the_centres_of_the_cells() -> None:
    matrix = upsampling(cells=2, patches=4)
    ramp = np.array([[0.0, 1.0], [0.0, 1.0]])
    fine = (ramp.ravel() @ matrix).reshape(4, 4)
    np.testing.assert_allclose(fine[0], [0, 0.25, 0.75, 1])
    np.testing.assert_allclose(matrix.sum(axis=0), 1)
