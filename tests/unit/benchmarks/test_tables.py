import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks import table_methods, tables

MULAN = os.environ.get("MULAN_DATA")


def test_scores_are_those_of_the_literature_computed_by_hand() -> None:
    y = np.array([[1, 0, 0], [0, 1, 1]])
    scores = np.array([[0.7, 0.9, 0.1], [0.2, 0.8, 0.6]])
    hamming, ranking, one_error, coverage, precision, exact = tables.score(y, scores, scores > 0.5)
    assert hamming == pytest.approx(1 / 6)
    assert ranking == pytest.approx((1 / 2 + 0) / 2)  # one of two pairs reversed; none of two
    assert one_error == 0.5
    assert coverage == pytest.approx((1 + 1) / 2)  # steps down the list, counted from 0
    assert precision == pytest.approx((1 / 2 + 1) / 2)
    assert exact == 0.5


def test_close_means_the_best_or_within_two_hundredths_of_the_best() -> None:
    results = {
        "a": [0.1, 0.1, 0.1, 1.0, 0.90, 0.50],
        "b": [0.1019, 0.1021, 0.2, 1.1, 0.883, 0.48],
    }
    assert tables.close_to_best(results) == {
        "a": [True] * 6,
        "b": [True, False, False, False, True, False],
    }


@pytest.mark.skipif(MULAN is None, reason="MULAN_DATA is not set to a folder of Mulan's ARFF files")
@pytest.mark.parametrize(("name", "published"), [("scene", 0.099), ("yeast", 0.198)])
def test_ml_knn_has_its_published_hamming_loss(name: str, published: float) -> None:
    x, y, new, truth = tables.load(Path(str(MULAN)), name)
    scores = tables.score(truth, *table_methods.ml_knn(x, y, new, 0))
    assert round(scores[0], 3) == published
