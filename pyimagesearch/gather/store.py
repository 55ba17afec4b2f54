"""A folder of photos and its sources.csv, kept so that a kill at any moment does no harm.

The order for each photo: its bytes under a temporary name, its row in sources.csv, its own name.
So a name always means a whole photo with a known source, and the next run puts right what a
killed one leaves: a temporary file, a torn line, a row whose photo never came.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from pyimagesearch.console import CommandError, warn
from pyimagesearch.gather import provenance
from pyimagesearch.gather.identify import Known, Picture, inspect
from pyimagesearch.gather.provenance import Row
from pyimagesearch.images import decoder

_TEMPORARY = ".gather-"
_PART = ".part"
_LOCK = ".gather.lock"
# Names that Windows keeps for devices, whatever the ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_LONGEST_NAME = 60  # characters; a file system takes 255 bytes, a character up to 4


def name_for(query: str) -> str:
    """Return a folder name for `query` that is safe on every system: "red dress" -> "red_dress".

    train.py reads the labels off it, so words are joined by "_". "photos" where nothing is left.
    """
    words = re.findall(r"[^\W_]+", query.lower())
    name = "_".join(words)[:_LONGEST_NAME].strip("_")
    if not name or _DEVICES.fullmatch(name):
        name = f"{name}_photos".strip("_")
    return name


class Folder:
    """The photos in `path` and their rows; made by `open_folder`."""

    def __init__(self, path: Path, rows: list[Row]) -> None:
        """Take over `rows`, of which each names a whole photo in `path`."""
        self.path = path
        self._urls = {one.url for one in rows}
        self._known: Known | None = None

    def has(self, url: str) -> bool:
        """Tell whether the photo of `url`, or one just like it, is here."""
        return url in self._urls

    @property
    def known(self) -> Known:
        """The photos here, with a row or without; decoded when first asked for."""
        if self._known is None:
            self._known = _read_photos(self.path)
        return self._known

    def append_row(self, one: Row) -> None:
        """Add the row of a photo that is here already; raises CommandError as `commit` does."""
        try:
            provenance.append(self.path / provenance.NAME, one)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        self._urls.add(one.url)

    def stage(self, data: bytes) -> Path:
        """Write `data` to disk under a temporary name and return its path.

        Raises CommandError where that cannot be done, as on a full disk.
        """
        temporary = _new_temporary(self.path)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        return temporary

    def discard(self, temporary: Path) -> None:
        """Take back what `stage` wrote; where that fails, the next run does it."""
        with suppress(OSError):
            temporary.unlink()

    def commit(self, temporary: Path, picture: Picture, one: Row) -> Path:
        """Give what `stage` wrote its row and then its name; return the path.

        Raises CommandError where that cannot be done.
        """
        target = self.path / picture.name
        self.append_row(one)
        try:
            temporary.replace(target)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        self.known.add(picture)
        return target


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Make the folder `path` where it is missing, put it right and give it to one run alone.

    Raises CommandError where another run is using it, or its sources.csv is not ours.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise CommandError(f"{path}: another run is filling this folder; wait for it") from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield Folder(path, _repair(path))
    finally:
        lock.release()


def _cannot_write(path: Path, error: OSError) -> CommandError:
    return CommandError(f"{path}: cannot write there: {error.strerror or error}")


def _repair(path: Path) -> list[Row]:
    """Clear away what a killed run left and return the rows whose photos are here."""
    for stale in path.glob(f"{_TEMPORARY}*{_PART}"):
        stale.unlink()
    table = path / provenance.NAME
    rows, torn = provenance.read(table)
    whole = {file: _is_whole(path, file, sha256) for file, sha256 in _files(rows).items()}
    kept = [one for one in rows if whole[one.file]]
    if torn or len(kept) < len(rows) or not table.exists():
        if torn:
            warn(f"{table}: the last line was cut off; it is mended")
        if len(kept) < len(rows):
            warn(f"{table}: {len(rows) - len(kept)} rows without their photo are taken out")
        provenance.write(table, kept)
    strangers = [name for name in _photo_names(path) if name not in whole]
    if strangers:
        warn(
            f"{path}: {len(strangers)} photos have no row in {provenance.NAME}: {strangers[0]} ..."
        )
    return kept


def _files(rows: list[Row]) -> dict[str, str]:
    return {one.file: one.sha256 for one in rows}


def _is_whole(path: Path, file: str, sha256: str) -> bool:
    """Tell whether `file` is here and whole: as fetched, or edited by its owner but a picture."""
    if Path(file).name != file or not (path / file).is_file():
        return False
    data = (path / file).read_bytes()
    if hashlib.sha256(data).hexdigest() == sha256:
        return True
    try:
        inspect(data)
    except decoder.ImageError:
        return False
    return True


def _photo_names(path: Path) -> list[str]:
    names = (entry.name for entry in path.iterdir() if entry.is_file())
    return sorted(n for n in names if Path(n).suffix.lower() in decoder.SUFFIXES and n[0] != ".")


def _read_photos(path: Path) -> Known:
    known = Known()
    for name in _photo_names(path):
        try:
            known.add(replace(inspect((path / name).read_bytes()), name=name))
        except (decoder.ImageError, OSError) as error:
            warn(f"{path / name} {error}; not compared with new photos")
    return known


def _new_temporary(path: Path) -> Path:
    # Not tempfile: its files are for the owner's eyes only, and so would the photos be.
    return path / f"{_TEMPORARY}{secrets.token_hex(8)}{_PART}"
