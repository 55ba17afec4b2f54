"""Splits keep labels even and near-duplicates together."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.data import splits
from pyimagesearch.data.splits import stratified_folds, stratified_split

RED_DRESS, BLUE_JEANS, BLUE_SHIRT = ("dress", "red"), ("blue", "jeans"), ("blue", "shirt")
LABELSETS = [RED_DRESS] * 50 + [BLUE_JEANS] * 30 + [BLUE_SHIRT] * 20
ALONE = np.arange(100)
TraceFunction = Callable[[FrameType, str, Any], Any]


def general(count: int = 600) -> list[tuple[str, ...]]:
    """Labelsets as in text or gene data: most occur once."""
    draw = np.random.default_rng(3)
    rows = draw.random((count, 12)) < np.linspace(0.03, 0.6, 12)
    return [tuple(f"label{column:02}" for column in np.flatnonzero(row)) for row in rows]


def counted(indices: splits.Indices, labelsets: list[tuple[str, ...]]) -> dict[str, int]:
    labels = [label for index in indices for label in labelsets[index]]
    return {label: labels.count(label) for label in {*labels}}


def test_each_labelset_has_its_fraction_in_the_validation_set() -> None:
    training, validation = stratified_split(LABELSETS, ALONE, 0.2, seed=1)
    held = [LABELSETS[index] for index in validation]
    assert [held.count(key) for key in (RED_DRESS, BLUE_JEANS, BLUE_SHIRT)] == [10, 6, 4]
    assert sorted([*training, *validation]) == list(range(100))


def test_the_same_seed_gives_the_same_split_and_another_seed_another_split() -> None:
    first, again = (stratified_split(LABELSETS, ALONE, 0.2, seed=1)[1] for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != stratified_split(LABELSETS, ALONE, 0.2, seed=2)[1].tolist()


def test_the_only_image_of_a_labelset_stays_in_training() -> None:
    for seed in range(20):
        labelsets = [*LABELSETS, ("coat", "teal")]
        _, validation = stratified_split(labelsets, np.arange(101), 0.2, seed)
        assert 100 not in validation


def test_near_duplicates_are_never_on_both_sides_and_fractions_are_kept() -> None:
    duplicate_groups = np.random.default_rng(0).integers(0, 70, 100)
    for seed in range(10):
        training, validation = stratified_split(LABELSETS, duplicate_groups, 0.2, seed)
        assert not set(duplicate_groups[training]) & set(duplicate_groups[validation])
        assert 17 <= len(validation) <= 23
        folds = stratified_folds(LABELSETS, duplicate_groups, 4, seed)
        of_folds = [cluster for fold in folds for cluster in set(duplicate_groups[fold])]
        assert len(of_folds) == len(set(of_folds))


def test_if_labelsets_are_rare_each_label_has_its_fraction() -> None:
    labelsets = general()
    assert len({*labelsets}) > 300
    every = counted(np.arange(600), labelsets)
    _, validation = stratified_split(labelsets, np.arange(600), 0.2, seed=0)
    held = counted(validation, labelsets)
    for label, count in every.items():
        assert held[label] == pytest.approx(0.2 * count, abs=max(2, 0.04 * count)), label


def test_folds_contain_every_image_once_and_each_label_evenly() -> None:
    labelsets = general()
    folds = stratified_folds(labelsets, np.arange(600), 5, seed=0)
    assert sorted(np.concatenate(folds)) == list(range(600))
    every = counted(np.arange(600), labelsets)
    for fold in folds:
        held = counted(fold, labelsets)
        for label, count in every.items():
            assert held[label] == pytest.approx(count / 5, abs=max(2, 0.05 * count)), label


def test_images_without_labels_are_spread_over_the_folds_too() -> None:
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


def test_copies_of_one_picture_cannot_be_split() -> None:
    with pytest.raises(CommandError, match=r"\(100, without near-duplicates 1\)"):
        stratified_split(LABELSETS, np.zeros(100, np.intp), 0.2, seed=1)


def test_a_labelset_can_be_left_out_if_the_others_distinguish_its_labels() -> None:
    tutorial = ["black jeans", "blue dress", "blue jeans", "blue shirt", "dress red", "red shirt"]
    found = splits.labelsets_to_leave_out([tuple(pair.split()) for pair in tutorial] * 3)
    assert found == [("blue", "dress"), ("blue", "shirt"), ("dress", "red"), ("red", "shirt")]


def test_near_duplicates_of_held_out_images_are_not_trained_on() -> None:
    duplicate_groups = np.array([0, 1, 1, 2, 3])
    rest = splits.without(np.arange(5), np.array([1, 4]), duplicate_groups)
    assert rest.tolist() == [0, 3]


def test_images_with_a_labelset_have_no_further_labels() -> None:
    labelsets = [("red",), ("big", "red"), ("red",)]
    assert splits.with_labelset(("red",), labelsets).tolist() == [0, 2]


def many_labelsets(count: int) -> list[tuple[str, ...]]:
    """Labelsets of 4 of 80 labels, 2,000 different ones."""
    draw = np.random.default_rng(0)
    kinds = [tuple(sorted({f"{n:02}" for n in draw.integers(0, 80, 4)})) for _ in range(2000)]
    return [kinds[kind] for kind in draw.integers(0, 2000, count)]


def test_many_photos_of_many_labelsets_are_split_evenly() -> None:
    labelsets = many_labelsets(20_000)
    _, validation = stratified_split(labelsets, np.arange(20_000), 0.2, seed=0)
    assert abs(len(validation) - 4_000) < 20
    every, held = (counted(part, labelsets) for part in (np.arange(20_000), validation))
    assert max(abs(held[label] - every[label] / 5) for label in every) < 10  # of two hundred


def lines_executed(count: int) -> int:
    """Return how many lines of splits.py it takes to split `count` photos."""
    labelsets, lines = many_labelsets(count), 0

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        nonlocal lines
        lines += event == "line"
        return trace if frame.f_code.co_filename == splits.__file__ else None

    sys.settrace(trace)
    try:
        stratified_split(labelsets, np.arange(count), 0.2, seed=0)
    finally:
        sys.settrace(None)
    return lines


def test_the_work_of_splitting_grows_in_proportion_to_the_photos() -> None:
    assert lines_executed(8_000) < 5 * lines_executed(2_000)
