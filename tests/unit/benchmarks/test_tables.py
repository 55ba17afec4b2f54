"""The harness of benchmarks/tables.py on data small enough to check by hand."""

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import tables

MULAN = os.environ.get("MULAN_DATA")


def test_scores_are_those_of_the_literature_by_hand() -> None:
    y = np.array([[1, 0, 0], [0, 1, 1]])
    scores = np.array([[0.7, 0.9, 0.1], [0.2, 0.8, 0.6]])
    hamming, ranking, one_error, coverage, precision, exact = tables.score(y, scores, scores > 0.5)
    assert hamming == pytest.approx(1 / 6)
    assert ranking == pytest.approx((1 / 2 + 0) / 2)  # one of two pairs reversed; none of two
    assert one_error == 0.5
    assert coverage == pytest.approx((1 + 1) / 2)  # steps down the list, counted from 0
    assert precision == pytest.approx((1 / 2 + 1) / 2)
    assert exact == 0.5


def test_ml_knn_is_the_posterior_of_its_paper_by_hand() -> None:
    # Two heaps of eleven rows: the ten neighbours of a row are its own heap.
    x = np.array([[0.0]] * 11 + [[9.0]] * 11)
    y = np.array([[0]] * 11 + [[1]] * 11)
    scores, predicted = tables.ml_knn(x, y, np.array([[0.1], [9.1]]), 0)
    prior = (1 + 11) / (2 + 22)
    likely, unlikely = prior * (1 + 11) / (11 + 11), (1 - prior) * (1 + 0) / (11 + 11)
    assert scores[1, 0] == pytest.approx(likely / (likely + unlikely))
    assert scores[0, 0] == pytest.approx(unlikely / (likely + unlikely))
    assert predicted.tolist() == [[False], [True]]


def test_thresholds_divide_the_rows_as_those_of_training_were() -> None:
    draw = np.random.default_rng(0)
    level = draw.uniform(0.3, 0.7, (200, 1))
    y = draw.random((200, 5)).argsort(axis=1) < 2  # two of five: the level is linear in the scores
    scores = level + np.where(y, 0.1, -0.1)
    thresholds = tables.fit_thresholds(scores[:100], y[:100].astype(float), scores[100:])
    assert ((scores[100:] > thresholds[:, None]) == y[100:]).mean() > 0.95
    assert ((scores[100:] > 0.5) == y[100:]).mean() < 0.9


def test_close_means_the_best_or_within_two_hundredths_of_it() -> None:
    results = {
        "a": [0.1, 0.1, 0.1, 1.0, 0.90, 0.50],
        "b": [0.1019, 0.1021, 0.2, 1.1, 0.883, 0.48],
    }
    assert tables.close_to_best(results) == {
        "a": [True] * 6,
        "b": [True, False, False, False, True, False],
    }


@pytest.mark.skipif(MULAN is None, reason="MULAN_DATA names no folder of Mulan's ARFF files")
@pytest.mark.parametrize(("name", "published"), [("scene", 0.099), ("yeast", 0.198)])
def test_ml_knn_lands_on_its_published_hamming_loss(name: str, published: float) -> None:
    x, y, new, truth = tables.load(Path(str(MULAN)), name)
    scores = tables.score(truth, *tables.ml_knn(x, y, new, 0))
    assert round(scores[0], 3) == published
