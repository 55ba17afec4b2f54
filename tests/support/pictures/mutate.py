"""Damaged picture files: cut off, flipped, spliced, with wrong sizes and odd metadata."""

import itertools
import random
import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image
from support.pictures.files import CLAIMING, WHOLE, claim, encode, noisy, quarters

# How the names of good files start that damaged ones are made from.
FORMATS = ("jpeg", "png", "webp", "gif", "bmp", "tiff", "avif", "heic")
SIZES = (0, 1, 2, 255, 1000, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1)


def frames(kind: str, count: int) -> bytes:
    """A small animation."""
    each = [quarters(24, 24).rotate(10 * number) for number in range(count)]
    return encode(each[0], kind, save_all=True, append_images=each[1:])


def with_metadata(kind: str, seed: int) -> bytes:
    """A picture whose ICC profile and EXIF data are noise."""
    rng = random.Random(seed)
    exif = b"Exif\0\0" + rng.choice((b"II*\0", b"MM\0*")) + rng.randbytes(rng.randrange(300))
    profile = rng.randbytes(rng.randrange(1, 3000))
    return encode(noisy(40, 30), kind, icc_profile=profile, exif=exif)


def odd_pngs() -> dict[str, Callable[[], bytes]]:
    """PNGs of every depth that Pillow writes."""
    gray = Image.fromarray(np.arange(48 * 64, dtype=np.uint16).reshape(48, 64))
    return {
        "png gray": lambda: encode(quarters().convert("L"), "PNG"),
        "png one bit": lambda: encode(quarters().convert("1"), "PNG"),
        "png gray 16": lambda: encode(gray, "PNG"),
        "png alpha": lambda: encode(quarters().convert("RGBA"), "PNG"),
    }


def good_files() -> dict[str, bytes]:
    """Return every good file by its name, which starts with its format."""
    files = {name: make() for name, make in (WHOLE | odd_pngs()).items()}
    for kind, name in (("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif"), ("TIFF", "tiff")):
        files[f"{name} frames"] = frames(kind, 40)
    files["avif frames"] = frames("AVIF", 5)
    files |= {f"heic metadata {seed}": with_metadata("HEIF", seed) for seed in range(3)}
    for kind, name in (("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tiff")):
        files |= {f"{name} metadata {seed}": with_metadata(kind, seed) for seed in range(5)}
    files |= {f"avif metadata {seed}": with_metadata("AVIF", seed) for seed in range(3)}
    for name, (width, height) in itertools.product(CLAIMING, ((5, 5), (900, 900), (65535, 3))):
        files[f"{name} claims {width} x {height}"] = claim(name, width, height)
    return files


def mutated(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return `data` damaged in one to four ways; `other` is a file to take parts from."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if changed:
            rng.choice(MUTATIONS)(changed, other, rng)
    if changed[:4] == b"\x89PNG" and rng.random() < 0.7:
        checked(changed)
    return bytes(changed)


def place(data: bytearray, rng: random.Random) -> int:
    """Return a position, in the header half of the time."""
    return rng.randrange(min(len(data), rng.choice((200, len(data)))))


def flip(data: bytearray, other: bytes, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8, 40))):
        data[place(data, rng)] ^= 1 << rng.randrange(8)


def overwrite(data: bytearray, other: bytes, rng: random.Random) -> None:
    form = rng.choice(("B", "<H", ">H", "<I", ">I"))
    number = rng.choice(NUMBERS) % 256 ** struct.calcsize(form)
    at = place(data, rng)
    if at + struct.calcsize(form) <= len(data):
        struct.pack_into(form, data, at, number)


def cut(data: bytearray, other: bytes, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def take_out(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = place(data, rng)
    del data[at : at + rng.choice((1, 4, 30, 1000))]


def repeat(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = place(data, rng)
    part = data[at : at + rng.choice((1, 12, 100, 1000))]
    data[at:at] = part * rng.choice((1, 2, 50))


def splice(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = rng.randrange(len(other))
    put = place(data, rng)
    data[put : put + rng.choice((0, 50))] = other[at : at + rng.choice((20, 200, 2000))]


def noise(data: bytearray, other: bytes, rng: random.Random) -> None:
    at = place(data, rng)
    length = rng.choice((4, 64, 500))
    data[at : at + length] = rng.randbytes(length)


def lie(data: bytearray, other: bytes, rng: random.Random) -> None:
    """Write a size to a place at which some format has its own."""
    form = rng.choice(("<II", ">II", "<HH", ">HH"))
    top = 256 ** (struct.calcsize(form) // 2)
    at = rng.choice((6, 16, 18, 24, 26, data.find(b"ispe") + 8, data.find(b"\xff\xc0") + 5))
    if 0 <= at <= len(data) - 8:
        struct.pack_into(form, data, at, rng.choice(SIZES) % top, rng.choice(SIZES) % top)


MUTATIONS = (flip, flip, overwrite, overwrite, cut, take_out, repeat, splice, noise, lie)


def checked(data: bytearray) -> None:
    """Correct the checksums of a PNG, so that its decoder looks into the chunks."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            return
        struct.pack_into(">I", data, end, zlib.crc32(data[at + 4 : end]))
        at = end + 4
