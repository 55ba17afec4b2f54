"""What an image file says about itself, read from its bytes without decoding a pixel.

A few hundred bytes can claim a picture of 30,000 x 30,000 pixels, which costs a decoder seconds
and gigabytes before it notices. So the size is read here first, by small parsers whose work is
bounded whatever the file says. A file that does not state its size is refused.
"""

import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from pyimagesearch.images import tiff

MAX_PIXELS = 100_000_000  # 300 MB as RGB, and two or three times that on the way
MAX_SEGMENTS = 10_000  # JPEG segments before the picture; 64 KB each, so 640 MB of metadata
MAX_SCANS = 100  # of a progressive JPEG; encoders write 10, an empty one costs 35 ms at 100 MP
MAX_CHUNKS = 200_000  # of a PNG; encoders write 8 KB each or more
MAX_TEXTS = 100  # compressed PNG texts, which libpng inflates at up to 30 ms each
MAX_BOXES = 1000  # of a HEIC file, side by side; phones write 3
MAX_BITS = 16  # of a TIFF value; deeper ones are measurements, with no white to scale to

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif"}
    | {".bmp", ".dib", ".tif", ".tiff", ".avif", ".heic", ".heif", ".hif"}
)

_SIGNATURES = {
    "JPEG": rb"\xff\xd8\xff",
    "PNG": rb"\x89PNG\r\n\x1a\n",
    "GIF": rb"GIF8[79]a",
    "WebP": rb"RIFF.{4}WEBPVP8[ LX]",
    # "BM" alone starts too many texts; the length of the header that follows makes it certain.
    "BMP": rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0",
    "TIFF": rb"II[*+]\0|MM\0[*+]",
    "AVIF": rb".{4}ftyp(?:avi[fs]|m[is]f1.{4}(?:.{4}){0,9}?avi[fs])",
    "HEIC": rb".{4}ftyp(?:he[iv][cmsx]|m[is]f1)",
    # Image formats that are recognised but not read: OpenCV cannot, or hardly anybody has them.
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "JPEG 2000": rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  ",
    "Photoshop": rb"8BPS\0[\x01\x02]",
    "OpenEXR": rb"v/1\x01",
    "Radiance HDR": rb"#\?R(?:ADIANC|GB)E",
    "PNM": rb"P[1-7]\s+(?:#|\d|WIDTH)",
}
# 0xFF and a code; 00, 01, RSTn and fill bytes are part of the data between two markers.
_JPEG_MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_OLD_BMP = 12  # length of the header of the OS/2 kind
_BOX_SIZE = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)
_AVIF_DEPTH = re.compile(rb"av1C..(.)", re.DOTALL)
_AVIF_TURN = re.compile(rb"\0\0\0\x09irot(.)", re.DOTALL)
_AVIF_MIRROR = re.compile(rb"\0\0\0\x09imir(.)", re.DOTALL)
_GRAY_STEP = {1: 255, 2: 85, 4: 17, 8: 1, 16: 1}  # OpenCV stretches shallow PNG gray to 8 bits
# EXIF orientation for AVIF's quarter turns anticlockwise, alone and followed by a mirror.
_AVIF_ORIENTATION = {None: (1, 8, 3, 6), 0: (4, 5, 2, 7), 1: (2, 7, 4, 5)}


class ImageError(Exception):
    """A file is not a usable picture; the text says why, without the path."""


@dataclass(frozen=True)
class Header:
    """What the file claims: its format, its size in pixels and how to read its values."""

    format: str
    width: int
    height: int
    bits: int | None = None  # of a value, if the file says so (AVIF, TIFF)
    orientation: int = 1  # as in EXIF, if OpenCV does not see it (AVIF)
    has_alpha: bool = False  # if only the header tells what a fourth channel is (TIFF)
    is_plain: bool = True  # gray or RGB, 0 is black (TIFF)
    transparent_gray: int | None = None  # the value that means transparent (gray PNG with tRNS)


def sniff(start: bytes) -> str | None:
    """Return the image format of a file that starts with `start` (64 bytes or more), or None."""
    matching = (name for name, form in _SIGNATURES.items() if re.match(form, start, re.DOTALL))
    return next(matching, None)


def read(data: bytes) -> Header:
    """Return what the whole file `data` claims to be.

    Raises ImageError if it is empty, not an image, of a format that is not read, cut off within
    its header, or does not state a size.
    """
    if not data:
        raise ImageError("is empty")
    name = sniff(data[:64])
    if name is None:
        raise ImageError("is not an image")
    if name not in _READERS:
        raise ImageError(f"is {name}, a format that is not read; convert it to JPEG or PNG")
    try:
        header = _READERS[name](data)
    except (struct.error, OverflowError):  # an offset beyond the file, or beyond any file
        raise ImageError("is cut off") from None
    if min(header.width, header.height) < 1:
        raise ImageError(f"is not an image: its {name} header states no size")
    return header


def _jpeg(data: bytes) -> Header:
    height = width = components = scans = 0
    progressive = False
    position = 2
    for _ in range(MAX_SEGMENTS):
        found = _JPEG_MARKER.search(data, position)
        if found is None and not width:
            raise ImageError("is cut off")
        if found is None or found[1][0] == _JPEG_END:
            break
        marker, position = found[1][0], found.end()
        if marker in _JPEG_FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, position + 3)
            progressive = marker in _JPEG_PROGRESSIVE
        if marker == _JPEG_SCAN:
            if not progressive and data[position + 2 : position + 3] == bytes([components]):
                break  # everything in one scan
            # Otherwise each scan costs a pass over the picture, for a few bytes of the file.
            scans += 1
            if scans > MAX_SCANS:
                raise ImageError(f"is not a usual JPEG: it has more than {MAX_SCANS} scans")
        position += int(struct.unpack_from(">H", data, position)[0])
    else:
        raise ImageError(f"is not a usual JPEG: it has more than {MAX_SEGMENTS} segments")
    return Header("JPEG", width, height)


def _png(data: bytes) -> Header:
    width, height, bits, colour_type = struct.unpack_from(">IIBB", data, 16)
    if data[12:16] != b"IHDR":
        raise ImageError("is not an image: its PNG header is missing")
    texts, transparent_gray, position = 0, None, 8
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack_from(">I4s", data, position)
        if position + length + 12 > len(data):
            # OpenCV would allocate the claimed length, up to 4 GB, before it reads.
            raise ImageError("is cut off")
        texts += kind in (b"zTXt", b"iTXt")
        if kind == b"tRNS" and colour_type == 0 and bits in _GRAY_STEP:
            # OpenCV does not report that this one value is transparent.
            value = int(struct.unpack_from(">H", data, position + 8)[0])
            transparent_gray = value * _GRAY_STEP[bits]
        if kind == b"IEND":
            break
        position += length + 12
    else:
        raise ImageError(f"is not a usual PNG: it has more than {MAX_CHUNKS} chunks")
    if texts > MAX_TEXTS:
        raise ImageError(f"is not a usual PNG: it has more than {MAX_TEXTS} compressed texts")
    return Header("PNG", width, height, transparent_gray=transparent_gray)


def _gif(data: bytes) -> Header:
    return Header("GIF", *struct.unpack_from("<HH", data, 6))


def _webp(data: bytes) -> Header:
    chunk = data[12:16]
    if chunk == b"VP8X":
        wide, wide_high, high, high_high = struct.unpack_from("<HBHB", data, 24)
        return Header("WebP", (wide | wide_high << 16) + 1, (high | high_high << 16) + 1)
    if chunk == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return Header("WebP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    width, height = struct.unpack_from("<HH", data, 26)
    return Header("WebP", width & 0x3FFF, height & 0x3FFF)


def _bmp(data: bytes) -> Header:
    old = data[14] == _OLD_BMP
    width, height = struct.unpack_from("<HH" if old else "<ii", data, 18)
    return Header("BMP", width, abs(height))


def _tiff(data: bytes) -> Header:
    tags = tiff.read_tags(data)
    bits = tags.get(tiff.BITS, 1)
    if bits > MAX_BITS:
        raise ImageError(f"has {bits}-bit values; only 8-bit and 16-bit pictures are read")
    # Tiles are decoded whole, so a small picture with one huge tile is a huge picture.
    return Header(
        "TIFF",
        max(tags.get(tiff.WIDTH, 0), tags.get(tiff.TILE_WIDTH, 0)),
        max(tags.get(tiff.HEIGHT, 0), tags.get(tiff.TILE_HEIGHT, 0)),
        bits=bits,
        has_alpha=tags.get(tiff.EXTRA_SAMPLES) in (1, 2),
        is_plain=tags.get(tiff.PHOTOMETRIC) in (1, 2),
    )


def _avif(data: bytes) -> Header:
    turn = _AVIF_TURN.search(data)
    mirror = _AVIF_MIRROR.search(data)
    orientations = _AVIF_ORIENTATION[mirror[1][0] & 1 if mirror else None]
    depth = _AVIF_DEPTH.search(data)
    deep, twelve = (depth[1][0] & 0x40, depth[1][0] & 0x20) if depth else (0, 0)
    return Header(
        "AVIF",
        *_largest_box(data),
        bits=(12 if twelve else 10) if deep else 8,
        orientation=orientations[turn[1][0] & 3 if turn else 0],
    )


def _heic(data: bytes) -> Header:
    # Tiles that are missing would be decoded as black, so the boxes must all be there.
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, position)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, position + 8)
        if kind in (b"meta", b"mdat") and position + length > len(data):
            raise ImageError("is cut off")
        if length < 8:  # up to the end of the file
            break
        position += length
    return Header("HEIC", *_largest_box(data))


def _largest_box(data: bytes) -> tuple[int, int]:
    """Return the largest width and height in an AVIF or HEIC file, (0, 0) if there are none.

    Each part of the picture (alpha, thumbnail, tiles of a grid) has a size; the largest is the
    whole. The sizes are searched for wherever they are.
    """
    sizes = [struct.unpack(">II", size) for size in _BOX_SIZE.findall(data)]
    width, height = max(sizes, key=math.prod, default=(0, 0))
    return width, height


_READERS: dict[str, Callable[[bytes], Header]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "GIF": _gif,
    "WebP": _webp,
    "BMP": _bmp,
    "TIFF": _tiff,
    "AVIF": _avif,
    "HEIC": _heic,
}
