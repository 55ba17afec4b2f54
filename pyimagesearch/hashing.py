"""Perceptual hashes: pictures that look alike get hashes that differ in few bits."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

# Among 1,727 photos from the web, pHash at distance 4 or less found all 87 pairs that were the
# same photo (thumbnails differing by under 6 of 255 grey levels) and 17 more; the pairs from 6
# on are different photos. dHash cannot tell garments on white apart: 7,055 pairs at distance 4.
NEAR = 4

# Differences of a channel's mean, in grey levels of 255. The same shirt in red and in blue has
# one luminance hash; in those 104 pairs such variants differed by 30 or more, copies by 0 to 13.
SAME_COLOUR = 16.0

_SIDE = 32
_LOW = 8


def perceptual_hash(image: npt.NDArray[np.uint8]) -> int:
    """Return the 64-bit pHash of an (H, W, 3) uint8 RGB `image`, between 0 and 2**64 - 1.

    One bit for each of the 8 x 8 lowest frequencies of the 32 x 32 luminance: is it above their
    median? (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash Functions",
    https://www.phash.org/docs/pubs/thesis_zauner.pdf.) Colour does not count; see `mean_colour`.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = np.asarray(cv2.dct(small))[:_LOW, :_LOW].ravel()
    # The first frequency is the brightness; it would pull the median up.
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def mean_colour(image: npt.NDArray[np.uint8]) -> tuple[float, float, float]:
    """Return the mean of each channel, 0 to 255, of an (H, W, 3) uint8 RGB `image`."""
    red, green, blue, _ = cv2.mean(image)
    return red, green, blue


def same_colour(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    """Tell whether two mean colours are those of copies of one photo."""
    return max(abs(a - b) for a, b in zip(first, second, strict=True)) <= SAME_COLOUR


def distance(first: int, second: int) -> int:
    """Return the Hamming distance of two hashes: the number of bits that differ, 0 to 64."""
    return (first ^ second).bit_count()


def distances(one: int, many: Sequence[int] | npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return the Hamming distances (N,) uint8 from hash `one` to each of `many` (N,)."""
    different = np.asarray(many, dtype=np.uint64) ^ np.uint64(one)
    return np.asarray(np.bitwise_count(different), dtype=np.uint8)
