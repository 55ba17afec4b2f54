"""The principal axes of embeddings, by the cheaper of two eigendecompositions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

CHUNK = 4096  # rows converted to float64 at a time
SMALLEST = 1e-9  # of the largest eigenvalue; axes with less are noise

Floats = NDArray[np.float64]


def principal_axes(rows: NDArray[Any]) -> tuple[Floats, Floats, Floats]:
    """Return the mean (D,), the variances times N (K,) and the axes (D, K) of `rows` (N, D).

    The largest variances come first. With fewer rows than columns the N x N matrix of products
    between rows has the same spectrum as the D x D one, and takes a fraction of the time.
    """
    mean = np.asarray(sum(chunk.sum(axis=0) for chunk in chunks(rows)) / len(rows))
    if len(rows) < rows.shape[1]:
        centred = rows.astype(np.float64) - mean
        values, vectors = np.linalg.eigh(centred @ centred.T)
        kept = values > SMALLEST * max(values[-1], 1e-30)
        values = values[kept]
        axes = centred.T @ vectors[:, kept] / np.sqrt(values)
    else:
        gram = sum((chunk - mean).T @ (chunk - mean) for chunk in chunks(rows))
        values, axes = np.linalg.eigh(gram)
        kept = values > SMALLEST * max(values[-1], 1e-30)
        values, axes = values[kept], axes[:, kept]
    return mean, values[::-1], axes[:, ::-1]


def chunks(rows: NDArray[Any]) -> Iterator[Floats]:
    """Yield `rows` as float64, some at a time."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK].astype(np.float64)
