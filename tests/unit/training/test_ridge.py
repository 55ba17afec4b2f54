import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.metrics import average_precision_score

from pyimagesearch.training import ridge, spectrum


def data(count: int = 80) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(count, 12))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    noise = draw.normal(0, 0.1, count)
    targets = np.stack([rows[:, 0] + noise > 0, rows[:, 2] + noise > 0.3], axis=1)
    return rows.astype(np.float16), targets.astype(np.float32)


def test_the_logits_left_out_are_those_of_weights_fitted_without_the_row_and_its_duplicates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ridge, "STRENGTHS", (0.3,))
    rows, targets = data()
    groups = np.arange(len(rows))
    groups[[3, 4, 5]] = 3
    head = ridge.fit_linear_head(rows, targets, groups)
    scores = []
    for group in ([0], [3, 4, 5], [20]):
        rest = np.setdiff1d(np.arange(len(rows)), group)
        model = Ridge(alpha=0.3).fit(rows[rest].astype(np.float64), targets[rest])
        expected = model.predict(rows[group].astype(np.float64)) - targets.mean(axis=0)
        scores.append((expected, head.left_out[group]))
    for column in range(2):
        x = np.concatenate([expected[:, column] for expected, _ in scores])
        y = np.concatenate([found[:, column] for _, found in scores])
        slope, offset = np.polyfit(x, y, 1)
        np.testing.assert_allclose(slope * x + offset, y, atol=1e-3)


def test_the_head_orders_new_rows_by_their_labels() -> None:
    rows, targets = data(400)
    head = ridge.fit_linear_head(rows[:200], targets[:200], np.arange(200))
    logits = rows[200:].astype(np.float32) @ head.kernel + head.bias
    for column in range(2):
        assert average_precision_score(targets[200:, column], logits[:, column]) > 0.8
        accuracy = ((logits[:, column] > 0) == targets[200:, column]).mean()
        assert accuracy > 0.85


def test_reading_rows_in_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, targets = data()
    whole = ridge.fit_linear_head(rows, targets, np.arange(len(rows)))
    monkeypatch.setattr(spectrum, "CHUNK", 7)
    parts = ridge.fit_linear_head(rows, targets, np.arange(len(rows)))
    np.testing.assert_allclose(whole.kernel, parts.kernel, rtol=1e-3, atol=1e-3)


def test_a_label_that_all_or_no_photos_have_gets_finite_weights() -> None:
    rows, _ = data()
    targets = np.stack([np.ones(len(rows)), np.zeros(len(rows))], axis=1).astype(np.float32)
    head = ridge.fit_linear_head(rows, targets, np.arange(len(rows)))
    assert np.isfinite(head.kernel).all()
    assert head.bias[0] > 2
    assert head.bias[1] < -2
