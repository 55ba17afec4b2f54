"""Samples -> one array of pictures, decoded once and kept for the next run.

The array is a memory-mapped file in the cache folder, so that memory does not grow with the number
of photos. Its name holds a digest of every file's path, size and date: when one changes, the file
is made anew. It appears under its name only when whole, and a run that still reads an older one
keeps it, so that two runs may share a folder.
"""

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.images import pool, processes
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.labels import Sample, count_labels

# To be raised when the same file is decoded to other pixels than before.
DECODER = 2
KEPT_FILES = 4


def load_images(
    samples: Sequence[Sample], side: int, max_pixels: int, max_unreadable: float, cache: Path
) -> tuple[list[Sample], NDArray[np.uint8]]:
    """Return the readable samples and their pictures, uint8 RGB (N, side, side, 3), read-only.

    Each photo that cannot be read is named on stderr. Raises CommandError where that is more
    than the share `max_unreadable` of them, or every photo of some label, or where the folder
    `cache` cannot be written.
    """
    paths = [sample.path for sample in samples]
    decoded = cache / f"{_digest(paths, side, max_pixels)}.pixels"
    try:
        pixels, readable = _open(decoded, len(paths), side)
        _check_unreadable(np.array(paths)[~readable].tolist(), side, max_pixels)
    except (OSError, ValueError):
        _decode(paths, side, max_pixels, decoded)
        _remove_old(cache)
        pixels, readable = _open(decoded, len(paths), side)
    finally:
        processes.stop()  # a training is long, and their memory is wanted
    kept = [sample for sample, is_readable in zip(samples, readable, strict=True) if is_readable]
    _check(samples, kept, max_unreadable)
    return kept, pixels


def _check(samples: Sequence[Sample], kept: Sequence[Sample], max_unreadable: float) -> None:
    """Raise CommandError where too little of `samples` is left in `kept`; count what is missing."""
    unreadable = len(samples) - len(kept)
    if not kept:
        raise CommandError(f"none of the {len(samples)} photos can be read")
    if unreadable > max_unreadable * len(samples):
        raise CommandError(
            f"{unreadable} of {len(samples)} photos cannot be read; mend or remove them "
            "(train.py --max-unreadable takes more)"
        )
    if lost := sorted(set(count_labels(samples)) - set(count_labels(kept))):
        raise CommandError(f"no photo labelled {lost[0]!r} can be read; mend or remove them")
    if unreadable:
        console.status(f"{unreadable} of {len(samples)} photos skipped")


def _digest(paths: Sequence[Path], side: int, max_pixels: int) -> str:
    """Return a name that changes with the files and with how they are decoded."""
    digest = hashlib.sha256(f"{DECODER} {side} {max_pixels}".encode())
    for path in paths:
        try:
            status = path.stat()
            state = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            state = "gone"
        digest.update(f"{path.absolute()}\0{state}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def _decode(paths: Sequence[Path], side: int, max_pixels: int, decoded: Path) -> None:
    """Write the pictures of `paths` one after the other, then a byte a path: 1 where readable."""
    readable = np.zeros(len(paths), np.uint8)
    loaded = pool.load_many(paths, side, max_pixels)
    with files.atomic_write(decoded) as new, new.open("wb") as file:
        for index, (path, picture) in enumerate(
            console.progress(loaded, len(paths), "decoding", "photo")
        ):
            if isinstance(picture, ImageError):
                console.warn(f"{path}: {picture}; skipped")
            else:
                file.write(picture.tobytes())
                readable[index] = 1
        file.write(readable.tobytes())


def _check_unreadable(paths: Sequence[Path], side: int, max_pixels: int) -> None:
    """Name the photos; raises ValueError where one, of the same size and date, can be read now."""
    for path, picture in pool.load_many(paths, side, max_pixels):
        if not isinstance(picture, ImageError):
            raise ValueError(f"{path}: could not be read, and now can")
        console.warn(f"{path}: {picture}; skipped")


def _remove_old(cache: Path) -> None:
    """Keep the newest files of the folder only, and none that a killed run left half-way."""
    with contextlib.suppress(FileNotFoundError):  # another run was quicker
        newest_last = sorted(cache.glob("*.pixels"), key=lambda path: path.stat().st_mtime_ns)
        for path in newest_last[:-KEPT_FILES]:
            path.unlink()
    files.remove_unfinished(cache)


def _open(decoded: Path, count: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the mapped pictures, and which of `count` paths are readable.

    Raises OSError or ValueError where `decoded` is not a whole file of them.
    """
    contents = np.asarray(np.memmap(decoded, np.uint8, mode="r"))
    readable = contents[-count:].astype(bool)
    pictures = contents[:-count].reshape(int(readable.sum()), side, side, 3)
    return pictures, readable
