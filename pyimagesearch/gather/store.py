"""A folder of photos and its sources.csv, kept so that a kill at any moment does no harm.

The order for each photo: its bytes under a temporary name, its row in sources.csv, its own name.
So a name always means a whole photo with a known source. The next run finishes what a killed one
left half done, and compares the table with the folder: what was renamed, or moved to a folder next
to it, keeps its row, and what was deleted counts as rejected.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from pyimagesearch.console import CommandError, status, warn
from pyimagesearch.files import atomic_write, is_windows_name, remove_unfinished
from pyimagesearch.gather import provenance
from pyimagesearch.gather.identify import (
    Neighbours,
    Picture,
    digest_of,
    folders_next_to,
    from_fingerprint,
    inspect_file,
    photo_names,
)
from pyimagesearch.gather.provenance import MISSING, PRESENT, REJECTED, Row, Table

_LOCK = ".gather.lock"
_UNFINISHED = ".*.unfinished-*"  # what files.atomic_write leaves if it is killed


@dataclass(eq=False)
class Photo:
    """A photo of the folder. `row` is None for the user's own, `is_original` False once edited."""

    file: str
    picture: Picture
    row: Row | None = None
    is_original: bool = True


class Folder:
    """The photos in `path` and their rows; made by `open_folder`."""

    def __init__(self, path: Path, table: Table, photos: list[Photo]) -> None:
        """Take over what `open_folder` found."""
        self.path = path
        self.table = table
        self.photos = photos

    def add(self, data: bytes, one: Row) -> Path:
        """Write a new photo with its row and return its path.

        Raises CommandError if that cannot be done, as on a full disk.
        """
        path = self.path / one.file
        try:
            with atomic_write(path) as temporary:
                _write_to_disk(temporary, data)
                self.table.append(one)
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        return path

    def supersede(self, old: Photo, new: Row) -> None:
        """Delete the photo `old`, whose larger copy `new` is here; its rows go over to that."""
        self._delete(old)

        def change(rows: list[Row]) -> list[Row]:
            others = [
                replace(one, file=new.file, sha256=new.sha256, bytes=new.bytes)
                if one.file == old.file
                else one
                for one in rows
                if one is not new
            ]
            place = next(n for n, one in enumerate([*others, new]) if one.file == new.file)
            return [*others[:place], new, *others[place:]]

        self.table.change(change)

    def reject(self, photo: Photo) -> None:
        """Delete a photo that turned out to be none; its rows stay, so that it stays away."""
        self._delete(photo)
        self.table.change(
            lambda rows: [
                replace(one, state=REJECTED) if one.file == photo.file else one for one in rows
            ]
        )

    def _delete(self, photo: Photo) -> None:
        try:
            (self.path / photo.file).unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_write(self.path, error) from error


@contextmanager
def open_folder(path: Path) -> Iterator[Folder]:
    """Make the folder `path` if it is missing, repair it and give it to this run alone.

    A folder that was made and stays empty is removed. Raises CommandError if another run uses it,
    or if its sources.csv is not ours.
    """
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _LOCK, timeout=0)
        lock.acquire()
    except Timeout:
        raise CommandError(f"{path}: another run is filling this folder; wait for it") from None
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        try:
            folder = _repair(path)
        except OSError as error:
            raise _cannot_write(path, error) from error
        yield folder
    finally:
        lock.release()
        _remove_if_empty(made)


def _remove_if_empty(folders: list[Path]) -> None:
    """Remove `folders`, each in the next one, unless there is more than a lock in them."""
    with suppress(OSError):
        if folders and [entry.name for entry in folders[0].iterdir()] == [_LOCK]:
            (folders[0] / _LOCK).unlink()
        for folder in folders:
            folder.rmdir()


def _cannot_write(path: Path, error: OSError) -> CommandError:
    where = error.filename or path
    return CommandError(f"{where}: cannot be written to ({error.strerror or error})")


def _write_to_disk(path: Path, data: bytes) -> None:
    """Write `data`; it is on disk when this returns, so that no row comes before its photo."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _repair(path: Path) -> Folder:
    """Return the folder at `path`, its table in agreement with the photos in it."""
    table = provenance.read(path / provenance.NAME)
    if table.was_torn:
        warn(f"{table.path}: the last line was cut off and is left out")
    _finish_writes(path, table.rows)
    digests = {name: digest_of(path / name) for name in photo_names(path)}
    rows = list(_located(path, table.rows, digests))
    own = digests.keys() - {one.file for one in rows if one.state != REJECTED}
    rows += _rows_of_neighbours(path, {digests[name]: name for name in sorted(own)})
    photos = list(_photos(path, digests, rows))
    noted = {photo.file: photo.picture for photo in photos if photo.row and photo.is_original}
    rows = [_completed(one, noted.get(one.file)) for one in rows]
    _report(path, table.rows, rows, photos)
    if rows and (rows != table.rows or not table.is_saved):
        table.change(lambda _: rows)
    return Folder(path, table, photos)


def _finish_writes(path: Path, rows: list[Row]) -> None:
    """Give the photos that a killed run wrote, with their rows, their names; remove the rest."""
    for stale in path.glob(_UNFINISHED):
        with suppress(OSError):
            digest = digest_of(stale)
            for one in rows:
                target = path / one.file
                # Our names are legal on every system; others must not lead out of the folder.
                if one.sha256 == digest and is_windows_name(one.file) and not target.exists():
                    stale.replace(target)
                    break
    remove_unfinished(path)


def _located(path: Path, rows: list[Row], digests: dict[str, str]) -> Iterator[Row]:
    """Yield `rows` with the places and the states of their photos as they are now.

    `digests` are the sha256 of the photos in `path`, by name.
    """
    names = {digest: name for name, digest in digests.items()}
    known = {one.sha256 for one in rows}
    neighbours = Neighbours(path)
    for one in rows:
        if not one.sha256:
            yield one
        elif digests.get(one.file) == one.sha256:
            yield replace(one, state=PRESENT)
        elif one.sha256 in names:
            yield replace(one, file=names[one.sha256], state=PRESENT)
        elif one.state == REJECTED:
            yield one
        elif one.file in digests and digests[one.file] not in known:
            # Edited by its owner, or broken.
            whole = inspect_file(path / one.file) is not None
            yield replace(one, state=PRESENT if whole else MISSING)
        elif place := neighbours.find(one.sha256, one.bytes):
            yield replace(one, file=place, state=PRESENT)
        else:
            yield replace(one, state=REJECTED if one.state == PRESENT else MISSING)


def _rows_of_neighbours(path: Path, own: dict[str, str]) -> list[Row]:
    """Return rows, from the tables of the folders next to `path`, for photos that came from there.

    `own` has the names of photos without a row, by their sha256.
    """
    rows = []
    for entry in folders_next_to(path) if own else ():
        # A table that cannot be read is reported when its own folder is opened.
        with suppress(OSError, CommandError):
            for one in provenance.read(entry / provenance.NAME).rows:
                if name := own.pop(one.sha256, ""):
                    rows.append(replace(one, file=name, state=PRESENT))
    return rows


def _photos(path: Path, digests: dict[str, str], rows: list[Row]) -> Iterator[Photo]:
    """Yield the photos in `path`; those that were noted need not be decoded."""
    first: dict[str, Row] = {}
    for one in rows:
        if one.state != REJECTED:
            first.setdefault(one.file, one)
    for name, digest in digests.items():
        found = first.get(name)
        is_original = found is not None and found.sha256 == digest
        noted = from_fingerprint(digest, found.fingerprint) if found and is_original else None
        picture = noted or inspect_file(path / name)
        if picture:
            yield Photo(name, picture, found, is_original)
        else:
            warn(f"{path / name}: not a readable picture; not compared with new photos")


def _completed(one: Row, picture: Picture | None) -> Row:
    """Return a row of an earlier version with what it lacks."""
    if picture is None or one.fingerprint or one.sha256 != picture.sha256:
        return one
    return replace(one, fingerprint=picture.fingerprint())


def _report(path: Path, before: list[Row], after: list[Row], photos: list[Photo]) -> None:
    """Say what has happened to the folder since the last run."""
    states = {(one.url, one.sha256): one.state for one in before}
    changed = [one for one in after if states.get((one.url, one.sha256), PRESENT) != one.state]
    deleted = {one.file for one in changed if one.state == REJECTED}
    broken = {one.file for one in changed if one.state == MISSING}
    own = {photo.file for photo in photos if photo.row is None}
    if deleted:
        status(f"{path}: photos deleted: {len(deleted)}; they stay away (--again fetches them)")
    if broken:
        warn(f"{path}: broken photos, to be fetched again: {_examples(broken)}")
    if own:
        status(f"{path}: photos without a row in {provenance.NAME}: {_examples(own)}")


def _examples(names: set[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
