"""What saved models hold."""

from pathlib import Path

import numpy as np

from pyimagesearch.model_file import save_load


def weights(folder: Path) -> list[np.ndarray]:
    found: list[np.ndarray] = save_load.load_keras(folder / "fashion.model").get_weights()
    return found
