"""Decoded values -> uint8 RGB: depth, transparency and orientation."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from pyimagesearch.images.headers import ImageError

# Cameras and converters store values of these depths in 16 bits.
DEPTHS = (8, 10, 12, 14, 16)


def rgb(values: MatLike, bits: int | None = None) -> NDArray[np.uint8]:
    """Return gray (H, W), BGR (H, W, 3) or BGRA (H, W, 4) `values` as uint8 RGB (H, W, 3).

    Transparent parts become white. For `bits` see `eight_bits`.
    """
    pixels = eight_bits(values, bits)
    match pixels.shape:
        case (_, _):
            return uint8(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))
        case (_, _, 3):
            return uint8(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        case (_, _, 4):
            # 255 - (255 - colour) * alpha / 255, without leaving 8 bits.
            alpha = cv2.cvtColor(pixels[..., 3], cv2.COLOR_GRAY2RGB)
            inverse = 255 - cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
            return uint8(255 - cv2.multiply(inverse, alpha, scale=1 / 255))
    raise ImageError(f"has pixels of shape {pixels.shape}; only 1, 3 and 4 channels are read")


def eight_bits(values: MatLike, bits: int | None = None) -> NDArray[np.uint8]:
    """Return `values`, uint8 or uint16 of any shape, as uint8 of that shape.

    Values of two bytes reach up to 2**bits - 1; if the file does not say how far, the largest one
    tells. A picture of 10 or 12 bits stored in 16 would otherwise be almost black.

    Raises ImageError for other types.
    """
    if values.dtype == np.uint16:
        if values.shape[2:] == (4,):  # alpha reaches up to 16 bits even if the colours do not
            colours, alpha = values[..., :3], values[..., 3]
            return np.dstack([eight_bits(colours, bits), eight_bits(alpha, bits)])
        bits = bits or significant_bits(values)
        values = cv2.convertScaleAbs(values, alpha=255 / (2**bits - 1)).reshape(values.shape)
    if values.dtype != np.uint8:
        raise ImageError(f"has {values.dtype} values; only 8-bit and 16-bit pictures are read")
    return uint8(values)


def significant_bits(values: MatLike) -> int:
    """Return the smallest usual depth, 8 to 16 bits, of gray or colour `values`, without alpha."""
    colours = values if values.ndim == 2 else values[..., :3]
    largest = int(colours.max())
    return next(bits for bits in DEPTHS if largest < 2**bits)


def upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Rotate and mirror (H, W, 3) `pixels` as the EXIF orientation 1 to 8 demands."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def uint8(pixels: MatLike) -> NDArray[np.uint8]:
    """Return uint8 `pixels` as they are: OpenCV's type hints only know arrays of some number."""
    return np.asarray(pixels, np.uint8)
