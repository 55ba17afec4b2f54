"""Pictures of every kind come out in true colours, upright, and in the size asked for."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from support.pictures.files import (
    BLUE,
    RED,
    WHITE,
    WHOLE,
    assert_colour,
    assert_quarters,
    at_depth,
    encode,
    encode_deep,
    noisy,
    png,
    quarters,
    see_through,
    tiff,
)

from pyimagesearch.images import decoder
from pyimagesearch.images import tiff as tiff_tags


@pytest.mark.parametrize("name", WHOLE)
def test_every_format_comes_out_in_true_colours_and_the_first_frame(name: str) -> None:
    pixels = decoder.decode(WHOLE[name]())
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels, tolerance=10)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "L"), ("PNG", "L"), ("PNG", "1"), ("TIFF", "L"), ("BMP", "L"), ("HEIF", "L")],
)
def test_gray_comes_out_as_three_equal_channels(kind: str, mode: str) -> None:
    pixels = decoder.decode(encode(Image.new("L", (40, 30), 255).convert(mode), kind))
    assert_colour(pixels, WHITE, tolerance=0)


def test_sixteen_bit_gray_is_rounded_to_the_nearest_of_256() -> None:
    deep = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    pixels = decoder.decode(encode_deep(".png", deep))
    assert np.array_equal(pixels[..., 0], np.rint(deep / 257))


def encode_16_bits(kind: str, pixels: NDArray[np.uint16]) -> bytes:
    if kind == "TIFF":
        return tiff(pixels, photometric=2, extra=2 if pixels.shape[2] == 4 else None)
    return encode_deep(".png", pixels)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_a_picture_of_fewer_bits_stored_in_16_is_as_bright_as_one_of_8(
    kind: str, bits: int
) -> None:
    pixels = decoder.decode(encode_16_bits(kind, at_depth(bits)))
    assert_quarters(pixels, tolerance=1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_the_alpha_of_16_bits_may_reach_further_than_the_colours(kind: str) -> None:
    pixels = np.full((30, 40, 4), (1023, 0, 0, 65535), np.uint16)
    pixels[:, 20:, 3] = 0
    decoded = decoder.decode(encode_16_bits(kind, pixels))
    assert_colour(decoded[:, :20], (255, 0, 0), tolerance=1)
    assert_colour(decoded[:, 20:], WHITE, tolerance=1)


def test_a_black_picture_of_16_bits_stays_black() -> None:
    noise = np.random.default_rng(0).integers(0, 12, (30, 40, 3), np.uint16)
    assert decoder.decode(encode_deep(".png", noise)).max() < 12


def test_a_fourth_band_of_a_deep_tiff_is_left_out() -> None:
    pixels = np.full((30, 40, 4), (1023, 512, 0, 700), np.uint16)
    data = tiff(pixels, photometric=2, extra=0)
    assert_colour(decoder.decode(data), (255, 128, 0), tolerance=1)


def test_a_tiff_of_packed_12_bit_values_is_as_bright_as_one_of_8() -> None:
    row = bytes.fromhex("bb8" * 40)  # 3000 of 4095
    data = bytearray(tiff(np.frombuffer(row * 30, np.uint8).reshape(30, 60, 1), photometric=1))
    for tag, value in ((256, 40), (258, 12)):
        struct.pack_into("<I", data, data.index(struct.pack("<HHI", tag, 4, 1)) + 8, value)
    assert_colour(decoder.decode(bytes(data)), (187, 187, 187), tolerance=1)


def test_a_gray_tiff_in_which_zero_is_white_is_not_inverted() -> None:
    data = tiff(np.full((30, 40, 1), 55 * 257, np.uint16), photometric=0)
    assert_colour(decoder.decode(data), (200, 200, 200), tolerance=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *[("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("WEBP", "RGBA")],
        *[("TIFF", "RGB"), ("TIFF", "RGBA"), ("AVIF", "RGB"), ("AVIF", "RGBA")],
        *[("HEIF", "RGB"), ("HEIF", "RGBA")],
    ],
)
def test_orientation_puts_every_corner_where_it_belongs(
    kind: str, mode: str, orientation: int
) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = quarters().convert(mode)
    if mode == "RGBA":
        stored.putpixel((0, 0), (*RED, 254))  # else WebP and AVIF leave the channel out
    if orientation in undo:
        stored = stored.transpose(undo[orientation])
    exif = Image.Exif()
    exif[274] = orientation
    pixels = decoder.decode(encode(stored, kind, quality=95, exif=exif))
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels, tolerance=12)


def test_orientation_holds_for_a_jpeg_decoded_reduced() -> None:
    exif = Image.Exif()
    exif[274] = 6
    stored = quarters(640, 480).transpose(Image.Transpose.ROTATE_90)
    pixels = decoder.decode(encode(stored, "JPEG", exif=exif), side=30)
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "TIFF", "GIF", "HEIF"])
def test_transparent_pixels_are_white_whatever_their_colour(kind: str) -> None:
    image = see_through(0)
    image.paste((*BLUE, 255), (20, 0, 40, 30))
    options = {"exact": True, "lossless": True} if kind == "WEBP" else {}
    pixels = decoder.decode(encode(image, kind, **options))
    assert_colour(pixels[:, :16], WHITE, tolerance=3)
    assert_colour(pixels[:, 24:], BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "TIFF", "HEIF"])
def test_half_transparent_red_is_pink(kind: str) -> None:
    pixels = decoder.decode(encode(see_through(128), kind))
    assert_colour(pixels, (237, 132, 137), tolerance=4)


@pytest.mark.parametrize(
    ("extra", "channels", "seen"),
    [
        (2, (*RED, 128), (237, 132, 137)),  # straight alpha
        (1, (110, 5, 10, 128), (237, 132, 137)),  # alpha already multiplied in
        (0, (*RED, 0), RED),  # a fourth channel that is something else
    ],
)
@pytest.mark.parametrize("scale", [1, 257])
def test_a_fourth_tiff_channel_is_what_the_header_says(
    extra: int, channels: tuple[int, ...], seen: tuple[int, ...], scale: int
) -> None:
    pixels = np.full((30, 40, 4), channels, np.uint16) * scale
    data = tiff(pixels.astype(np.uint8 if scale == 1 else np.uint16), photometric=2, extra=extra)
    assert_colour(decoder.decode(data), seen, tolerance=2)


@pytest.mark.parametrize(
    ("image", "transparency"),
    [
        (quarters(), RED),
        (quarters().quantize(8), quarters().quantize(8).getpixel((5, 5))),
        (quarters().convert("L"), quarters().convert("L").getpixel((5, 5))),
    ],
    ids=["rgb", "palette", "gray"],
)
def test_the_transparent_colour_of_a_png_is_white(image: Image.Image, transparency: object) -> None:
    pixels = decoder.decode(encode(image, "PNG", transparency=transparency))
    assert_colour(pixels[:30, :40], WHITE, tolerance=0)
    assert pixels[5, 75].max() < 210
    assert pixels[55, 5].max() < 220


@pytest.mark.parametrize(("bits", "value"), [(1, 0), (2, 1), (4, 7), (16, 20_000)])
def test_the_transparent_gray_is_found_at_every_depth(bits: int, value: int) -> None:
    row = b"\0" + (f"{value:0{bits}b}" * (16 // bits)).encode()
    row = row[:1] + int(row[1:], 2).to_bytes(2, "big")
    data = png(
        (b"IHDR", struct.pack(">IIBBBBB", 16 // bits, 4, bits, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", value)),
        (b"IDAT", zlib.compress(row * 4)),
        (b"IEND", b""),
    )
    assert_colour(decoder.decode(data), WHITE, tolerance=0)
    assert decoder.decode(data.replace(b"tRNS", b"tEXt")).max() < 130


def test_a_jpeg_is_reduced_as_far_as_twice_the_side_allows() -> None:
    data = encode(quarters(800, 400), "JPEG")
    heights = {side: decoder.decode(data, side).shape[0] for side in (0, 25, 26, 50, 100, 101, 999)}
    assert heights == {0: 400, 25: 50, 26: 100, 50: 100, 100: 200, 101: 400, 999: 400}


def test_reduced_and_full_decoding_differ_by_less_than_two_grey_levels() -> None:
    smooth = noisy(1200, 900).resize((800, 600), Image.Resampling.BICUBIC)
    data = encode(smooth, "JPEG", quality=95)
    full = cv2.resize(decoder.decode(data), (96, 96), interpolation=cv2.INTER_AREA)
    reduced = decoder.squash(decoder.decode(data, 96), 96)
    assert np.abs(full.astype(int) - reduced).mean() < 2


@pytest.mark.parametrize("size", [(800, 600), (300, 250), (96, 96), (40, 30), (1000, 8), (1, 1)])
def test_a_picture_of_any_size_is_squashed_to_a_square(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), RED, np.uint8)
    squashed = decoder.squash(pixels, 96)
    assert squashed.shape == (96, 96, 3)
    assert_colour(squashed, RED, tolerance=1)


@pytest.mark.parametrize("size", [(960, 960), (250, 300), (2000, 50)])
def test_shrinking_averages_instead_of_picking_pixels(size: tuple[int, int]) -> None:
    stripes = np.zeros((*size, 3), np.uint8)
    stripes[::2] = 255
    squashed = decoder.squash(stripes, 96)
    # A window of 2.6 rows holds 1 to 1.6 white ones; picking pixels would give 0 and 255.
    assert squashed.min() > 85
    assert squashed.max() < 170


def test_load_gives_a_square_with_the_corners_in_place(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    quarters(400, 300).save(path)
    pixels = decoder.load(path, 96)
    assert pixels.shape == (96, 96, 3)
    assert_quarters(pixels)


@pytest.mark.parametrize("name", ["my photo.jpg", "фото 写真 📷.JPG", "no ending", "lies.gif"])
def test_the_content_of_a_file_decides_and_not_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode(quarters(), "PNG"))
    assert_quarters(decoder.load(path, 96))
    assert decoder.looks_like_image(path)


def test_an_orientation_outside_one_to_eight_is_upright() -> None:
    exif = Image.Exif()
    exif[274] = 77
    assert tiff_tags.exif_orientation(exif.tobytes()) == 1
    assert tiff_tags.exif_orientation(b"II*\0\xff\xff\xff\xff") == 1
