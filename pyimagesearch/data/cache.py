"""Samples -> one array, a row per photo, computed once and kept for the next run.

The array is a memory-mapped file in the cache folder, so memory does not grow with the number of
photos. Its name starts with a digest of every file's path, size and date: if one of them changes,
a new file is made. A file appears only when it is complete and is never replaced, so two runs may
share a folder; a run that still reads an older file keeps it, also on Windows. Many photos are
computed in parts, so that a run that is stopped continues after its last part.
"""

import contextlib
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.images import pool, processes
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.labels import Sample, count_labels

# To be raised when the same file is decoded to other pixels than before.
DECODER = 2
KEPT_FILES = 4
BATCH = 32  # photos converted at a time
PART = 2000  # photos in a part
COMPLETE, INCOMPLETE = ".rows", ".part"  # the suffixes of all rows, and of a part of them

Rows = NDArray[Any]
Readable = NDArray[np.bool_]
Convert = Callable[[NDArray[np.uint8]], Rows]


@dataclass(frozen=True)
class Conversion:
    """What is kept of each photo, and how it is computed from the decoded photo."""

    name: str  # differs if the result does
    side: int  # photos are decoded to squares of so many pixels
    dtype: np.dtype[Any]  # of the row of one photo
    make: Callable[[], Convert]  # called only if something has to be computed
    verb: str = "decoding"  # for the progress bar


def pictures(side: int) -> Conversion:
    """Return the conversion that keeps the photos themselves, uint8 RGB (side, side, 3)."""
    return Conversion(
        "pictures", side, np.dtype((np.uint8, (side, side, 3))), lambda: lambda pixels: pixels
    )


def load(
    samples: Sequence[Sample],
    conversion: Conversion,
    max_pixels: int,
    max_unreadable: float,
    cache: Path,
) -> tuple[list[Sample], Rows]:
    """Return the readable samples and the rows computed from their photos, (N, ...), read-only.

    Each photo that cannot be read is reported on stderr. Raises CommandError if they are more than
    the fraction `max_unreadable` of all, or all photos of a label, or if the folder `cache` cannot
    be written.
    """
    paths = [sample.path for sample in samples]
    try:
        rows, readable = _Loader(conversion, max_pixels, cache).load(paths)
    finally:
        processes.stop()  # training takes long and needs their memory
    kept = [sample for sample, is_readable in zip(samples, readable, strict=True) if is_readable]
    _check(samples, kept, max_unreadable)
    return kept, rows


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


class _Loader:
    """Opens the rows of photos, or computes and keeps them."""

    def __init__(self, conversion: Conversion, max_pixels: int, cache: Path) -> None:
        self.conversion, self.max_pixels, self.cache = conversion, max_pixels, cache
        self.convert: Convert | None = None

    def load(self, paths: Sequence[Path]) -> tuple[Rows, Readable]:
        """Return the rows of the readable photos at `paths`, and which are readable."""
        if opened := self._open_kept(paths):
            return opened
        parts = [paths[start : start + PART] for start in range(0, len(paths), PART)]
        with tqdm(
            total=len(paths), desc=self.conversion.verb, unit="photo", disable=None
        ) as progress:
            if len(parts) <= 1:
                kept = self._compute(paths, progress, COMPLETE)
            else:
                kept = self._join(paths, [self._part(part, progress) for part in parts])
        _remove_old(self.cache)
        return self._open(kept, len(paths))

    def _part(self, paths: Sequence[Path], progress: Any) -> Path:
        """Return the file with the rows of a part; an earlier run may have computed it."""
        if self._open_kept(paths):
            progress.update(len(paths))
            return _newest_first(self.cache, self._digest(paths))[0]
        return self._compute(paths, progress, INCOMPLETE)

    def _join(self, paths: Sequence[Path], parts: Sequence[Path]) -> Path:
        """Write the rows of all parts to one file, and remove the parts."""
        joined, readable, left = self._new_file(paths, COMPLETE), [], len(paths)
        with files.atomic_write(joined) as new, new.open("wb") as file:
            for part in parts:
                rows, are_readable = self._open(part, min(PART, left))
                file.write(rows.data)
                readable.append(are_readable)
                left -= len(are_readable)
            file.write(np.concatenate(readable).astype(np.uint8).tobytes())
        for part in parts:
            with contextlib.suppress(OSError):  # on Windows: another run reads it
                part.unlink()
        return joined

    def _compute(self, paths: Sequence[Path], progress: Any, suffix: str) -> Path:
        """Write the rows of the readable photos, then a byte per path: 1 if readable."""
        self.convert = self.convert or self.conversion.make()
        computed, readable = self._new_file(paths, suffix), np.zeros(len(paths), np.uint8)
        photos = self._readable(paths, readable, progress)
        with files.atomic_write(computed) as new, new.open("wb") as file:
            while batch := list(islice(photos, BATCH)):
                file.write(self.convert(np.stack(batch)).tobytes())
            file.write(readable.tobytes())
        return computed

    def _readable(
        self, paths: Sequence[Path], readable: NDArray[np.uint8], progress: Any
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the decoded photos and mark them in `readable`; report those that fail."""
        loaded = pool.load_many(paths, self.conversion.side, self.max_pixels)
        for index, (path, picture) in enumerate(loaded):
            progress.update()
            if isinstance(picture, ImageError):
                console.warn(f"{path}: {picture}; skipped")
            else:
                readable[index] = 1
                yield picture

    def _open_kept(self, paths: Sequence[Path]) -> tuple[Rows, Readable] | None:
        """Return what an earlier run kept of `paths`, None if there is nothing up to date."""
        for path in _newest_first(self.cache, f"{self._digest(paths)}-"):
            with contextlib.suppress(OSError, ValueError):
                rows, readable = self._open(path, len(paths))
                return (rows, readable) if self._are_unreadable(paths, readable) else None
        return None

    def _are_unreadable(self, paths: Sequence[Path], readable: Readable) -> bool:
        """Report the photos that are not `readable`; return False if one of them can be read now.

        Its size and date are the same: the disk had trouble, or the permissions were changed.
        """
        unreadable = [path for path, can in zip(paths, readable, strict=True) if not can]
        for path, picture in pool.load_many(unreadable, self.conversion.side, self.max_pixels):
            if not isinstance(picture, ImageError):
                return False
            console.warn(f"{path}: {picture}; skipped")
        return True

    def _open(self, path: Path, count: int) -> tuple[Rows, Readable]:
        """Return the mapped rows, and which of `count` photos are readable.

        Raises OSError or ValueError if the file at `path` is not complete.
        """
        contents = np.asarray(np.memmap(path, np.uint8, mode="r"))
        readable = contents[len(contents) - count :].astype(bool)
        flat, dtype = contents[: len(contents) - count], self.conversion.dtype
        if len(readable) != count or len(flat) != readable.sum() * dtype.itemsize:
            raise ValueError(f"{path}: is not complete")
        if dtype.subdtype is None:
            return flat.view(dtype), readable
        base, shape = dtype.subdtype
        return flat.view(base).reshape(-1, *shape), readable

    def _new_file(self, paths: Sequence[Path], suffix: str) -> Path:
        return self.cache / f"{self._digest(paths)}-{secrets.token_hex(4)}{suffix}"

    def _digest(self, paths: Sequence[Path]) -> str:
        """Return a name that changes with the files and with what is computed from them."""
        made = f"{DECODER} {self.conversion.side} {self.max_pixels} {self.conversion.name}"
        digest = hashlib.sha256(made.encode())
        for path in paths:
            try:
                status = path.stat()
                state = f"{status.st_size} {status.st_mtime_ns}"
            except OSError:
                state = "missing"
            digest.update(f"{path.absolute()}\0{state}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:32]


def _newest_first(cache: Path, digest: str = "", suffix: str = "") -> list[Path]:
    """Return the files of `digest` with `suffix` in the folder, by default of all."""
    dated = []
    for path in cache.glob(f"{digest}*{suffix}"):
        with contextlib.suppress(OSError):  # another run has removed it
            dated.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(dated, reverse=True)]


def _remove_old(cache: Path) -> None:
    """Keep only the newest files of the folder, and no parts of a run that never continued."""
    week_ago = time.time() - 7 * 24 * 3600
    parts = [part for part in cache.glob(f"*{INCOMPLETE}") if part.stat().st_mtime < week_ago]
    for path in [*_newest_first(cache, suffix=COMPLETE)[KEPT_FILES:], *parts]:
        with contextlib.suppress(OSError):  # on Windows: another run reads it
            path.unlink()
    files.remove_unfinished(cache)
