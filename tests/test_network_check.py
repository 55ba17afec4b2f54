import pytest

from pyimagesearch.network_check import NetworkError, check_kinds


@pytest.mark.parametrize("module", ["keras", "keras.layers"])
def test_layers_of_keras_are_admitted(module: str) -> None:
    check_kinds({"layers": [{"class_name": "Dense", "module": module}]})


@pytest.mark.parametrize("module", ["keras_evil", "kerasevil.layers", "evil.keras", "", None])
def test_a_known_name_from_another_module_is_refused(module: str | None) -> None:
    with pytest.raises(NetworkError, match="'Dense', which no tagger needs"):
        check_kinds({"layers": [{"class_name": "Dense", "module": module}]})
