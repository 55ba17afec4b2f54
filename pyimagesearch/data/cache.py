"""Samples -> one array of pictures, decoded once and kept for the next run.

The array is a memory-mapped file in the cache folder, so memory does not grow with the number of
photos. Its name starts with a digest of every file's path, size and date: if one of them changes,
a new file is made. A file appears only when it is complete and is never replaced, so two runs may
share a folder; a run that still reads an older file keeps it, also on Windows.
"""

import contextlib
import hashlib
import secrets
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

    Each photo that cannot be read is reported on stderr. Raises CommandError if they are more than
    the fraction `max_unreadable` of all, or all photos of a label, or if the folder `cache` cannot
    be written.
    """
    paths = [sample.path for sample in samples]
    digest = _digest(paths, side, max_pixels)
    try:
        opened = _open_newest(cache, digest, len(paths), side)
        if opened is None or not _are_unreadable(paths, opened[1], side, max_pixels):
            decoded = cache / f"{digest}-{secrets.token_hex(4)}.pixels"
            _decode(paths, side, max_pixels, decoded)
            opened = _open(decoded, len(paths), side)
            _remove_old(cache)
    finally:
        processes.stop()  # training takes long and needs their memory
    pictures, readable = opened
    kept = [sample for sample, is_readable in zip(samples, readable, strict=True) if is_readable]
    _check(samples, kept, max_unreadable)
    return kept, pictures


def _check(samples: Sequence[Sample], kept: Sequence[Sample], max_unreadable: float) -> None:
    """Report how many of `samples` are missing; raise CommandError if too few are `kept`."""
    unreadable = len(samples) - len(kept)
    if not kept:
        raise CommandError(f"none of the {len(samples)} photos can be read")
    if unreadable > max_unreadable * len(samples):
        raise CommandError(
            f"{unreadable} of {len(samples)} photos cannot be read; replace or remove them, "
            "or allow more with --max-unreadable"
        )
    if lost := sorted(set(count_labels(samples)) - set(count_labels(kept))):
        raise CommandError(f"no photo of {lost[0]!r} can be read; replace or remove them")
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
            state = "missing"
        digest.update(f"{path.absolute()}\0{state}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:32]


def _decode(paths: Sequence[Path], side: int, max_pixels: int, decoded: Path) -> None:
    """Write the pictures of `paths` one after the other, then a byte per path: 1 if readable."""
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


def _are_unreadable(
    paths: Sequence[Path], readable: NDArray[np.bool_], side: int, max_pixels: int
) -> bool:
    """Report the photos that are not `readable`; return False if one of them can be read now.

    Its size and date are the same: the disk had trouble, or the permissions were changed.
    """
    unreadable = [
        path for path, is_readable in zip(paths, readable, strict=True) if not is_readable
    ]
    for path, picture in pool.load_many(unreadable, side, max_pixels):
        if not isinstance(picture, ImageError):
            return False
        console.warn(f"{path}: {picture}; skipped")
    return True


def _newest_first(cache: Path, digest: str = "") -> list[Path]:
    """Return the files of `digest` (by default all) in the folder."""
    dated = []
    for path in cache.glob(f"{digest}*.pixels"):
        with contextlib.suppress(OSError):  # another run has removed it
            dated.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(dated, reverse=True)]


def _remove_old(cache: Path) -> None:
    """Keep only the newest files of the folder, and nothing that a killed run left unfinished."""
    for path in _newest_first(cache)[KEPT_FILES:]:
        with contextlib.suppress(OSError):  # on Windows: another run reads it
            path.unlink()
    files.remove_unfinished(cache)


def _open_newest(
    cache: Path, digest: str, count: int, side: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
    """Return what `_open` does for the newest complete file of `digest`, None if there is none."""
    for path in _newest_first(cache, digest):
        with contextlib.suppress(OSError, ValueError):
            return _open(path, count, side)
    return None


def _open(decoded: Path, count: int, side: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return the mapped pictures, and which of `count` paths are readable.

    Raises OSError or ValueError if `decoded` is not a complete file of them.
    """
    contents = np.asarray(np.memmap(decoded, np.uint8, mode="r"))
    readable = contents[-count:].astype(bool)
    pictures = contents[:-count].reshape(int(readable.sum()), side, side, 3)
    return pictures, readable
