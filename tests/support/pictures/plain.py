"""Small pictures of one colour."""

from pathlib import Path

import cv2
import numpy as np


def write_picture(path: Path, colour: tuple[int, int, int] = (0, 0, 200), side: int = 40) -> Path:
    """Write a small picture of one BGR colour with some noise; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(sum(colour)).integers(0, 40, (side, side, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path
