import numpy as np
import pytest
from sklearn.metrics import accuracy_score, hamming_loss

from pyimagesearch import metrics

TARGETS = np.array([[1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0]])
DECIDED = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0]])


def test_exact_match_counts_images_with_all_labels_right() -> None:
    assert metrics.exact_match(DECIDED, TARGETS) == 2 / 4
    assert metrics.exact_match(DECIDED, TARGETS) == accuracy_score(TARGETS, DECIDED)


def test_label_accuracy_counts_single_decisions() -> None:
    assert metrics.label_accuracy(DECIDED, TARGETS) == 9 / 12
    assert metrics.label_accuracy(DECIDED, TARGETS) == 1 - hamming_loss(TARGETS, DECIDED)


def test_saying_nothing_about_two_labels_in_six_is_two_thirds_right_per_label() -> None:
    targets = np.tile([1, 0, 0, 1, 0, 0], (10, 1))
    assert metrics.label_accuracy(np.zeros_like(targets), targets) == pytest.approx(2 / 3)
    assert metrics.exact_match(np.zeros_like(targets), targets) == 0
