"""Near-duplicate photos, found by perceptual hashes and mean colours.

Pictures that look alike have hashes that differ in few bits.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# Bits. Among 1,727 photos from the web, pHash at a distance of at most 4 found all 87 pairs that
# were the same photo (thumbnails that differ by less than 6 of 255 grey levels) and 17 more; pairs
# from 6 on are different photos. dHash cannot distinguish garments on white: 7,055 pairs at 4.
NEAR = 4

# Largest difference of a channel's mean, in grey levels of 255. The same shirt in red and in blue
# has the same hash; in those 104 pairs, such variants differed by 30 or more, copies by 0 to 13.
SAME_COLOUR = 16.0

_SIDE = 32
_LOW = 8


def perceptual_hash(image: npt.NDArray[np.uint8]) -> int:
    """Return the 64-bit pHash of an (H, W, 3) uint8 RGB `image`, between 0 and 2**64 - 1.

    Each of the 8 x 8 lowest frequencies of the 32 x 32 luminance gives one bit: whether it is
    above their median (Zauner 2010, "Implementation and Benchmarking of Perceptual Image Hash
    Functions", https://www.phash.org/docs/pubs/thesis_zauner.pdf). Colour does not matter; see
    `mean_colour`.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = np.asarray(cv2.dct(small))[:_LOW, :_LOW].ravel()
    # The first frequency is the brightness, which would raise the median.
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def mean_colour(image: npt.NDArray[np.uint8]) -> tuple[float, float, float]:
    """Return the mean of each channel, 0 to 255, of an (H, W, 3) uint8 RGB `image`."""
    red, green, blue, _ = cv2.mean(image)
    return red, green, blue


def same_colour(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Return (...) booleans: whether mean colours (..., 3) may be those of copies of one photo."""
    difference = np.abs(np.subtract(first, second, dtype=np.float64))
    return np.asarray(difference.max(axis=-1) <= SAME_COLOUR)


def distances(one: int, many: Sequence[int] | npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Return the Hamming distances (N,) uint8, 0 to 64 bits, from hash `one` to `many` (N,)."""
    different = np.asarray(many, dtype=np.uint64) ^ np.uint64(one)
    return np.asarray(np.bitwise_count(different), dtype=np.uint8)


def look_alike(
    one: tuple[int, npt.ArrayLike],
    hashes: Sequence[int] | npt.NDArray[np.uint64],
    colours: npt.ArrayLike,
) -> npt.NDArray[np.bool_]:
    """Return (N,) booleans: which of many pictures are near-duplicates of `one`.

    `one` is a hash and a mean colour; `hashes` (N,) and `colours` (N, 3) are those of the others.
    The colours have to match too: a dress in red and in blue makes two photos for a tagger.
    """
    near = distances(one[0], hashes) <= NEAR
    return near & same_colour(np.reshape(colours, (-1, 3)), one[1])


def find_groups(pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return (N,) the number of each picture's duplicate group; `pictures` are uint8 (N, H, W, 3).

    Near-duplicates are in one group, and so are near-duplicates of near-duplicates. Groups are
    numbered in the order of their first pictures.
    """
    hashes = np.array([perceptual_hash(picture) for picture in pictures], np.uint64)
    colours = np.array([mean_colour(picture) for picture in pictures]).reshape(-1, 3)
    # Exact copies are compared only once.
    bits = np.column_stack([hashes, colours.view(np.uint64)])
    _, first, inverse = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    component = components(hashes[first], colours[first])[inverse]
    _, start, component = np.unique(component, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(start))[component]


def components(
    hashes: npt.NDArray[np.uint64], colours: npt.NDArray[np.float64]
) -> npt.NDArray[np.intp]:
    """Return (N,) component numbers, equal for pictures that are joined by pairs that look alike.

    Two hashes that differ in at most NEAR bits are equal in at least one of NEAR + 1 bands of
    bits, so only pictures that share a band are compared, and not all with all. Pictures that are
    joined already are not compared again.
    """
    component = np.arange(len(hashes))
    for band in np.array_split(np.arange(64, dtype=np.uint64), NEAR + 1):
        mask = np.bitwise_or.reduce(np.uint64(1) << band)
        order = np.argsort(hashes & mask, kind="stable")
        keys = (hashes & mask)[order]
        places, gap = np.arange(len(order)), 0
        pairs: list[npt.NDArray[np.intp]] = []
        while len(places):
            gap += 1
            places = places[places < len(order) - gap]
            places = places[keys[places] == keys[places + gap]]
            pair = order[[places, places + gap]]
            pair = pair[:, component[pair[0]] != component[pair[1]]]
            pair = pair[:, np.bitwise_count(hashes[pair[0]] ^ hashes[pair[1]]) <= NEAR]
            pairs.append(pair[:, same_colour(colours[pair[0]], colours[pair[1]])])
            if pairs[-1].shape[1] > len(hashes) / 100 or not len(places):
                component = _joined(component, np.concatenate(pairs, axis=1))
                pairs.clear()
    return component


def _joined(component: npt.NDArray[np.intp], pairs: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return `component` (N,) with the two components of each of `pairs` (2, P) merged."""
    edges = coo_array((np.ones(pairs.shape[1], np.bool_), component[pairs]), component.shape * 2)
    return np.asarray(connected_components(edges, directed=False)[1][component], np.intp)
