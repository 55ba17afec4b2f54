"""Files that are written whole or not at all, and files that must be regular ones."""

import contextlib
import errno
import fcntl
import glob
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pyimagesearch.console import CommandError

# What the system says, naming no file, of one that cannot be written.
_NO_ROOM = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


@contextlib.contextmanager
def atomic_write(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path that on success becomes `path`; see `atomic_writes`."""
    with atomic_writes([path], suffix) as (new_file,):
        yield new_file


@contextlib.contextmanager
def atomic_writes(paths: Sequence[Path], suffix: str = "") -> Iterator[list[Path]]:
    """Yield temporary paths, ending in `suffix`, in the folders of `paths`.

    On success all are synced, and then become `paths` one right after the other. Missing folders
    are made. Where the block fails, all stay as they were. Raises CommandError where a place
    cannot be written; other errors of the block pass through.
    """
    places = [followed(path) for path in paths]  # a link goes on pointing to the file
    with contextlib.ExitStack() as stack:
        new_files = [stack.enter_context(_temporary(place, suffix)) for place in places]
        try:
            yield new_files
            for new_file in new_files:
                new_file.chmod(0o666 & ~_umask())
                _sync(new_file)
        except OSError as error:
            if not _is_of_writing(error, new_files):
                raise
            names = ", ".join(map(str, paths))
            raise CommandError(
                f"{names}: cannot be written ({_reason(error)}); what was there stays"
            ) from None
        _replace(places, new_files)


def _is_of_writing(error: OSError, new_files: Sequence[Path]) -> bool:
    """Return whether `error` is one of writing the files, and not of what else a block does."""
    if error.filename is None:
        return error.errno in _NO_ROOM
    return str(error.filename) in map(str, new_files)


def _reason(error: OSError) -> str:
    """Return what the system says; a library may have made several lines of it."""
    return os.strerror(error.errno) if error.errno else str(error)


def _replace(places: Sequence[Path], new_files: Sequence[Path]) -> None:
    """Put each new file in its place, one right after the other."""
    for number, (place, new_file) in enumerate(zip(places, new_files, strict=True)):
        try:
            new_file.replace(place)
        except OSError as error:
            done = "".join(f"; {path} is new already" for path in places[:number])
            raise CommandError(f"{place}: cannot be replaced ({_reason(error)}){done}") from None
    for folder in {place.parent for place in places}:
        # The files are there. Not every file system syncs folders, nor may all be read.
        with contextlib.suppress(OSError):
            _sync(folder)


@contextlib.contextmanager
def _temporary(path: Path, suffix: str) -> Iterator[Path]:
    """Yield an empty file beside `path`, locked for as long; it is gone afterwards unless moved."""
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix, _unfinished(path.name), path.parent)
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


def followed(path: Path) -> Path:
    """Return the place of `path`, its links followed; raises CommandError where they go round."""
    with _named(path):
        place = Path(os.path.realpath(path))
        if place.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return place


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Turn what the system says in the block into a CommandError that names `path`."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({_reason(error)}); name another place"
        ) from None


def check_writable(path: Path) -> None:
    """Raise CommandError now rather than after the training where `path` cannot be written.

    What killed runs left of it is removed.
    """
    place = followed(path)
    with _named(path):
        if place.exists() and not place.is_file():
            raise CommandError(f"{path}: is not a regular file; name another place")
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place.parent):
            remove_unfinished(place.parent, place.name)


def check_different(paths: Mapping[str, Path]) -> None:
    """Raise CommandError where two of `paths`, by what each is for, are the same."""
    uses: dict[Path, str] = {}
    for use, path in paths.items():
        other = uses.setdefault(followed(path), use)
        if other != use:
            raise CommandError(f"{path}: is named for {other} and for {use}; name different files")


def require_regular_file(path: Path) -> None:
    """Raise CommandError if `path` is a folder, pipe or device; reading one may never end.

    Raises OSError if there is nothing at `path`.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise CommandError(f"{path}: is not a regular file; name another")
