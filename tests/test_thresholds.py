import numpy as np

from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.thresholds import decide, default_thresholds

CLASSES = ("black", "blue", "dress", "jeans", "striped")
GROUPS = [
    LabelGroup("colour", ("black", "blue"), is_colour=True),
    LabelGroup("group", ("dress", "jeans"), is_colour=False),
]


def tags(probabilities: list[float], thresholds: float = 0.5) -> list[str]:
    limits = np.full(5, thresholds)
    (row,) = decide(np.array([probabilities]), limits, GROUPS, CLASSES)
    return [label for label, counts in zip(CLASSES, row, strict=True) if counts]


def test_in_a_group_only_the_best_label_counts() -> None:
    assert tags([0.9, 0.8, 0.6, 0.7, 0.2]) == ["black", "jeans"]


def test_the_best_of_a_group_must_clear_its_threshold() -> None:
    assert tags([0.4, 0.3, 0.6, 0.1, 0.2]) == ["dress"]
    assert tags([0.4, 0.3, 0.6, 0.1, 0.2], 0.35) == ["black", "dress"]


def test_labels_outside_groups_count_on_their_own() -> None:
    assert tags([0.1, 0.1, 0.1, 0.1, 0.5]) == ["striped"]


def test_a_tie_in_a_group_gives_one_label() -> None:
    assert tags([0.7, 0.7, 0.0, 0.0, 0.0]) == ["black"]


def test_labels_that_compete_need_less_than_labels_on_their_own() -> None:
    assert default_thresholds(GROUPS, CLASSES).tolist() == [0.2, 0.2, 0.2, 0.2, 0.5]
