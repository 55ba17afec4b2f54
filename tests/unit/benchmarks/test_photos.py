from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import photos
from pyimagesearch.console import CommandError
from pyimagesearch.training.recipe import DEFAULTS


def test_photos_are_loaded_with_the_recipe_of_train_py_and_nothing_is_printed_to_stdout(
    tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, recipe = photos.load(tiny_dataset, seed=7, cache=tmp_path)
    assert recipe == replace(DEFAULTS["pretrained"], seed=7)
    assert data.inputs["picture"].shape == (60, recipe.image_size // 4, recipe.image_size // 4, 3)
    assert data.inputs["picture"].dtype == np.uint8
    assert sorted({group.name for group in data.groups}) == ["colour", "group"]
    assert capsys.readouterr().out == ""


def test_epochs_and_architecture_override_the_choice_of_train_py(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    _, recipe = photos.load(tiny_dataset, 0, 2, "smallervggnet", tmp_path)
    assert (recipe.architecture, recipe.epochs) == ("smallervggnet", 2)
    assert recipe.image_size == DEFAULTS["smallervggnet"].image_size


def test_a_folder_without_photos_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        photos.load(tmp_path, seed=0, cache=tmp_path)
