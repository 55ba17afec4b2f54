"""Any image file -> RGB pixels, by one decoder for training and for tagging.

Two decoders differ by a grey level here and there, which is enough to change tags. So every
picture that a network sees comes from `decode` and `squash`, whatever command asks for it.

Colours are taken as sRGB: embedded colour profiles are not applied. The first picture of an
animation, or of a file with several pages, is used.
"""

import random
import re
import stat
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from pyimagesearch.images import headers, pixels, tiff
from pyimagesearch.images.headers import MAX_PIXELS, SUFFIXES, Header, ImageError

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "SUFFIXES",
    "ImageError",
    "decode",
    "load",
    "looks_like_image",
    "read_bytes",
    "squash",
]

MAX_BYTES = 512 * 2**20  # of a file; as many pixels, uncompressed, are 300 MB

# How much smaller a JPEG is decoded -> what to add to IMREAD_COLOR_RGB for that. The flags called
# IMREAD_REDUCED_COLOR_* contain the bit for BGR, which excludes the one for RGB.
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
}
_END_OF_JPEG = b"\xff\xd9"
_NOISE = bytes(random.Random(0).choices(range(255), k=512))  # without 0xFF, which starts a marker
_UNUSABLE = "cannot be decoded: it is damaged, cut off or of a rare kind"
URL_REFUSAL = "is a URL; download the photo and give the path of the file"


def looks_like_image(path: Path) -> bool:
    """Return whether a file in a dataset folder is meant to be an image.

    True if its ending says so (in any case), without opening it; otherwise its first bytes decide.
    Formats that `load` recognises but refuses count as images too, so that nobody's photos
    disappear without a message. False for a file that cannot be opened, and for "._photo.jpg",
    which macOS adds to archives.
    """
    if path.name.startswith("._"):
        return False
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        return headers.sniff(read_bytes(path, 64)) is not None
    except ImageError:
        return False


def decode(data: bytes, side: int = 0, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the picture in the file `data` as uint8 RGB of shape (height, width, 3), upright.

    With `side`, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as both sides remain at
    least twice that many pixels, which is three times as fast. All other files, and all with
    `side` 0, are decoded in full size. Transparent parts become white, and deeper pictures are
    converted to 8 bits.

    Raises ImageError if `data` is not a picture, is damaged or cut off, or has more than
    `max_pixels` pixels; the size is read from its header before anything is decoded.
    """
    header = headers.read(data)
    _check_size(header.width, header.height, max_pixels)
    try:
        match header.format:
            case "JPEG":
                return _decode_jpeg(data, _jpeg_flags(header, side))
            case "TIFF":
                return _decode_tiff(data, header)
            case "HEIC":
                return _decode_heic(data, max_pixels)
        return _decode_other(data, header)
    except MemoryError:
        raise ImageError("does not fit into memory") from None
    except cv2.error as error:
        out_of_memory = error.code == cv2.Error.StsNoMem
        raise ImageError("does not fit into memory" if out_of_memory else _UNUSABLE) from None


def _check_size(width: int, height: int, max_pixels: int) -> None:
    if width * height > max_pixels:
        raise ImageError(f"is {width} x {height} pixels; the limit is {max_pixels} (--max-pixels)")


def squash(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return a uint8 (height, width, 3) `picture` as (side, side, 3), proportions not kept."""
    height, width = picture.shape[:2]
    if 2 * side <= min(height, width) and max(height, width) <= 5 * side:
        # Bilinear skips hardly a pixel down to a half, and INTER_AREA is fast for an exact half:
        # a third of the time, for 0.4 grey levels. Most JPEGs decoded reduced come this way.
        picture = _resize(picture, (2 * side, 2 * side), cv2.INTER_LINEAR)
        height = width = 2 * side
    # INTER_AREA averages only if both sides shrink, so a strip is narrowed before it is widened.
    smaller = (min(width, side), min(height, side))
    if smaller != (width, height):
        picture = _resize(picture, smaller, cv2.INTER_AREA)
    if smaller != (side, side):
        picture = _resize(picture, (side, side), cv2.INTER_LINEAR)
    return picture


def _resize(
    picture: NDArray[np.uint8], size: tuple[int, int], interpolation: int
) -> NDArray[np.uint8]:
    return pixels.uint8(cv2.resize(picture, size, interpolation=interpolation))


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the first `limit` bytes of the file `path`.

    Raises ImageError for a file that cannot be opened, for folders, pipes, devices and URLs, and,
    without a lower limit, for a file longer than MAX_BYTES.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            # Opening a pipe would wait for somebody to write to it.
            raise ImageError("is a folder" if stat.S_ISDIR(status.st_mode) else "is not a file")
        if limit == MAX_BYTES < status.st_size:
            raise ImageError(f"is {status.st_size} bytes long; the limit is {MAX_BYTES}")
        with path.open("rb") as file:
            # Room for what is there, not for the limit; a file that grows meanwhile is cut off.
            return file.read(min(limit, status.st_size))
    except OSError as error:
        if is_url(str(path)):
            raise ImageError(URL_REFUSAL) from None
        raise ImageError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise ImageError("cannot be read: no file can have this name") from None


def is_url(path: str) -> bool:
    """Return whether `path` is a URL, perhaps one that lost a slash as a Path."""
    return bool(re.match(r"[a-z][a-z0-9+.-]+:[/\\]", path, re.IGNORECASE))  # C: is a drive


def load(path: Path, side: int, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8]:
    """Return the picture in the file `path` as a square, uint8 RGB of shape (side, side, 3).

    Raises ImageError for what `read_bytes` and `decode` refuse.
    """
    return squash(decode(read_bytes(path), side, max_pixels), side)


def _jpeg_flags(header: Header, side: int) -> int:
    for divisor, reduced in _REDUCED.items():
        if side and min(header.width, header.height) // divisor >= 2 * side:
            return cv2.IMREAD_COLOR_RGB | reduced
    return cv2.IMREAD_COLOR_RGB


def _decode_jpeg(data: bytes, flags: int) -> NDArray[np.uint8]:
    picture = cv2.imdecode(_buffer(data), flags)
    if picture is None:
        # OpenCV wants the end marker, which some cameras and servers forget. With one added, it
        # fills whatever else is missing with grey and reports nothing. So noise is put before the
        # marker: if the picture was complete, it is ignored, otherwise it shows. In full size,
        # because the first half of a progressive file already is all there is at 1/8.
        data = data.rstrip(b"\xff")
        ended = _imdecode(data + _END_OF_JPEG, cv2.IMREAD_COLOR_RGB)
        noisy = cv2.imdecode(_buffer(data + _NOISE + _END_OF_JPEG), cv2.IMREAD_COLOR_RGB)
        if noisy is None or not np.array_equal(ended, noisy):
            raise ImageError("is cut off")
        picture = _imdecode(data + _END_OF_JPEG, flags)
    return pixels.eight_bits(picture)


def _decode_tiff(data: bytes, header: Header) -> NDArray[np.uint8]:
    if header.is_plain and (header.bits or 1) > 8:
        values = _imdecode(data, cv2.IMREAD_UNCHANGED)
        if header.bits != 16 or pixels.significant_bits(values) < 16:
            if not header.has_alpha and values.ndim == 3:
                values = values[..., :3]  # a fourth channel is something else
            # OpenCV stretches packed values of 10, 12 or 14 bits to 16.
            return pixels.rgb(values, bits=None if header.bits == 16 else 16)
    # IMREAD_UNCHANGED misreads inverted, CMYK and Lab pictures. This flag multiplies alpha into
    # the colours, so white is added where something is missing.
    picture = pixels.eight_bits(_imdecode(data, cv2.IMREAD_COLOR_RGB))
    if header.has_alpha:
        values = _imdecode(data, cv2.IMREAD_UNCHANGED)
        if values.shape[2:] == (4,):
            alpha = pixels.eight_bits(values)[..., 3]
            white = cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2RGB)
            picture = pixels.uint8(cv2.add(picture, white))
    return picture


def _decode_heic(data: bytes, max_pixels: int) -> NDArray[np.uint8]:
    """Decode by libheif, which also rotates and mirrors as the file says."""
    try:
        import pillow_heif
    except ImportError:
        raise ImageError("is HEIC, which needs the package pillow-heif") from None
    options = pillow_heif.options
    options.DECODE_THREADS = 1  # there is one process per processor
    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    try:
        file = pillow_heif.open_heif(data, bgr_mode=True)
        width, height = file.size
        _check_size(width, height, max_pixels)
        values = np.asarray(file)
    except (ImageError, MemoryError):
        raise
    except EOFError:
        raise ImageError("is cut off") from None
    except OSError:  # as pillow-heif reports it
        raise ImageError("does not fit into memory") from None
    except Exception:  # of many types, for damaged files
        raise ImageError(_UNUSABLE) from None
    return pixels.rgb(values, bits=16)


def _decode_other(data: bytes, header: Header) -> NDArray[np.uint8]:
    if header.format == "AVIF" and not cv2.haveImageWriter("any.avif"):
        raise ImageError("is AVIF, which this build of OpenCV cannot read; convert it to JPEG")
    # Only IMREAD_UNCHANGED keeps alpha, and with it the true values below; the price is that depth
    # and orientation are left to us.
    values, kinds, blocks = cv2.imdecodeWithMetadata(_buffer(data), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ImageError(_UNUSABLE)
    picture = pixels.rgb(values, header.bits)
    if header.transparent_gray is not None:
        picture[np.asarray(values) == header.transparent_gray] = 255
    orientation = header.orientation
    if header.format != "AVIF" and cv2.IMAGE_METADATA_EXIF in kinds:
        exif = np.asarray(blocks[list(kinds).index(cv2.IMAGE_METADATA_EXIF)], np.uint8)
        orientation = tiff.exif_orientation(exif.tobytes())
    return pixels.upright(picture, orientation)


def _imdecode(data: bytes, flags: int) -> MatLike:
    """Return what OpenCV decodes; raises ImageError if that is nothing."""
    values = cv2.imdecode(_buffer(data), flags)
    if values is None:
        raise ImageError(_UNUSABLE)
    return values


def _buffer(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
