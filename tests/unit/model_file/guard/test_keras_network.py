import keras
import pytest

from pyimagesearch.model_file.guard.keras_network import NetworkError, check_kinds, count_products


@pytest.mark.parametrize("module", ["keras", "keras.layers"])
def test_layers_of_keras_are_admitted(module: str) -> None:
    check_kinds({"layers": [{"class_name": "Dense", "module": module}]})


@pytest.mark.parametrize("module", ["keras_evil", "kerasevil.layers", "evil.keras", "", None])
def test_a_known_name_from_another_module_is_refused(module: str | None) -> None:
    with pytest.raises(NetworkError, match="'Dense', which no tagger needs"):
        check_kinds({"layers": [{"class_name": "Dense", "module": module}]})


def test_a_network_within_a_network_is_refused() -> None:
    layer = {"class_name": "Dense"}
    check_kinds(network := {"class_name": "Functional", "config": {"layers": [layer]}})
    layer.update(class_name="Sequential")
    with pytest.raises(NetworkError, match="a network within a network"):
        check_kinds(network)


def test_what_a_photo_costs_is_counted_by_layer() -> None:
    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(5, 3, padding="same"),
            keras.layers.MaxPooling2D(2),
            keras.layers.ReLU(),
            keras.layers.Flatten(),
            keras.layers.Dense(7),
        ]
    )
    convolution, pooling, dense = 8 * 8 * 5 * (3 * 3 * 3), 4 * 4 * 5 * (2 * 2), 7 * (4 * 4 * 5)
    others = 4 * 4 * 5 * 2  # one each for ReLU and Flatten
    assert count_products(network) == convolution + pooling + dense + others
