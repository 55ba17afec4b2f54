"""Is this a picture, which one, and do we have it already?"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pyimagesearch.data import near_duplicates
from pyimagesearch.images import decoder, headers, pool

# A file's ending follows from its content, never from an address or a content type.
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

# Smaller ones are icons and tracking pixels, not photos (pixels).
MIN_SIDE = 32

_FINGERPRINT = re.compile(r"([0-9a-f]{16})-([0-9a-f]{6})-([0-9]{1,12})")


@dataclass(frozen=True)
class Picture:
    """What tells one picture from another: its bytes, and how it looks."""

    sha256: str
    perceptual_hash: int
    mean_colour: tuple[float, float, float]
    pixels: int  # width times height
    ending: str = ""

    def fingerprint(self) -> str:
        """Return how it looks as text, which `from_fingerprint` reads."""
        colour = bytes(map(round, self.mean_colour)).hex()
        return f"{self.perceptual_hash:016x}-{colour}-{self.pixels}"


def inspect(data: bytes) -> Picture:
    """Decode `data` to the end and return what it is; raises ImageError if it is not a picture."""
    header = headers.read(data)
    if min(header.width, header.height) < MIN_SIDE:
        raise decoder.ImageError(f"is smaller than {MIN_SIDE} pixels")
    if header.width * header.height > decoder.MAX_PIXELS:
        raise decoder.ImageError(f"is over {decoder.MAX_PIXELS // 1_000_000} megapixels")
    # A reduced decoder still reads every byte: it skips frequencies, not parts of the file.
    pixels = pool.decode(data, side=MIN_SIDE)
    return Picture(
        hashlib.sha256(data).hexdigest(),
        near_duplicates.perceptual_hash(pixels),
        near_duplicates.mean_colour(pixels),
        header.width * header.height,
        ENDINGS[header.format],
    )


def inspect_file(path: Path) -> Picture | None:
    """Return what the picture in a file is, None if it is not a whole picture."""
    try:
        return inspect(decoder.read_bytes(path))
    except decoder.ImageError:
        return None


def digest_of(path: Path) -> str:
    """Return the sha256 of a file; raises OSError if it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def from_fingerprint(sha256: str, fingerprint: str) -> Picture | None:
    """Return the picture that was noted with `fingerprint`, None if that cannot be read."""
    match = _FINGERPRINT.fullmatch(fingerprint)
    if match is None:
        return None
    red, green, blue = bytes.fromhex(match[2])
    return Picture(sha256, int(match[1], 16), (red, green, blue), int(match[3]))


def lookalike(picture: Picture, others: Iterable[Picture]) -> Picture | None:
    """Return the first of `others` that looks like `picture`, None if none does."""
    others = list(others)
    hashes = [other.perceptual_hash for other in others]
    colours = [other.mean_colour for other in others]
    one = (picture.perceptual_hash, picture.mean_colour)
    found = np.flatnonzero(near_duplicates.look_alike(one, hashes, colours))
    return others[found[0]] if len(found) else None


def photo_names(path: Path) -> list[str]:
    """Return the names of the photos in the folder `path`, sorted."""
    names = (entry.name for entry in path.iterdir() if entry.is_file())
    return sorted(n for n in names if Path(n).suffix.lower() in decoder.SUFFIXES and n[0] != ".")


def folders_next_to(path: Path) -> list[Path]:
    """Return the folders next to `path`."""
    here = path.resolve()
    with suppress(OSError):
        entries = sorted(here.parent.iterdir())
        return [entry for entry in entries if entry.is_dir() and entry != here]
    return []


class Neighbours:
    """The photos in the folders next to `path`, listed when first asked for."""

    def __init__(self, path: Path) -> None:
        """Look next to `path`."""
        self._path = path
        self._by_size: defaultdict[str, list[Path]] | None = None
        self._digests: dict[Path, str] = {}

    def find(self, sha256: str, size: str) -> str:
        """Return where the photo with `sha256` is, as "../blue_dress/1.jpg", "" if it is not there.

        `size` is its size in bytes, "" if that is not known.
        """
        if self._by_size is None:
            self._by_size = defaultdict(list)
            for folder in folders_next_to(self._path):
                with suppress(OSError):  # a folder that others may not read
                    for photo in (folder / name for name in photo_names(folder)):
                        self._by_size[str(photo.stat().st_size)].append(photo)
        sizes = [size] if size else list(self._by_size)
        for photo in (photo for size in sizes for photo in self._by_size[size]):
            with suppress(OSError):
                if photo not in self._digests:
                    self._digests[photo] = digest_of(photo)
                if self._digests[photo] == sha256:
                    return f"../{photo.parent.name}/{photo.name}"
        return ""
