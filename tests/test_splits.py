import numpy as np
import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.splits import stratified_split

COMBINATIONS = ["red dress"] * 50 + ["blue jeans"] * 30 + ["blue shirt"] * 20


def test_each_combination_gives_its_share() -> None:
    training, validation = stratified_split(COMBINATIONS, 0.2, seed=1)
    held = np.array(COMBINATIONS)[validation]
    assert {name: int((held == name).sum()) for name in set(COMBINATIONS)} == {
        "red dress": 10,
        "blue jeans": 6,
        "blue shirt": 4,
    }
    assert sorted([*training, *validation]) == list(range(100))


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    first, again = (stratified_split(COMBINATIONS, 0.2, seed=1)[1] for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != stratified_split(COMBINATIONS, 0.2, seed=2)[1].tolist()


def test_a_combination_of_one_image_stays_in_training() -> None:
    for seed in range(20):
        _, validation = stratified_split([*COMBINATIONS, "teal coat"], 0.2, seed)
        assert 100 not in validation


def test_too_few_images_to_hold_any_out_is_an_error() -> None:
    with pytest.raises(CommandError, match="2 images are too few to hold out 20%"):
        stratified_split(["a", "b"], 0.2, seed=1)
