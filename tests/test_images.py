"""Each file is made here, by Pillow, OpenCV or by hand, and its pixels are known."""

import io
import itertools
import os
import random
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pyimagesearch import image_headers, images
from pyimagesearch.images import ImageError

RED, GREEN, BLUE, WHITE = (220, 10, 20), (10, 200, 30), (20, 30, 210), (255, 255, 255)
PHOTOS = Path(__file__).parents[2] / "shared" / "data" / "originals"

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
    image.save(file, kind, **options)
    return file.getvalue()


def encode_deep(suffix: str, pixels: NDArray[np.generic], *options: int) -> bytes:
    """Encode RGB pixels of any type by OpenCV, which knows depths that Pillow does not."""
    bgr = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    return bytes(cv2.imencode(suffix, np.ascontiguousarray(bgr), options)[1])


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
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_format_comes_out_in_true_colours_and_the_first_frame(name: str) -> None:
    pixels = images.decode(WHOLE[name]())
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels, tolerance=10)


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "L"), ("PNG", "L"), ("PNG", "1"), ("TIFF", "L"), ("BMP", "L")]
)
def test_gray_comes_out_as_three_equal_channels(kind: str, mode: str) -> None:
    pixels = images.decode(encode(Image.new("L", (40, 30), 255).convert(mode), kind))
    assert_colour(pixels, WHITE, tolerance=0)


def test_sixteen_bit_gray_is_rounded_to_the_nearest_of_256() -> None:
    deep = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    pixels = images.decode(encode_deep(".png", deep))
    assert np.array_equal(pixels[..., 0], np.rint(deep / 257))


def test_a_gray_tiff_where_zero_is_white_is_not_a_negative() -> None:
    data = tiff(np.full((30, 40, 1), 55 * 257, np.uint16), photometric=0)
    assert_colour(images.decode(data), (200, 200, 200), tolerance=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *[("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("WEBP", "RGBA")],
        *[("TIFF", "RGB"), ("TIFF", "RGBA"), ("AVIF", "RGB"), ("AVIF", "RGBA")],
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
    pixels = images.decode(encode(stored, kind, quality=95, exif=exif))
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels, tolerance=12)


def test_orientation_holds_for_a_jpeg_decoded_reduced() -> None:
    exif = Image.Exif()
    exif[274] = 6
    stored = quarters(640, 480).transpose(Image.Transpose.ROTATE_90)
    pixels = images.decode(encode(stored, "JPEG", exif=exif), side=30)
    assert pixels.shape == (60, 80, 3)
    assert_quarters(pixels)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "TIFF", "GIF"])
def test_transparent_is_white_whatever_colour_lies_beneath(kind: str) -> None:
    image = see_through(0)
    image.paste((*BLUE, 255), (20, 0, 40, 30))
    options = {"exact": True, "lossless": True} if kind == "WEBP" else {}
    pixels = images.decode(encode(image, kind, **options))
    assert_colour(pixels[:, :16], WHITE, tolerance=3)
    assert_colour(pixels[:, 24:], BLUE)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "TIFF"])
def test_half_transparent_red_is_pink(kind: str) -> None:
    pixels = images.decode(encode(see_through(128), kind))
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
    assert_colour(images.decode(data), seen, tolerance=2)


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
    pixels = images.decode(encode(image, "PNG", transparency=transparency))
    assert_colour(pixels[:30, :40], WHITE, tolerance=0)
    assert pixels[5, 75].max() < 210
    assert pixels[55, 5].max() < 220


@pytest.mark.parametrize(("bits", "value"), [(1, 0), (2, 1), (4, 7), (16, 1000)])
def test_the_transparent_gray_is_found_at_every_depth(bits: int, value: int) -> None:
    row = b"\0" + (f"{value:0{bits}b}" * (16 // bits)).encode()
    row = row[:1] + int(row[1:], 2).to_bytes(2, "big")
    data = png(
        (b"IHDR", struct.pack(">IIBBBBB", 16 // bits, 4, bits, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", value)),
        (b"IDAT", zlib.compress(row * 4)),
        (b"IEND", b""),
    )
    assert_colour(images.decode(data), WHITE, tolerance=0)
    assert images.decode(data.replace(b"tRNS", b"tEXt")).max() < 130


def test_a_jpeg_is_reduced_as_far_as_twice_the_side_allows() -> None:
    data = encode(quarters(800, 400), "JPEG")
    heights = {side: images.decode(data, side).shape[0] for side in (0, 25, 26, 50, 100, 101, 999)}
    assert heights == {0: 400, 25: 50, 26: 100, 50: 100, 100: 200, 101: 400, 999: 400}


def test_reduced_and_full_decoding_differ_by_less_than_two_grey_levels() -> None:
    smooth = noisy(1200, 900).resize((800, 600), Image.Resampling.BICUBIC)
    data = encode(smooth, "JPEG", quality=95)
    full = cv2.resize(images.decode(data), (96, 96), interpolation=cv2.INTER_AREA)
    reduced = images.squash(images.decode(data, 96), 96)
    assert np.abs(full.astype(int) - reduced).mean() < 2


@pytest.mark.parametrize("size", [(800, 600), (300, 250), (96, 96), (40, 30), (1000, 8), (1, 1)])
def test_any_size_is_squashed_to_the_square(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), RED, np.uint8)
    squashed = images.squash(pixels, 96)
    assert squashed.shape == (96, 96, 3)
    assert_colour(squashed, RED, tolerance=1)


@pytest.mark.parametrize("size", [(960, 960), (250, 300), (2000, 50)])
def test_shrinking_averages_instead_of_picking_pixels(size: tuple[int, int]) -> None:
    stripes = np.zeros((*size, 3), np.uint8)
    stripes[::2] = 255
    squashed = images.squash(stripes, 96)
    # A window of 2.6 rows holds 1 to 1.6 white ones; picking pixels would give 0 and 255.
    assert squashed.min() > 85
    assert squashed.max() < 170


def test_load_gives_a_square_with_the_corners_in_place(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    quarters(400, 300).save(path)
    pixels = images.load(path, 96)
    assert pixels.shape == (96, 96, 3)
    assert_quarters(pixels)


@pytest.mark.parametrize("name", ["my photo.jpg", "фото 写真 📷.JPG", "no ending", "lies.gif"])
def test_content_decides_not_the_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode(quarters(), "PNG"))
    assert_quarters(images.load(path, 96))
    assert images.looks_like_image(path)


def test_a_missing_end_marker_is_forgiven() -> None:
    for progressive, missing in itertools.product((False, True), (1, 2)):
        data = encode(noisy(), "JPEG", progressive=progressive)
        assert np.array_equal(images.decode(data[:-missing]), images.decode(data))
        assert np.array_equal(images.decode(data[:-missing], 20), images.decode(data, 20))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("side", [0, 10])
def test_a_truncated_jpeg_is_cut_off(progressive: bool, share: float, side: int) -> None:
    data = encode(noisy(), "JPEG", quality=90, progressive=progressive)
    with pytest.raises(ImageError, match=r"^is cut off$"):
        images.decode(data[: int(len(data) * share)], side)


# Half of a file of several TIFF pages may hold the whole first page.
@pytest.mark.parametrize("name", [name for name in WHOLE if name != "tiff pages"])
def test_half_a_file_is_refused(name: str) -> None:
    data = WHOLE[name]()
    with pytest.raises(ImageError, match=r"cut off|no size"):
        images.decode(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"# A readme\n", "is not an image"),
        (b"BM sells cars, and this is no bitmap.", "is not an image"),
        (b"\xff\xd8\xff", "is cut off"),
        (b"\xff\xd8\xff\xd9", "is not an image: its JPEG header states no size"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is HEIC, a format that is not read; convert it"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "is JPEG XL, a format that is not read; convert it"),
        (b"P6 4 4 255 ", "is PNM, a format that is not read; convert it"),
        (giant_jpeg(), r"is 30000 x 30000 pixels; the limit is 100000000 \(--max-pixels\)"),
    ],
)
def test_the_reason_is_given_in_plain_words(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=f"^{reason}"):
        images.decode(data)


def test_values_without_a_white_are_refused_by_their_depth() -> None:
    with pytest.raises(ImageError, match=r"^has 32 bit samples; only 8 and 16 bit"):
        images.decode(encode_deep(".tif", np.zeros((30, 40, 3), np.float32)))


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
    }[name]
    struct.pack_into(form, data, at, *values)
    if name == "png":
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    return bytes(data)


CLAIMING = ["jpeg", "jpeg progressive", "png", "gif", "webp", "bmp", "avif"]


@pytest.mark.parametrize("name", CLAIMING)
def test_a_giant_is_refused_before_anything_is_decoded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        pytest.fail("the decoder was asked")

    monkeypatch.setattr(cv2, "imdecode", decoded)
    monkeypatch.setattr(cv2, "imdecodeWithMetadata", decoded)
    with pytest.raises(ImageError, match=r"^is 12000 x 9000 pixels; the limit is 100000000 "):
        images.decode(claim(name, 12000, 9000))


@pytest.mark.parametrize("name", CLAIMING)
@pytest.mark.parametrize("size", [(10, 10), (3000, 2000)])
def test_a_header_that_lies_about_the_size_does_no_harm(name: str, size: tuple[int, int]) -> None:
    try:
        pixels = images.decode(claim(name, *size))
    except ImageError:
        return
    assert pixels.shape == (size[1], size[0], 3)


def test_the_limit_counts_pixels_and_includes_itself() -> None:
    data = encode(quarters(80, 60), "PNG")
    assert images.decode(data, max_pixels=4800).shape == (60, 80, 3)
    with pytest.raises(ImageError, match="the limit is 4799"):
        images.decode(data, max_pixels=4799)


def test_a_tile_counts_as_much_as_the_picture() -> None:
    data = bytearray(tiff(np.zeros((30, 40, 3), np.uint8), photometric=2))
    at = data.index(struct.pack("<HHII", 278, 4, 1, 30))
    struct.pack_into("<HHII", data, at, 322, 4, 1, 10_000_000)
    with pytest.raises(ImageError, match="is 10000000 x 30 pixels"):
        images.decode(bytes(data))


@pytest.mark.parametrize("chunk", [b"IDAT", b"IEND"])
def test_a_chunk_longer_than_the_file_does_not_make_opencv_ask_for_4_gb(chunk: bytes) -> None:
    data = bytearray(WHOLE["png animated"]())
    data[data.index(chunk) - 4] = 0xFF
    with pytest.raises(ImageError, match=r"^is cut off$"):
        images.decode(bytes(data))


def test_thousands_of_scans_are_refused() -> None:
    data = WHOLE["jpeg progressive"]()
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ImageError, match="more than 100 scans"):
        images.decode(data[:-2] + data[last:-2] * 1000 + data[-2:])


def test_scan_markers_behind_the_picture_do_not_count() -> None:
    data = WHOLE["jpeg progressive"]() + b"\xff\xda\0\x08" * 1000
    assert_quarters(images.decode(data))


def test_hundreds_of_compressed_texts_are_refused() -> None:
    data = WHOLE["png"]()
    text = png((b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1000))))[8:]
    assert_quarters(images.decode(data[:33] + text * 50 + data[33:]))
    with pytest.raises(ImageError, match="more than 100 compressed texts"):
        images.decode(data[:33] + text * 200 + data[33:])


def test_an_opencv_without_avif_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WHOLE["avif"]()
    monkeypatch.setattr(cv2, "haveImageWriter", lambda _: False)
    with pytest.raises(ImageError, match="which this build of OpenCV cannot read"):
        images.decode(data)


def test_an_opencv_error_never_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise cv2.error("broken")

    monkeypatch.setattr(cv2, "imdecode", fails)
    with pytest.raises(ImageError, match=r"^cannot be decoded"):
        images.decode(WHOLE["jpeg"]())


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is not a file"),
        (lambda path: None, "cannot be read: no such file or directory"),
        (lambda path: path.symlink_to(path), "cannot be read: too many levels of symbolic links"),
    ],
)
def test_what_is_no_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / "odd.jpg")
    with pytest.raises(ImageError, match=f"^{reason}$"):
        images.load(tmp_path / "odd.jpg", 96)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.touch(0o000)
    with pytest.raises(ImageError, match=r"^cannot be read: permission denied$"):
        images.load(path, 96)


@pytest.mark.parametrize("name", ["a\0b.jpg", "\ud800.jpg", "x" * 300])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match=r"^cannot be read: "):
        images.load(Path(name), 96)


def test_a_file_beyond_the_cap_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: no disk is used
    with pytest.raises(ImageError, match=r"^is 10737418240 bytes long; the limit is 536870912"):
        images.load(path, 96)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("photo.JPG", b"never opened", True),
        ("photo", encode(quarters(), "GIF"), True),
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", True),
        ("photo.avif", None, True),
        ("README.md", b"# Photos", False),
        ("sources.csv", b"file,url\n", False),
        (".DS_Store", b"\0\0\0\1Bud1", False),
        ("._photo.jpg", b"\0\5\x16\7", False),
        ("clip.mp4", b"\0\0\0\x20ftypisom\0\0\2\0", False),
        ("gone", None, False),
    ],
)
def test_a_folder_scan_sees_pictures_and_passes_by_the_rest(
    tmp_path: Path, name: str, content: bytes | None, expected: bool
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert images.looks_like_image(path) is expected


def test_a_folder_scan_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not images.looks_like_image(tmp_path / "pipe")


def gray_files(folder: Path, count: int) -> list[Path]:
    for index in range(count):
        Image.new("L", (64, 48), index).save(folder / f"{index:03}.png")
    return sorted(folder.glob("*.png"))


@pytest.mark.parametrize("workers", [1, 3, None])
def test_many_come_in_order_with_the_broken_in_their_places(
    tmp_path: Path, workers: int | None
) -> None:
    paths = gray_files(tmp_path, 60)
    for path in paths[::7]:
        path.write_bytes(b"")
    results = list(images.load_many(iter(paths), 32, workers=workers))
    assert [path for path, _ in results] == paths
    for index, (_, result) in enumerate(results):
        if index % 7:
            assert not isinstance(result, ImageError)
            assert_colour(result, (index,) * 3, tolerance=0)
        else:
            assert str(result) == "is empty"


def test_no_path_gives_no_result() -> None:
    assert list(images.load_many([], 32)) == []


def test_paths_are_taken_only_a_little_ahead(tmp_path: Path) -> None:
    (path,) = gray_files(tmp_path, 1)
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield path

    results = images.load_many(endless(), 32, workers=2)
    for _ in range(100):
        next(results)
    assert taken < 100 + 20
    results.close()


def test_closing_early_stops_the_threads(tmp_path: Path) -> None:
    results = images.load_many(gray_files(tmp_path, 40), 32, workers=3)
    next(results)
    assert any("load_many" in thread.name for thread in threading.enumerate())
    del results
    assert not any("load_many" in thread.name for thread in threading.enumerate())


def test_kept_errors_do_not_keep_the_files(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff" + bytes(2_000_000))
    tracemalloc.start()
    kept = [result for _, result in images.load_many([path] * 20, 32, workers=2)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 20
    assert size < 2_000_000


def mutations(data: bytes, rng: random.Random) -> Iterator[bytes]:
    for _ in range(4):
        yield data[: rng.randrange(len(data))]
    for reach in [len(data)] * 4 + [min(len(data), 200)] * 8:
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            at = rng.randrange(reach)
            changed[at] = rng.choice((changed[at] ^ 1 << rng.randrange(8), 0, 0xFF))
        yield bytes(changed)


@pytest.mark.parametrize("name", WHOLE)
def test_a_mutated_file_is_decoded_or_refused_and_nothing_else(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    path = tmp_path / "mutated"
    for data in mutations(WHOLE[name](), rng):
        path.write_bytes(data)
        try:
            pixels = images.load(path, 32, max_pixels=10**6)
        except ImageError as error:
            reason = str(error)
            assert reason
            assert "\n" not in reason
        else:
            assert pixels.shape == (32, 32, 3)
            assert pixels.dtype == np.uint8


def test_random_bytes_behind_any_signature_are_refused() -> None:
    rng = random.Random(1)
    for start in (b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"MM\0+", b"\0\0\0\x1cftypavif"):
        for _ in range(40):
            with pytest.raises(ImageError):
                images.decode(start + rng.randbytes(300), max_pixels=10**6)


def test_an_orientation_outside_one_to_eight_is_upright() -> None:
    exif = Image.Exif()
    exif[274] = 77
    assert image_headers.exif_orientation(exif.tobytes()) == 1
    assert image_headers.exif_orientation(b"II*\0\xff\xff\xff\xff") == 1


def test_real_photos_all_decode() -> None:
    if not PHOTOS.is_dir():
        pytest.skip(f"needs the photos in {PHOTOS}")
    paths = [path for path in sorted(PHOTOS.rglob("*")) if path.is_file()]
    refused = [
        path for path, result in images.load_many(paths, 96) if isinstance(result, Exception)
    ]
    assert len(paths) > 100
    assert refused == []
