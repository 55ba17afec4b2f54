"""Any image file -> RGB pixels, by one decoder for training and for tagging.

Two decoders differ by a grey level here and there, and that is enough to change tags. So every
picture the network sees comes through `decode` and `squash`, whatever command asks for it.

Colours are taken as sRGB: embedded colour profiles are not applied. Of an animation, or a file of
several pages, the first picture counts.
"""

import random
import stat
from pathlib import Path

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from pyimagesearch.images import headers
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

# How much smaller a JPEG is decoded -> what to add to IMREAD_COLOR_RGB for that; the flags named
# IMREAD_REDUCED_COLOR_* hold the bit for BGR, which excludes the one for RGB.
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
}
_END_OF_JPEG = b"\xff\xd9"
_NOISE = bytes(random.Random(0).choices(range(255), k=512))  # without 0xFF: not like a marker
_UNUSABLE = "cannot be decoded: it is damaged, cut off or of a rare kind"


def looks_like_image(path: Path) -> bool:
    """Say whether a file found in a dataset folder is meant to be an image.

    True by its ending (in any case) without opening it, else by its first bytes. Formats that
    `load` refuses by name count too, so that nobody's HEIC photos go missing without a word. What
    cannot be opened is no image; neither is "._photo.jpg", which macOS adds to archives.
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

    Given `side`, a JPEG is decoded at 1/2, 1/4 or 1/8 of its size as long as both its sides stay
    at least twice that many pixels, which is three times as fast. Everything else, and all with
    `side` 0, comes in full size. Transparent pictures are laid on white, deeper ones brought to
    8 bits.

    Raises ImageError where `data` is no picture, damaged or cut off, or of more than `max_pixels`
    pixels, which its header tells before anything is decoded.
    """
    header = headers.read(data)
    if header.width * header.height > max_pixels:
        raise ImageError(
            f"is {header.width} x {header.height} pixels; the limit is {max_pixels} (--max-pixels)"
        )
    if header.format == "AVIF" and not cv2.haveImageWriter("any.avif"):
        raise ImageError("is AVIF, which this build of OpenCV cannot read; convert it to JPEG")
    try:
        if header.format == "JPEG":
            return _decode_jpeg(data, _jpeg_flags(header, side))
        if header.format == "TIFF":
            return _decode_tiff(data, header)
        return _decode_other(data, header)
    except MemoryError:
        raise ImageError("does not fit into memory") from None
    except cv2.error as error:
        out_of_memory = error.code == cv2.Error.StsNoMem
        raise ImageError("does not fit into memory" if out_of_memory else _UNUSABLE) from None


def squash(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return uint8 (height, width, 3) `pixels` as (side, side, 3), proportions not kept."""
    height, width = pixels.shape[:2]
    if 2 * side <= min(height, width) and max(height, width) <= 5 * side:
        # Bilinear misses hardly a pixel down to a half, and INTER_AREA is fast for an exact half:
        # a third of the time for 0.4 grey levels. JPEGs decoded reduced mostly come this way.
        pixels = _uint8(cv2.resize(pixels, (2 * side, 2 * side), interpolation=cv2.INTER_LINEAR))
        height = width = 2 * side
    # INTER_AREA averages only where both sides shrink, so a strip is narrowed before it is widened.
    smaller = (min(width, side), min(height, side))
    if smaller != (width, height):
        pixels = _uint8(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA))
    if smaller != (side, side):
        pixels = _uint8(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_LINEAR))
    return pixels


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return the first `limit` bytes of the file `path`.

    Raises ImageError for a file that cannot be opened, for one longer than MAX_BYTES where as many
    are wanted, and for folders, pipes and devices.
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
        raise ImageError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise ImageError("cannot be read: no file can have this name") from None


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
    pixels = _imdecode(data, flags)
    if pixels is None:
        # OpenCV wants the end marker, which some cameras and servers forget. Given one, it fills
        # whatever else is missing with grey and says nothing. So noise is put before the marker:
        # where the picture was complete it is ignored, else it shows. In full size, because the
        # first half of a progressive file is already all there is at 1/8.
        data = data.rstrip(b"\xff")
        ended = _imdecode(data + _END_OF_JPEG, cv2.IMREAD_COLOR_RGB)
        noisy = _imdecode(data + _NOISE + _END_OF_JPEG, cv2.IMREAD_COLOR_RGB)
        if ended is None:
            raise ImageError(_UNUSABLE)
        if noisy is None or not np.array_equal(ended, noisy):
            raise ImageError("is cut off")
        pixels = _imdecode(data + _END_OF_JPEG, flags)
    return _eight_bits(pixels)


def _decode_tiff(data: bytes, header: Header) -> NDArray[np.uint8]:
    # IMREAD_UNCHANGED misreads inverted, CMYK and Lab pictures; this multiplies alpha into the
    # colours, so white is added where it is missing.
    pixels = _eight_bits(_imdecode(data, cv2.IMREAD_COLOR_RGB))
    if header.has_alpha:
        samples = _imdecode(data, cv2.IMREAD_UNCHANGED)
        if samples is not None and samples.shape[2:] == (4,):
            alpha = _eight_bits(samples)[..., 3]
            pixels = _uint8(cv2.add(pixels, cv2.cvtColor(255 - alpha, cv2.COLOR_GRAY2RGB)))
    return pixels


def _decode_other(data: bytes, header: Header) -> NDArray[np.uint8]:
    # IMREAD_UNCHANGED alone keeps alpha, and with it the true values beneath; the price is that
    # depth and orientation are left to us.
    samples, kinds, blocks = cv2.imdecodeWithMetadata(_buffer(data), cv2.IMREAD_UNCHANGED)
    pixels = _eight_bits(samples, header.bits)
    if header.transparent_gray is not None:
        pixels[np.asarray(samples) == header.transparent_gray] = 255
    match pixels.shape:
        case (_, _):
            pixels = _uint8(cv2.cvtColor(pixels, cv2.COLOR_GRAY2RGB))
        case (_, _, 3):
            pixels = _uint8(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
        case (_, _, 4):
            # On white: 255 - (255 - colour) * alpha / 255, without leaving 8 bits.
            alpha = cv2.cvtColor(pixels[..., 3], cv2.COLOR_GRAY2RGB)
            missing = 255 - cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB)
            pixels = _uint8(255 - cv2.multiply(missing, alpha, scale=1 / 255))
        case _:
            raise ImageError(f"has pixels of shape {pixels.shape}; 1, 3 and 4 channels are read")
    orientation = header.orientation
    if header.format != "AVIF" and cv2.IMAGE_METADATA_EXIF in kinds:
        exif = np.asarray(blocks[list(kinds).index(cv2.IMAGE_METADATA_EXIF)], np.uint8)
        orientation = headers.exif_orientation(exif.tobytes())
    return _upright(pixels, orientation)


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Turn and mirror (H, W, 3) `pixels` as the EXIF orientation 1 to 8 demands."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _eight_bits(samples: MatLike | None, bits: int = 16) -> NDArray[np.uint8]:
    """Return decoded `samples` as uint8; those of two bytes reach up to 2**bits - 1."""
    if samples is None:
        raise ImageError(_UNUSABLE)
    if samples.dtype == np.uint16:
        samples = cv2.convertScaleAbs(samples, alpha=255 / (2**bits - 1))
    if samples.dtype != np.uint8:
        raise ImageError(f"has {samples.dtype} samples; only 8 and 16 bit pictures are read")
    return _uint8(samples)


def _imdecode(data: bytes, flags: int) -> MatLike | None:
    return cv2.imdecode(_buffer(data), flags)


def _buffer(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)


def _uint8(pixels: MatLike) -> NDArray[np.uint8]:
    # OpenCV's type hints know arrays of some number type only; this copies nothing.
    return np.asarray(pixels, np.uint8)
