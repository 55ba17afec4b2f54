import time

import numpy as np
import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.data import splits
from pyimagesearch.data.splits import stratified_folds, stratified_split

RED_DRESS, BLUE_JEANS, BLUE_SHIRT = ("dress", "red"), ("blue", "jeans"), ("blue", "shirt")
COMBINATIONS = [RED_DRESS] * 50 + [BLUE_JEANS] * 30 + [BLUE_SHIRT] * 20
ALONE = np.arange(100)


def general(count: int = 600) -> list[tuple[str, ...]]:
    """Label sets as text or gene data have them: most labelsets occur once."""
    draw = np.random.default_rng(3)
    rows = draw.random((count, 12)) < np.linspace(0.03, 0.6, 12)
    return [tuple(f"label{column:02}" for column in np.flatnonzero(row)) for row in rows]


def counted(indices: splits.Indices, labelsets: list[tuple[str, ...]]) -> dict[str, int]:
    labels = [label for index in indices for label in labelsets[index]]
    return {label: labels.count(label) for label in {*labels}}


def test_each_combination_gives_its_share() -> None:
    training, validation = stratified_split(COMBINATIONS, ALONE, 0.2, seed=1)
    held = [COMBINATIONS[index] for index in validation]
    assert [held.count(key) for key in (RED_DRESS, BLUE_JEANS, BLUE_SHIRT)] == [10, 6, 4]
    assert sorted([*training, *validation]) == list(range(100))


def test_the_same_seed_gives_the_same_split_and_another_another() -> None:
    first, again = (stratified_split(COMBINATIONS, ALONE, 0.2, seed=1)[1] for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != stratified_split(COMBINATIONS, ALONE, 0.2, seed=2)[1].tolist()


def test_a_combination_of_one_image_stays_in_training() -> None:
    for seed in range(20):
        labelsets = [*COMBINATIONS, ("coat", "teal")]
        _, validation = stratified_split(labelsets, np.arange(101), 0.2, seed)
        assert 100 not in validation


def test_near_duplicates_are_never_on_both_sides_and_shares_hold() -> None:
    duplicate_groups = np.random.default_rng(0).integers(0, 70, 100)
    for seed in range(10):
        training, validation = stratified_split(COMBINATIONS, duplicate_groups, 0.2, seed)
        assert not set(duplicate_groups[training]) & set(duplicate_groups[validation])
        assert 17 <= len(validation) <= 23
        folds = stratified_folds(COMBINATIONS, duplicate_groups, 4, seed)
        of_folds = [cluster for fold in folds for cluster in set(duplicate_groups[fold])]
        assert len(of_folds) == len(set(of_folds))


def test_where_combinations_are_rare_each_label_gives_its_share() -> None:
    labelsets = general()
    assert len({*labelsets}) > 300
    every = counted(np.arange(600), labelsets)
    _, validation = stratified_split(labelsets, np.arange(600), 0.2, seed=0)
    held = counted(validation, labelsets)
    for label, count in every.items():
        assert held[label] == pytest.approx(0.2 * count, abs=max(2, 0.04 * count)), label


def test_folds_hold_every_image_once_and_each_label_evenly() -> None:
    labelsets = general()
    folds = stratified_folds(labelsets, np.arange(600), 5, seed=0)
    assert sorted(np.concatenate(folds)) == list(range(600))
    every = counted(np.arange(600), labelsets)
    for fold in folds:
        held = counted(fold, labelsets)
        for label, count in every.items():
            assert held[label] == pytest.approx(count / 5, abs=max(2, 0.05 * count)), label


def test_images_without_labels_are_shared_out_too() -> None:
    labelsets: list[tuple[str, ...]] = [()] * 10 + [("red",)] * 10
    folds = stratified_folds(labelsets, np.arange(20), 5, seed=0)
    assert [sorted(len(labelsets[index]) for index in fold) for fold in folds] == [[0, 0, 1, 1]] * 5


def test_too_few_images_to_hold_any_out_is_an_error() -> None:
    with pytest.raises(CommandError, match=r"\(2, without near-duplicates 2\) to hold out 20%"):
        stratified_split([("a",), ("b",)], np.arange(2), 0.2, seed=1)
    with pytest.raises(CommandError, match=r"\(4, .* 4\) to hold out 99%"):
        stratified_split([("a",), ("b",)] * 2, np.arange(4), 0.99, seed=1)
    with pytest.raises(CommandError, match=r"too few photos \(3\) for 4 folds"):
        stratified_folds([("a",)] * 3, np.arange(3), 4, seed=1)


def test_one_picture_many_times_over_cannot_be_split() -> None:
    with pytest.raises(CommandError, match=r"\(100, without near-duplicates 1\)"):
        stratified_split(COMBINATIONS, np.zeros(100, np.intp), 0.2, seed=1)


def test_a_pair_is_left_out_where_the_rest_explains_its_labels() -> None:
    tutorial = ["black jeans", "blue dress", "blue jeans", "blue shirt", "dress red", "red shirt"]
    found = splits.labelsets_to_leave_out([tuple(pair.split()) for pair in tutorial] * 3)
    assert found == [("blue", "dress"), ("blue", "shirt"), ("dress", "red"), ("red", "shirt")]


def test_near_duplicates_of_what_is_held_out_do_not_train() -> None:
    duplicate_groups = np.array([0, 1, 1, 2, 3])
    rest = splits.without(np.arange(5), np.array([1, 4]), duplicate_groups)
    assert rest.tolist() == [0, 3]


def test_with_labelset_a_combination_carry_nothing_more() -> None:
    labelsets = [("red",), ("big", "red"), ("red",)]
    assert splits.with_labelset(("red",), labelsets).tolist() == [0, 2]


def test_a_hundred_thousand_photos_of_many_combinations_take_seconds() -> None:
    draw = np.random.default_rng(0)
    kinds = [tuple(sorted({f"{n:02}" for n in draw.integers(0, 80, 4)})) for _ in range(2000)]
    labelsets = [kinds[kind] for kind in draw.integers(0, 2000, 100_000)]
    start = time.process_time()
    _, validation = stratified_split(labelsets, np.arange(100_000), 0.2, seed=0)
    assert time.process_time() - start < 20
    assert abs(len(validation) - 20_000) < 20
    every, held = (counted(part, labelsets) for part in (np.arange(100_000), validation))
    assert max(abs(held[label] - every[label] / 5) for label in every) < 10  # of a thousand
