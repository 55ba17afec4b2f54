"""A feature table that a small network learns in a second."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
FEATURES = ("a", "b", "c", "d", "e", "f")
LABELS = ("big", "far", "red")


def table(count: int = 300) -> tuple[Floats, Floats]:
    """Return features on different scales, the last one constant, and three labels they imply."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(count, 6)).astype(np.float32)
    targets = np.stack([x[:, 0] > 0, x[:, 1] + x[:, 2] > 0.5, x[:, 3] > 1.2], axis=1)
    scales, offsets = [1, 1000, 1000, 1e-3, 1, 0], [0, 5000, 0, 7, -3, 4]
    x = x * np.array(scales, np.float32) + np.array(offsets, np.float32)
    return x, targets.astype(np.float32)


def write_csv(path: Path, features: Floats, targets: Floats, labels: tuple[str, ...]) -> None:
    """Write a feature table with the columns FEATURES and `labels`."""
    rows = np.concatenate([features, targets], axis=1).tolist()
    lines = [",".join((*FEATURES, *labels)), *(",".join(map(repr, row)) for row in rows)]
    path.write_text("\n".join(lines))
