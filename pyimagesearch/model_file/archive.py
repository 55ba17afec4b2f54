"""fashion.model as a file from a stranger: an archive of a few known members, none of them a trick.

All members are stored as they are. So they take no more room than the file does, and there is
nothing to inflate.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyimagesearch import files
from pyimagesearch.console import CommandError

TAGGER_JSON = "tagger.json"
ONNX = "serving.onnx"
WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
MAX_BYTES = {  # of each member that may be there
    "metadata.json": 2**16,
    CONFIG: 2**24,
    WEIGHTS: 2**32,
    TAGGER_JSON: 2**24,
    ONNX: 10**9,
}
# The end of an archive, where its directory is announced; see APPNOTE.TXT by PKWARE, 4.3.
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\5\6", 22, 2**16
_MAX_DIRECTORY_BYTES = 2**12
_DAMAGED = (zipfile.BadZipFile, EOFError, RuntimeError)  # what zipfile may raise
_BIG_ARCHIVE = b"PK\6\7"  # before it: a second directory, which Python would prefer


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Yield the archive at `path`, its members known and of fair size.

    Raises CommandError where it is missing, no such archive, damaged (there or in the block), or
    made to do harm.
    """
    try:
        files.require_regular_file(path)
        _check_end(path)
        with zipfile.ZipFile(path) as archive:
            for problem in _problems(archive.infolist()):
                raise CommandError(f"{path}: {problem}; refused")
            yield archive
    except FileNotFoundError:
        raise CommandError(
            f"{path}: no such model; run train.py first or name one with --model"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (*_DAMAGED, KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise CommandError(f"{path}: is not a model that train.py wrote; train again") from None


def _check_end(path: Path) -> None:
    """Raise BadZipFile where the directory is one that takes long to read."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_BYTES > len(tail) or _BIG_ARCHIVE in tail[max(0, at - 20) : at]:
        raise zipfile.BadZipFile
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _MAX_DIRECTORY_BYTES:
        raise zipfile.BadZipFile


def _problems(members: list[zipfile.ZipInfo]) -> Iterator[str]:
    """Yield what is wrong with the members."""
    names = [member.filename for member in members]
    for member in members:
        name = member.filename
        if name not in MAX_BYTES:
            yield f"holds {name!r}, which no model needs"
        elif names.count(name) > 1:
            yield f"holds {name} twice"
        elif member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            yield f"its {name} is compressed or encrypted"
        elif member.file_size != member.compress_size or member.file_size > MAX_BYTES[name]:
            yield f"its {name} is of absurd size"


def digest(archive: zipfile.ZipFile, name: str) -> str:
    """Return the sha256 of a member."""
    sha256 = hashlib.sha256()
    with archive.open(name) as member:
        while part := member.read(2**20):
            sha256.update(part)
    return sha256.hexdigest()
