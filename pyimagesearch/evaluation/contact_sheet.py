"""A page of photos in rows, each with a caption below it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console, files
from pyimagesearch.images import decoder, pool
from pyimagesearch.images.decoder import ImageError

COLUMNS = 6
TILE = 220  # pixels a side
TEXT_SIZE = 17  # pixels
STEP = 23  # pixels from one line of text to the next


@dataclass(frozen=True)
class Picture:
    """A photo and the lines of text below it."""

    path: Path
    caption: tuple[str, ...]


def write(pictures: Sequence[Picture], path: Path, max_pixels: int) -> None:
    """Write `pictures`, at least one, row by row into a PNG file at `path`."""
    tiles = [tile(read(one.path, max_pixels), one.caption) for one in pictures]
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    page = cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR)
    with files.atomic_write(path) as new_file:
        new_file.write_bytes(cv2.imencode(".png", page)[1].tobytes())


def read(path: Path, max_pixels: int) -> NDArray[np.uint8]:
    """Return the photo at `path` in RGB, or a white square if it cannot be read any more."""
    try:
        return pool.decode(decoder.read_bytes(path), TILE, max_pixels)
    except ImageError as error:
        console.warn(f"{path}: {error}; left white on the contact sheet")
        return np.full((TILE, TILE, 3), 255, np.uint8)


def tile(pixels: NDArray[np.uint8], caption: Sequence[str]) -> NDArray[np.uint8]:
    """Return RGB `pixels` in a white square above the lines of `caption`, cut off if too long."""
    scale = (TILE - 12) / max(pixels.shape[:2])
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    canvas = np.full((TILE + 2 * STEP + 8, TILE, 3), 255, np.uint8)
    top, left = (TILE - height) // 2, (TILE - width) // 2
    canvas[top : top + height, left : left + width] = small
    for number, line in enumerate(caption, 1):
        place = (6, TILE + STEP * number - 6)
        cv2.putText(canvas, line, place, (20, 20, 20), cv2.FontFace("sans"), TEXT_SIZE)
    return canvas
