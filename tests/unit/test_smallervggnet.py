import keras
import pytest

from pyimagesearch.smallervggnet import SmallerVGGNet

STAGES = ["Conv2D", "Activation", "BatchNormalization"]
END_OF_STAGE = ["MaxPooling2D", "Dropout"]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """The network of the tutorial."""
    return SmallerVGGNet.build(96, 96, 3, 6, finalAct="sigmoid")


def test_has_as_many_parameters_as_in_the_tutorial(model: keras.Model) -> None:
    assert model.count_params() == 8_679_302
    assert model.input_shape == (None, 96, 96, 3)
    assert model.output_shape == (None, 6)


def test_has_the_layers_of_the_tutorial_in_order(model: keras.Model) -> None:
    assert [type(layer).__name__ for layer in model.layers] == [
        *STAGES,
        *END_OF_STAGE,
        *STAGES * 2,
        *END_OF_STAGE,
        *STAGES * 2,
        *END_OF_STAGE,
        "Flatten",
        "Dense",
        "Activation",
        "BatchNormalization",
        "Dropout",
        "Dense",
        "Activation",
    ]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [layer.filters for layer in convolutions] == [32, 64, 64, 128, 128]
    assert {(layer.kernel_size, layer.padding) for layer in convolutions} == {((3, 3), "same")}
    pools = [layer for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert [layer.pool_size for layer in pools] == [(3, 3), (2, 2), (2, 2)]
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert [layer.rate for layer in dropouts] == [0.25, 0.25, 0.25, 0.5]
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [1024, 6]
    activations = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
    assert [layer.activation.__name__ for layer in activations] == ["relu"] * 6 + ["sigmoid"]


def test_ends_in_softmax_by_default() -> None:
    model = SmallerVGGNet.build(24, 24, 3, 4)
    assert model.layers[-1].activation is keras.activations.softmax


def test_uses_the_image_data_format_of_keras() -> None:
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        model = SmallerVGGNet.build(30, 24, 3, 4)
    finally:
        keras.config.set_image_data_format(before)
    assert model.input_shape == (None, 3, 24, 30)
    norms = [m for m in model.layers if isinstance(m, keras.layers.BatchNormalization)]
    assert [layer.axis for layer in norms] == [1, 1, 1, 1, 1, -1]
    assert model.count_params() == SmallerVGGNet.build(30, 24, 3, 4).count_params()
