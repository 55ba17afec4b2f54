import numpy as np

from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring.metrics import exact_match
from pyimagesearch.scoring.thresholds import apply_thresholds, choose, default_thresholds

CLASSES = ("black", "blue", "dress", "jeans", "striped")
GROUPS = [
    LabelGroup("colour", ("black", "blue"), is_colour=True),
    LabelGroup("group", ("dress", "jeans"), is_colour=False),
]


def tags(probabilities: list[float], threshold: float = 0.5) -> list[str]:
    (row,) = apply_thresholds(np.array([probabilities]), np.full(5, threshold), GROUPS, CLASSES)
    return [label for label, applies in zip(CLASSES, row, strict=True) if applies]


def test_in_a_group_only_the_most_likely_label_applies() -> None:
    assert tags([0.9, 0.8, 0.6, 0.7, 0.2]) == ["black", "jeans"]


def test_the_most_likely_label_of_a_group_must_reach_its_threshold() -> None:
    assert tags([0.4, 0.3, 0.6, 0.1, 0.2]) == ["dress"]
    assert tags([0.4, 0.3, 0.6, 0.1, 0.2], 0.35) == ["black", "dress"]


def test_labels_outside_groups_apply_independently() -> None:
    assert tags([0.1, 0.1, 0.1, 0.1, 0.5]) == ["striped"]


def test_a_tie_in_a_group_gives_one_label() -> None:
    assert tags([0.7, 0.7, 0.0, 0.0, 0.0]) == ["black"]


def test_default_thresholds_are_lower_in_groups() -> None:
    assert default_thresholds(GROUPS, CLASSES).tolist() == [0.2, 0.2, 0.2, 0.2, 0.5]


def test_a_label_outside_groups_gets_the_threshold_with_the_highest_f1() -> None:
    # Twelve images have the label, at 0.3 or more; those without it are below 0.25.
    probabilities = np.concatenate([np.linspace(0.3, 0.9, 12), np.linspace(0, 0.25, 30)])[:, None]
    targets = (np.arange(42) < 12).astype(np.float32)[:, None]
    (threshold,) = choose(probabilities, targets, [], ("striped",))
    assert 0.25 < threshold <= 0.3
    assert apply_thresholds(probabilities, np.array([threshold]), [], ("striped",)).sum() == 12


def test_of_equally_good_thresholds_the_nearest_to_the_default_is_chosen() -> None:
    probabilities = np.repeat([0.9, 0.1], 20)[:, None]
    targets = np.repeat([1.0, 0.0], 20)[:, None]
    assert choose(probabilities, targets, [], ("striped",)) == [0.5]


def test_a_rare_label_keeps_the_default_threshold() -> None:
    probabilities = np.concatenate([np.full(9, 0.3), np.full(30, 0.1)])[:, None]
    targets = (np.arange(39) < 9).astype(np.float32)[:, None]
    assert choose(probabilities, targets, [], ("striped",)) == [0.5]


def test_the_labels_of_a_group_share_the_threshold_with_the_best_exact_match() -> None:
    draw = np.random.default_rng(0)
    targets = np.zeros((200, 5))
    targets[np.arange(200), draw.integers(0, 2, 200)] = 1
    targets[np.arange(200), draw.integers(2, 4, 200)] = 1
    probabilities = np.clip(0.15 * targets + 0.15 * draw.random((200, 5)), 0, 1)
    chosen = choose(probabilities, targets, GROUPS, CLASSES)
    assert chosen[0] == chosen[1]
    assert chosen[2] == chosen[3]

    def exact(thresholds: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        return exact_match(apply_thresholds(probabilities, thresholds, GROUPS, CLASSES), targets)

    assert exact(chosen) > exact(default_thresholds(GROUPS, CLASSES)) + 0.3
