import pytest

from pyimagesearch.model_file.guard.keras_network import check_kinds
from pyimagesearch.model_file.guard.refused import RefusedError


@pytest.mark.parametrize("module", ["keras", "keras.layers"])
def test_layers_of_keras_are_allowed(module: str) -> None:
    check_kinds({"layers": [{"class_name": "Dense", "module": module}]})


@pytest.mark.parametrize("module", ["keras_evil", "kerasevil.layers", "evil.keras", "", None])
def test_a_layer_of_another_module_with_a_known_name_is_refused(module: str | None) -> None:
    with pytest.raises(RefusedError, match="'Dense', which no tagger needs"):
        check_kinds({"layers": [{"class_name": "Dense", "module": module}]})


def test_a_network_within_a_network_is_refused() -> None:
    layer = {"class_name": "Dense"}
    check_kinds(network := {"class_name": "Functional", "config": {"layers": [layer]}})
    layer.update(class_name="Sequential")
    with pytest.raises(RefusedError, match="a network within a network"):
        check_kinds(network)


def test_a_network_of_too_many_layers_is_refused() -> None:
    check_kinds([{"class_name": "Dense"}] * 500)
    with pytest.raises(RefusedError, match="has 501 layers"):
        check_kinds([{"class_name": "Dense"}] * 501)
