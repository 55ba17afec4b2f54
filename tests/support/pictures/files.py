"""Picture files made here, by Pillow, OpenCV or by hand, whose pixels are known."""

import io
import itertools
import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 10, 20), (10, 200, 30), (20, 30, 210), (255, 255, 255)

Pixels = NDArray[np.uint8]


def quarters(width: int = 80, height: int = 60) -> Image.Image:
    """Red, green / blue, white: a picture that shows where its corners went."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = RED
    pixels[: height // 2, width // 2 :] = GREEN
    pixels[height // 2 :, : width // 2] = BLUE
    pixels[height // 2 :, width // 2 :] = WHITE
    return Image.fromarray(pixels)


def at_depth(bits: int) -> NDArray[np.uint16]:
    scaled = np.asarray(quarters(), float) / 255 * (2**bits - 1)
    return np.asarray(scaled.round(), np.uint16)


def noisy(width: int = 160, height: int = 120) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 60, (height, width, 3))
    return Image.fromarray((np.asarray(quarters(width, height)) * 0.76 + noise).astype(np.uint8))


def see_through(alpha: int, colour: tuple[int, ...] = RED) -> Image.Image:
    return Image.new("RGBA", (40, 30), (*colour, alpha))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    if kind == "HEIF":  # saved by Pillow, it would lose its EXIF orientation
        if isinstance(exif := options.get("exif"), Image.Exif):
            options["exif"] = exif.tobytes()
        heic = pillow_heif.from_pillow(image)
        heic.save(file, **options)
    else:
        image.save(file, kind, **options)
    return file.getvalue()


def encode_deep(suffix: str, pixels: NDArray[np.generic], *options: int) -> bytes:
    """Encode gray, RGB or RGBA pixels of any type by OpenCV, which knows more than Pillow."""
    bgr = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]] if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(suffix, np.ascontiguousarray(bgr), options)[1])


def encode_deep_heic(pixels: NDArray[np.uint16]) -> bytes:
    """Encode 16-bit RGB pixels as HEIC, which takes 10 bits of them."""
    height, width = pixels.shape[:2]
    file = io.BytesIO()
    pillow_heif.encode("RGB;16", (width, height), pixels.tobytes(), file, quality=95)
    return file.getvalue()


def tiff(pixels: NDArray[np.generic], photometric: int, extra: int | None = None) -> bytes:
    """Encode uncompressed pixels (height, width, channels) as a one-strip little-endian TIFF."""
    height, width, channels = pixels.shape
    body = pixels.tobytes()
    tags = {
        **{256: width, 257: height, 258: pixels.itemsize * 8, 259: 1, 262: photometric},
        **{273: 8, 277: channels, 278: height, 279: len(body)},
    }
    if extra is not None:
        tags[338] = extra
    directory = struct.pack("<H", len(tags))
    bits_at = 8 + len(body) + 2 + 12 * len(tags) + 4
    for tag, value in tags.items():
        many = tag == 258 and channels > 2
        kind, count = (3, channels) if many else (4, 1)
        directory += struct.pack("<HHII", tag, kind, count, bits_at if many else value)
    bits = struct.pack(f"<{channels}H", *[pixels.itemsize * 8] * channels)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory + b"\0\0\0\0" + bits


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def giant_jpeg() -> bytes:
    data = bytearray(encode(quarters(), "JPEG"))
    struct.pack_into(">HH", data, data.index(b"\xff\xc0") + 5, 30000, 30000)
    return bytes(data)


def assert_colour(pixels: Pixels, colour: tuple[int, ...], tolerance: int = 6) -> None:
    assert pixels.dtype == np.uint8
    assert pixels.shape[-1] == 3
    assert np.abs(pixels.astype(int) - colour).max() <= tolerance, pixels.reshape(-1, 3)[0]


def assert_quarters(pixels: Pixels, tolerance: int = 6) -> None:
    """Check the four colours well inside their quarters."""
    height, width = pixels.shape[:2]
    rows, columns = height // 8, width // 8
    for (row, column), colour in zip(
        itertools.product((1, 5), (1, 5)), (RED, GREEN, BLUE, WHITE), strict=True
    ):
        part = pixels[row * rows : (row + 2) * rows, column * columns : (column + 2) * columns]
        assert_colour(part, colour, tolerance)


WHOLE: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: encode(quarters(), "JPEG", quality=95),
    "jpeg progressive": lambda: encode(quarters(), "JPEG", quality=95, progressive=True),
    "jpeg cmyk": lambda: encode(quarters().convert("CMYK"), "JPEG", quality=95),
    "png": lambda: encode(quarters(), "PNG"),
    "png palette": lambda: encode(quarters().quantize(8), "PNG"),
    "png 16 bit": lambda: encode_deep(".png", at_depth(16)),
    "png animated": lambda: encode(
        quarters(), "PNG", save_all=True, append_images=[quarters().rotate(180)]
    ),
    "webp": lambda: encode(quarters(), "WEBP", quality=95),
    "webp lossless": lambda: encode(quarters(), "WEBP", lossless=True),
    "webp animated": lambda: encode(
        quarters(), "WEBP", quality=95, save_all=True, append_images=[quarters().rotate(180)]
    ),
    "gif": lambda: encode(quarters(), "GIF"),
    "gif animated": lambda: encode(
        quarters(), "GIF", save_all=True, append_images=[quarters().rotate(180)]
    ),
    "bmp": lambda: encode(quarters(), "BMP"),
    "bmp palette": lambda: encode(quarters().quantize(8), "BMP"),
    "tiff": lambda: encode(quarters(), "TIFF"),
    "tiff lzw": lambda: encode(quarters(), "TIFF", compression="tiff_lzw"),
    "tiff jpeg": lambda: encode(quarters(), "TIFF", compression="jpeg"),
    "tiff cmyk": lambda: encode(quarters().convert("CMYK"), "TIFF"),
    "tiff 16 bit": lambda: encode_deep(".tif", at_depth(16)),
    "tiff pages": lambda: encode(
        quarters(), "TIFF", save_all=True, append_images=[quarters().rotate(180)]
    ),
    "tiff big": lambda: encode(quarters(), "TIFF", big_tiff=True),
    "avif": lambda: encode(quarters(), "AVIF", quality=95),
    "avif animated": lambda: encode(
        quarters(), "AVIF", quality=95, save_all=True, append_images=[quarters().rotate(180)]
    ),
    "avif 10 bit": lambda: encode_deep(".avif", at_depth(10), cv2.IMWRITE_AVIF_DEPTH, 10),
    "avif 12 bit": lambda: encode_deep(".avif", at_depth(12), cv2.IMWRITE_AVIF_DEPTH, 12),
    "heic": lambda: encode(quarters(), "HEIF", quality=95),
    "heic tiles": lambda: encode(quarters(), "HEIF", quality=95, tile_size=32),
    "heic 10 bit": lambda: encode_deep_heic(at_depth(16)),
    "heic several": lambda: encode(
        quarters(),
        "HEIF",
        quality=95,
        append_images=list(pillow_heif.from_pillow(quarters().rotate(180))),
    ),
}


def claim(name: str, width: int, height: int) -> bytes:
    """Write a size into the header of a good file."""
    data = bytearray(WHOLE[name]())
    at, form, values = {
        "jpeg": (data.find(b"\xff\xc0") + 5, ">HH", (height, width)),
        "jpeg progressive": (data.find(b"\xff\xc2") + 5, ">HH", (height, width)),
        "png": (16, ">II", (width, height)),
        "gif": (6, "<HH", (width, height)),
        "webp": (26, "<HH", (width, height)),
        "bmp": (18, "<ii", (width, -height)),
        "avif": (data.find(b"ispe") + 8, ">II", (width, height)),
        "heic": (data.find(b"ispe") + 8, ">II", (width, height)),
    }[name]
    struct.pack_into(form, data, at, *values)
    if name == "png":
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


CLAIMING = ["jpeg", "jpeg progressive", "png", "gif", "webp", "bmp", "avif", "heic"]
