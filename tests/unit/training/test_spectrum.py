import numpy as np
import pytest

from pyimagesearch.training.spectrum import principal_axes


@pytest.mark.parametrize("count", [12, 60])
def test_the_axes_are_those_of_the_singular_value_decomposition(count: int) -> None:
    rows = np.random.default_rng(0).normal(size=(count, 20)) * np.arange(1, 21)
    mean, values, axes = principal_axes(rows)
    np.testing.assert_allclose(mean, rows.mean(axis=0))
    _, singular, vectors = np.linalg.svd(rows - mean, full_matrices=False)
    rank = min(count - 1, 20)
    np.testing.assert_allclose(values[:rank], singular[:rank] ** 2, rtol=1e-6)
    np.testing.assert_allclose(abs(np.diag(vectors[:rank] @ axes[:, :rank])), 1, rtol=1e-6)
    np.testing.assert_allclose(axes.T @ axes, np.eye(len(values)), atol=1e-6)
