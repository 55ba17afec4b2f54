"""Files that are written whole or not at all."""

import contextlib
import fcntl
import glob
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyimagesearch.console import CommandError


@contextlib.contextmanager
def whole_file(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path that on success becomes `path`; see `whole_files`."""
    with whole_files([path], suffix) as (new_file,):
        yield new_file


@contextlib.contextmanager
def whole_files(paths: Sequence[Path], suffix: str = "") -> Iterator[list[Path]]:
    """Yield temporary paths, ending in `suffix`, in the folders of `paths`.

    On success all are synced, and then become `paths` one right after the other. Missing folders
    are made. Where the block fails, all stay as they were. Raises CommandError where a place
    cannot be written.
    """
    places = [path.resolve() for path in paths]  # a link goes on pointing to the file
    with contextlib.ExitStack() as stack:
        new_files = [stack.enter_context(_temporary(place, suffix)) for place in places]
        try:
            yield new_files
            for new_file in new_files:
                new_file.chmod(0o666 & ~_umask())
                _sync(new_file)
            for new_file, place in zip(new_files, places, strict=True):
                new_file.replace(place)
            for folder in {place.parent for place in places}:
                _sync(folder)
        except OSError as error:
            names = ", ".join(map(str, paths))
            raise CommandError(
                f"{names}: cannot be written ({error.strerror or error}); what was there stays"
            ) from None


@contextlib.contextmanager
def _temporary(path: Path, suffix: str) -> Iterator[Path]:
    """Yield an empty file beside `path`, locked for as long; it is gone afterwards unless moved."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix, _unfinished(path.name), path.parent)
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({error.strerror}); name another place"
        ) from None
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
        os.close(handle)


def _unfinished(name: str) -> str:
    """Return how temporary files of the file `name` begin."""
    return f".{name[:40]}.unfinished-"


def remove_unfinished(folder: Path, name: str | None = None) -> None:
    """Remove what killed runs left in `folder` of the file `name`, else of any.

    What a living run writes is locked, and stays.
    """
    beginning = ".*.unfinished-" if name is None else glob.escape(_unfinished(name))
    for path in folder.glob(f"{beginning}*"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(path: Path) -> None:
    """Raise CommandError now rather than after the training where `path` cannot be written.

    What killed runs left of it is removed.
    """
    try:
        if path.exists() and not path.is_file():
            raise CommandError(f"{path}: is not a plain file; name another place")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            remove_unfinished(path.parent, path.name)
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({error.strerror}); name another place"
        ) from None
