"""Is this a picture, which one, and have we got it already?"""

import hashlib
from dataclasses import dataclass

import numpy as np

from pyimagesearch.data import near_duplicates
from pyimagesearch.images import decoder, headers, pool

# The file name follows from the content, never by a URL or a content type.
ENDINGS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "GIF": ".gif",
    "WebP": ".webp",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "AVIF": ".avif",
    "HEIC": ".heic",
}

# Smaller ones are icons and counting pixels, not photos (pixels).
MIN_SIDE = 32


@dataclass(frozen=True)
class Picture:
    """A whole picture: its file name and what tells it from others."""

    name: str
    sha256: str
    perceptual_hash: int
    mean_colour: tuple[float, float, float]


def inspect(data: bytes) -> Picture:
    """Decode `data` to the end and return what it is; raises images.ImageError for no picture.

    The name is the first 32 hex digits of the sha256, so it is safe on every system, one picture
    has one name, and nothing of a stranger's text gets into it.
    """
    header = headers.read(data)
    if min(header.width, header.height) < MIN_SIDE:
        raise decoder.ImageError(f"is smaller than {MIN_SIDE} pixels")
    if header.width * header.height > decoder.MAX_PIXELS:
        raise decoder.ImageError(f"is over {decoder.MAX_PIXELS // 1_000_000} megapixels")
    # A reduced decoder still reads every byte: it skips frequencies, not parts of the file.
    pixels = pool.decode(data, side=MIN_SIDE)
    sha256 = hashlib.sha256(data).hexdigest()
    return Picture(
        sha256[:32] + ENDINGS[header.format],
        sha256,
        near_duplicates.perceptual_hash(pixels),
        near_duplicates.mean_colour(pixels),
    )


class Known:
    """The pictures of a folder, asked whether one is there already."""

    def __init__(self) -> None:
        """Start with none."""
        self._pictures: list[Picture] = []
        self._by_sha256: dict[str, Picture] = {}

    def add(self, picture: Picture) -> None:
        """Remember `picture`."""
        self._pictures.append(picture)
        self._by_sha256.setdefault(picture.sha256, picture)

    def same(self, picture: Picture) -> Picture | None:
        """Return the picture with the same bytes, None where there is none."""
        return self._by_sha256.get(picture.sha256)

    def like(self, picture: Picture) -> Picture | None:
        """Return a picture that looks the same, None where there is none."""
        hashes = [other.perceptual_hash for other in self._pictures]
        colours = [other.mean_colour for other in self._pictures]
        one = (picture.perceptual_hash, picture.mean_colour)
        found = np.flatnonzero(near_duplicates.look_alike(one, hashes, colours))
        return self._pictures[found[0]] if len(found) else None
