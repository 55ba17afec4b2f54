"""Open fashion.model only if it is an archive of the known members, all of a plausible size.

Members have to be stored without compression. So they take no more memory than the file takes on
disk, and nothing can be inflated.
"""

import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.model_file.archive import MAX_BYTES
from pyimagesearch.model_file.guard.refused import RefusedError

# The record at the end of an archive says how large its directory is. See APPNOTE.TXT by PKWARE,
# 4.3.16; 4.3.15 is the zip64 locator, with which Python would read another directory instead.
_END, _END_BYTES, _MAX_COMMENT_BYTES = b"PK\5\6", 22, 2**16
_ZIP64_LOCATOR, _ZIP64_LOCATOR_BYTES = b"PK\6\7", 20
_MAX_DIRECTORY_BYTES = 2**12
# What zipfile raises for damaged files; KeyError is for a member that is not there.
_DAMAGED = (zipfile.BadZipFile, EOFError, KeyError, OverflowError, RuntimeError, ValueError)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the archive at `path`, its directory checked.

    Raises CommandError if the file is missing, damaged or not such an archive, or if the block
    raises one of the errors that reading a damaged member raises.
    """
    try:
        files.require_regular_file(path)
        with path.open("rb") as file:
            _check_end(file)
            with zipfile.ZipFile(file) as archive:
                _check_members(archive.infolist())
                yield archive
    except FileNotFoundError:
        raise CommandError(
            f"{path}: no such model; run train.py first or give another model with --model"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror or error})") from None
    except RefusedError as refused:
        raise CommandError(f"{path}: {refused}; refused, train again") from None
    except _DAMAGED:
        raise CommandError(f"{path}: is not a model that train.py wrote; train again") from None


def _check_end(file: BinaryIO) -> None:
    """Raise BadZipFile if the directory is missing, elsewhere, or would take long to read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_BYTES - _MAX_COMMENT_BYTES))
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or end + _END_BYTES > len(tail):
        raise zipfile.BadZipFile
    if _ZIP64_LOCATOR in tail[max(0, end - _ZIP64_LOCATOR_BYTES) : end]:
        raise zipfile.BadZipFile
    length, start = (int.from_bytes(tail[end + at : end + at + 4], "little") for at in (12, 16))
    if length > _MAX_DIRECTORY_BYTES or start + length != size - len(tail) + end:
        raise zipfile.BadZipFile


def _check_members(members: Sequence[zipfile.ZipInfo]) -> None:
    """Raise RefusedError for members that no model has, or that are not stored as they are."""
    names = [member.filename for member in members]
    for member in members:
        name = member.filename
        if name not in MAX_BYTES:
            raise RefusedError(f"contains {name!r}, which no model needs")
        if names.count(name) > 1:
            raise RefusedError(f"contains {name} twice")
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise RefusedError(f"its {name} is compressed or encrypted")
        if member.file_size != member.compress_size or member.file_size > MAX_BYTES[name]:
            raise RefusedError(f"its {name} claims an implausible size")
