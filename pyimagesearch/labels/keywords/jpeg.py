"""The segments of a JPEG file in front of its picture, read and written without decoding it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pyimagesearch import files

APP1, APP13 = 0xE1, 0xED
MAX_SEGMENT = 65_533  # bytes that one segment can hold
MAX_SEGMENTS = 10_000
MAX_BYTES = 512 * 2**20
_START_OF_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}


class Segment(NamedTuple):
    """A marker and its content, without the length."""

    marker: int
    content: bytes


def read_segments(path: Path) -> list[Segment]:
    """Return the segments before the picture. Raises OSError, or ValueError if it is not a JPEG."""
    files.require_regular_file(path)
    found: list[Segment] = []
    with path.open("rb") as file:
        if file.read(2) != b"\xff\xd8":
            raise ValueError("is not a JPEG")
        while len(found) < MAX_SEGMENTS:
            head = file.read(2)
            while head[1:] == b"\xff":  # fill bytes
                head = b"\xff" + file.read(1)
            if len(head) < 2 or head[0] != 0xFF or head[1] in (_START_OF_SCAN, _END):
                return found
            if head[1] in _WITHOUT_LENGTH:
                continue
            length = int.from_bytes(file.read(2), "big")
            content = file.read(max(0, length - 2))
            if length < 2 or len(content) < length - 2:
                return found
            found.append(Segment(head[1], content))
    return found


def write_segments(path: Path, segments: Sequence[Segment]) -> None:
    """Put `segments` in the place of all that come before the picture; the picture stays as it is.

    Raises CommandError if the file cannot be written, ValueError for a segment that is too long
    or a file that is not a whole JPEG.
    """
    data = path.read_bytes()
    picture = _start_of_picture(data)
    with files.atomic_write(path) as new_file:
        new_file.write_bytes(b"".join([b"\xff\xd8", *_encode(segments), data[picture:]]))


def _start_of_picture(data: bytes) -> int:
    """Return the position of the start-of-scan marker."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            return at
        if marker == 0xFF:
            at += 1
        elif marker in _WITHOUT_LENGTH:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise ValueError("is not a whole JPEG")


def _encode(segments: Sequence[Segment]) -> Iterator[bytes]:
    for marker, content in segments:
        if len(content) > MAX_SEGMENT:
            raise ValueError("the keywords do not fit into a JPEG")
        yield bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
