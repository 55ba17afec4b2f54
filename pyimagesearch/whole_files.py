"""Files that are written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pyimagesearch.console import CommandError


@contextlib.contextmanager
def whole_file(path: Path, suffix: str = "") -> Iterator[Path]:
    """Yield a temporary path in `path`'s folder; on success it is synced and becomes `path`.

    Missing folders are made. Where the block fails, `path` stays as it was. Raises CommandError
    where the place cannot be written.
    """
    path = path.resolve()  # a link goes on pointing to the file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(suffix, f".{path.name[:40]}.", path.parent)
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({error.strerror}); name another place"
        ) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({error.strerror}); the old file stays"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def check_writable(path: Path) -> None:
    """Raise CommandError now rather than after the training where `path` cannot be written."""
    try:
        if path.exists() and not path.is_file():
            raise CommandError(f"{path}: is not a plain file; name another place")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CommandError(
            f"{path}: cannot be written ({error.strerror}); name another place"
        ) from None
