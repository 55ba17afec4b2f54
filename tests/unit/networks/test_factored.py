from collections.abc import Callable

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from support.commands import ROOT

from pyimagesearch.images.decoder import load
from pyimagesearch.networks.factored import FactoredNet

Outputs = Callable[[NDArray[np.floating]], NDArray[np.float32]]
SIDE = 32
COLOURS, SHAPES = [0, 1, 4], [2, 3]
PIXELS = np.random.default_rng(0).random((4, SIDE, SIDE, 3), np.float32)


@pytest.fixture(scope="module")
def outputs() -> Outputs:
    keras.utils.set_random_seed(0)
    model = FactoredNet.build(SIDE, COLOURS, 5)
    return lambda images: np.asarray(model(images, training=False))


def test_has_at_most_600_000_parameters_and_stock_layers_only() -> None:
    model = FactoredNet.build(64, [0, 1, 2], 6)
    assert model.count_params() <= 600_000
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.output_shape == (None, 6)


def test_hue_does_not_change_the_shape_labels(outputs: Outputs) -> None:
    # More red and less green, so that the luminance stays the same.
    recoloured = PIXELS * 0.5 + 0.25
    recoloured = recoloured + np.array([0.1, -0.1 * 0.299 / 0.587, 0], np.float32)
    before, after = outputs(PIXELS * 0.5 + 0.25), outputs(recoloured)
    assert np.abs(before - after)[:, SHAPES].max() < 1e-4
    assert np.abs(before - after)[:, COLOURS].max() > 1e-4


def test_brightness_and_contrast_hardly_change_the_shape_labels(outputs: Outputs) -> None:
    paths = sorted((ROOT / "examples").iterdir())
    pictures = np.stack([load(path, SIDE) for path in paths]).astype(np.float32) / 255
    before, after = (outputs(images)[:, SHAPES] for images in (pictures, pictures * 0.7 + 0.1))
    between_pictures = np.ptp(before, axis=0).min()
    assert np.abs(before - after).max() < 0.2 * between_pictures


def test_the_position_of_a_colour_does_not_change_the_colour_labels(outputs: Outputs) -> None:
    # Two halves of one colour each: flipping the image moves the patches and changes none.
    picture = np.zeros((1, SIDE, SIDE, 3), np.float32)
    picture[:, : SIDE // 2] = (0.8, 0.1, 0.1)
    picture[:, SIDE // 2 :] = (0.1, 0.1, 0.7)
    before, after = outputs(picture), outputs(picture[:, ::-1])
    assert np.abs(before - after)[:, COLOURS].max() < 1e-2
