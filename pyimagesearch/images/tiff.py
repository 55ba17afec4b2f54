"""The tags of a TIFF directory, in TIFF files and in the EXIF data of other files."""

import struct

WIDTH, HEIGHT, BITS, PHOTOMETRIC, ORIENTATION = 256, 257, 258, 262, 274
TILE_WIDTH, TILE_HEIGHT, EXTRA_SAMPLES = 322, 323, 338

MAX_TAGS = 4096  # of a directory
_TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}


def read_tags(data: bytes) -> dict[int, int]:
    """Return the first value of each whole-number tag in the first directory of `data`.

    If a tag is given twice, the larger value is returned. Raises struct.error or OverflowError
    for an offset beyond the end of `data`.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")  # BigTIFF: the same directory with wider fields
    (start,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
    start += 8 if big else 2
    entry = struct.Struct(order + ("HHQ" if big else "HHI"))
    room = 8 if big else 4  # bytes for the value itself; a longer one is at that offset
    tags: dict[int, int] = {}
    for index in range(min(count, MAX_TAGS)):
        at = start + index * (entry.size + room)
        tag, kind, length = entry.unpack_from(data, at)
        if kind not in _TYPES or not length:
            continue
        value = struct.Struct(order + _TYPES[kind])
        at += entry.size
        if length * value.size > room:
            (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at)
        tags[tag] = max(tags.get(tag, 0), value.unpack_from(data, at)[0])
    return tags


def exif_orientation(exif: bytes) -> int:
    """Return the orientation, 1 to 8, that EXIF data asks for; 1 (upright) if it does not."""
    try:
        orientation = read_tags(exif.removeprefix(b"Exif\0\0")).get(ORIENTATION, 1)
    except (struct.error, OverflowError):
        return 1
    return orientation if orientation in range(1, 9) else 1
