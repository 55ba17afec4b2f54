"""Random decisions."""

import numpy as np


def happens(rng: np.random.Generator, share: float) -> bool:
    """Return True in `share` (0-1) of all cases."""
    return bool(rng.random() < share)
