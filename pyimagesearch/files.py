"""Files that are written as a whole or not at all, and checks of paths before the work starts."""

import contextlib
import errno
import glob
import os
import re
import secrets
import stat
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.console import CommandError

if TYPE_CHECKING:
    from filelock import BaseFileLock

# Errors of writing for which the system reports no file name.
_NO_ROOM = frozenset({errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
_LOCK = ".lock"
# Names that Windows keeps for devices, whatever the ending, and characters that it does not allow.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*]|[. ]$')


@contextlib.contextmanager
def atomic_write(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path that becomes `path` if the block succeeds; see `atomic_writes`."""
    with atomic_writes([path], suffix) as (new_file,):
        yield new_file


@contextlib.contextmanager
def atomic_writes(paths: Sequence[Path], suffix: str = "") -> Iterator[list[Path]]:
    """Yield temporary paths, ending in `suffix`, in the folders of `paths`.

    If the block succeeds, all are synced and then become `paths`, one right after the other. If it
    fails, all files stay as they were. Missing folders are created. Raises CommandError if a file
    cannot be written; other errors of the block pass through.
    """
    targets = [followed(path) for path in paths]  # a link goes on pointing to the file
    with contextlib.ExitStack() as stack:
        new_files = [stack.enter_context(_temporary(target, suffix)) for target in targets]
        try:
            yield new_files
            for new_file in new_files:
                with new_file.open("r+b") as file:
                    os.fsync(file.fileno())
        except OSError as error:
            if not _is_about_writing(error, new_files):
                raise
            names = ", ".join(map(str, paths))
            raise CommandError(
                f"{names}: cannot be written ({_reason(error)}); the old files are unchanged"
            ) from None
        _replace_all(targets, new_files)


def _is_about_writing(error: OSError, new_files: Sequence[Path]) -> bool:
    """Return whether `error` comes from writing the files and not from the rest of the block."""
    if error.filename is None:
        return error.errno in _NO_ROOM
    return str(error.filename) in map(str, new_files)


def _reason(error: OSError) -> str:
    """Return the error in words, in one line even if a library has added more."""
    return os.strerror(error.errno) if error.errno else str(error)


def _replace_all(targets: Sequence[Path], new_files: Sequence[Path]) -> None:
    """Move each new file to its target, one right after the other."""
    for number, (target, new_file) in enumerate(zip(targets, new_files, strict=True)):
        try:
            _replace(target, new_file)
        except OSError as error:
            done = "".join(f"; {path} was replaced" for path in targets[:number])
            in_use = "; is another program using it?" if isinstance(error, PermissionError) else ""
            raise CommandError(
                f"{target}: cannot be replaced ({_reason(error)}){in_use}{done}"
            ) from None
    for folder in {target.parent for target in targets}:
        # The files are there, and not every system can sync a folder (Windows cannot).
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _replace(target: Path, new_file: Path) -> None:
    # On Windows a virus scanner, or whoever reads the old file, may hold it for a moment.
    for _ in range(20 if sys.platform == "win32" else 0):
        with contextlib.suppress(PermissionError):
            new_file.replace(target)
            return
        time.sleep(0.1)
    new_file.replace(target)


@contextlib.contextmanager
def _temporary(path: Path, suffix: str) -> Iterator[Path]:
    """Yield an empty, locked file next to `path`; afterwards it is removed unless it was moved."""
    with _reported(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new_file = path.with_name(f"{_unfinished(path.name)}{secrets.token_hex(4)}{suffix}")
        lock = _lock(new_file)
        with contextlib.suppress(OSError):  # a file system without locks
            lock.acquire()
        try:
            new_file.open("xb").close()
        except OSError:
            _release(lock)
            raise
    try:
        yield new_file
    finally:
        new_file.unlink(missing_ok=True)
        _release(lock)


def _unfinished(name: str) -> str:
    """Return how the names of temporary files for the file `name` start."""
    return f".{name[:40]}.unfinished-"


def _lock(new_file: Path) -> "BaseFileLock":
    """Return the lock that tells whether a run is still writing `new_file`; it is another file."""
    from filelock import FileLock  # takes a moment to load

    return FileLock(f"{new_file}{_LOCK}", timeout=0)


def _release(lock: "BaseFileLock") -> None:
    lock.release()
    with contextlib.suppress(OSError):
        Path(lock.lock_file).unlink()


def remove_unfinished(folder: Path, name: str | None = None) -> None:
    """Remove what killed runs left in `folder` of the file `name`, or of any file.

    What a run is still writing is locked, and stays.
    """
    start = ".*.unfinished-" if name is None else glob.escape(_unfinished(name))
    for found in {str(path).removesuffix(_LOCK) for path in folder.glob(f"{start}*")}:
        with contextlib.suppress(OSError), _lock(Path(found)) as lock:
            Path(found).unlink(missing_ok=True)
            _release(lock)


def followed(path: Path) -> Path:
    """Return the place that `path` leads to; raises CommandError if its links form a loop."""
    with _reported(path):
        place = Path(os.path.realpath(path))
        if place.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return place


@contextlib.contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into a CommandError about `path`."""
    try:
        yield
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({_reason(error)}); choose another place"
        ) from None


def check_writable(path: Path) -> None:
    """Raise CommandError if `path` cannot be written, now rather than after the training.

    What killed runs left of it is removed.
    """
    place = followed(path)
    with _reported(path):
        if place.exists() and not place.is_file():
            raise CommandError(f"{path}: is not a regular file; choose another place")
    if sys.platform == "win32" and not is_windows_name(place.name):
        raise CommandError(f"{path}: Windows does not allow this name; choose another one")
    with _temporary(place, place.suffix):
        remove_unfinished(place.parent, place.name)


def is_windows_name(name: str) -> bool:
    """Return whether a file or folder may be called `name` on Windows."""
    return not (_DEVICE.fullmatch(name) or _FORBIDDEN.search(name)) and 0 < len(name) < 256


def check_different(paths: Mapping[str, Path]) -> None:
    """Raise CommandError if two of `paths`, by what each is for, are the same file.

    Names that differ only in case or in Unicode form are the same file on Windows and macOS.
    """
    uses: dict[str, str] = {}
    for use, path in paths.items():
        key = unicodedata.normalize("NFC", str(followed(path))).casefold()
        other = uses.setdefault(key, use)
        if other != use:
            raise CommandError(f"{path}: is given for {other} and for {use}; use different files")


def require_regular_file(path: Path) -> None:
    """Raise CommandError if `path` is a folder, pipe or device, which might never end.

    Raises OSError if there is nothing at `path`.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise CommandError(f"{path}: is not a regular file; choose another")
