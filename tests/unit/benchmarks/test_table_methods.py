import numpy as np
import pytest

from benchmarks import table_methods, tables


def test_ml_knn_gives_the_posterior_of_its_paper_computed_by_hand() -> None:
    # Two heaps of eleven rows: the ten neighbours of a row are the others of its heap.
    x = np.array([[0.0]] * 11 + [[9.0]] * 11)
    y = np.array([[0]] * 11 + [[1]] * 11)
    scores, predicted = table_methods.ml_knn(x, y, np.array([[0.1], [9.1]]), 0)
    prior = (1 + 11) / (2 + 22)
    likely, unlikely = prior * (1 + 11) / (11 + 11), (1 - prior) * (1 + 0) / (11 + 11)
    assert scores[1, 0] == pytest.approx(likely / (likely + unlikely))
    assert scores[0, 0] == pytest.approx(unlikely / (likely + unlikely))
    assert predicted.tolist() == [[False], [True]]


def test_fitted_thresholds_separate_new_rows_better_than_a_fixed_one() -> None:
    draw = np.random.default_rng(0)
    level = draw.uniform(0.3, 0.7, (200, 1))
    y = draw.random((200, 5)).argsort(axis=1) < 2  # two of five: the level is linear in the scores
    scores = level + np.where(y, 0.1, -0.1)
    thresholds = table_methods.fit_thresholds(scores[:100], y[:100].astype(float), scores[100:])
    assert ((scores[100:] > thresholds[:, None]) == y[100:]).mean() > 0.95
    assert ((scores[100:] > 0.5) == y[100:]).mean() < 0.9


@pytest.mark.parametrize("name", table_methods.METHODS)
def test_every_method_ranks_the_right_label_first_for_two_separate_heaps(name: str) -> None:
    draw = np.random.default_rng(0)
    y = np.eye(2)[np.arange(64) % 2]
    x = draw.normal(size=(64, 3)) + 6 * y[:, :1]
    scores, predicted = table_methods.METHODS[name](x, y, x[:10], 0)
    assert scores.shape == predicted.shape == (10, 2)
    assert predicted.dtype == np.bool_
    assert tables.score(y[:10], scores, predicted)[2] == 0  # one-error
