"""What is damaged, cut off, absurd or not a picture is refused in plain words, at little cost."""

import itertools
import random
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest
from support.pictures.files import (
    CLAIMING,
    WHOLE,
    assert_quarters,
    claim,
    encode,
    encode_deep,
    giant_jpeg,
    noisy,
    png,
    quarters,
    tiff,
)

from pyimagesearch.images import decoder
from pyimagesearch.images.decoder import ImageError


def test_a_missing_end_marker_is_forgiven() -> None:
    for progressive, missing in itertools.product((False, True), (1, 2)):
        data = encode(noisy(), "JPEG", progressive=progressive)
        assert np.array_equal(decoder.decode(data[:-missing]), decoder.decode(data))
        assert np.array_equal(decoder.decode(data[:-missing], 20), decoder.decode(data, 20))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("side", [0, 10])
def test_a_truncated_jpeg_is_cut_off(progressive: bool, share: float, side: int) -> None:
    data = encode(noisy(), "JPEG", quality=90, progressive=progressive)
    with pytest.raises(ImageError, match=r"^is cut off$"):
        decoder.decode(data[: int(len(data) * share)], side)


# Half of a file of several TIFF pages may hold the whole first page.
@pytest.mark.parametrize("name", [name for name in WHOLE if name != "tiff pages"])
def test_half_a_file_is_refused(name: str) -> None:
    data = WHOLE[name]()
    with pytest.raises(ImageError, match=r"cut off|no size"):
        decoder.decode(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"# A readme\n", "is not an image"),
        (b"BM sells cars, and this is not a bitmap.", "is not an image"),
        (b"\xff\xd8\xff", "is cut off"),
        (b"\xff\xd8\xff\xd9", "is not an image: its JPEG header states no size"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is not an image: its HEIC header states no size"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "is JPEG XL, a format that is not read; convert it"),
        (b"P6 4 4 255 ", "is PNM, a format that is not read; convert it"),
        (giant_jpeg(), r"is 30000 x 30000 pixels; the limit is 100000000 \(--max-pixels\)"),
    ],
)
def test_the_reason_is_given_in_plain_words(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=f"^{reason}"):
        decoder.decode(data)


def test_values_of_32_bits_are_refused_because_they_have_no_white() -> None:
    with pytest.raises(ImageError, match=r"^has 32-bit values; only 8-bit and 16-bit"):
        decoder.decode(encode_deep(".tif", np.zeros((30, 40, 3), np.float32)))


@pytest.mark.parametrize("name", CLAIMING)
def test_a_giant_picture_is_refused_before_anything_is_decoded(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        pytest.fail("the decoder was asked")

    monkeypatch.setattr(cv2, "imdecode", decoded)
    monkeypatch.setattr(cv2, "imdecodeWithMetadata", decoded)
    with pytest.raises(ImageError, match=r"^is 12000 x 9000 pixels; the limit is 100000000 "):
        decoder.decode(claim(name, 12000, 9000))


@pytest.mark.parametrize("name", CLAIMING)
@pytest.mark.parametrize("size", [(10, 10), (3000, 2000)])
def test_a_header_that_lies_about_the_size_does_no_harm(name: str, size: tuple[int, int]) -> None:
    try:
        pixels = decoder.decode(claim(name, *size))
    except ImageError:
        return
    assert pixels.shape == (size[1], size[0], 3)


def test_the_limit_counts_pixels_and_includes_itself() -> None:
    data = encode(quarters(80, 60), "PNG")
    assert decoder.decode(data, max_pixels=4800).shape == (60, 80, 3)
    with pytest.raises(ImageError, match="the limit is 4799"):
        decoder.decode(data, max_pixels=4799)


def test_a_tile_counts_as_much_as_the_picture() -> None:
    data = bytearray(tiff(np.zeros((30, 40, 3), np.uint8), photometric=2))
    at = data.index(struct.pack("<HHII", 278, 4, 1, 30))
    struct.pack_into("<HHII", data, at, 322, 4, 1, 10_000_000)
    with pytest.raises(ImageError, match="is 10000000 x 30 pixels"):
        decoder.decode(bytes(data))


@pytest.mark.parametrize("chunk", [b"IDAT", b"IEND"])
def test_a_chunk_longer_than_the_file_does_not_make_opencv_ask_for_4_gb(chunk: bytes) -> None:
    data = bytearray(WHOLE["png animated"]())
    data[data.index(chunk) - 4] = 0xFF
    with pytest.raises(ImageError, match=r"^is cut off$"):
        decoder.decode(bytes(data))


def test_thousands_of_scans_are_refused() -> None:
    data = WHOLE["jpeg progressive"]()
    last = data.rindex(b"\xff\xda")
    with pytest.raises(ImageError, match="more than 100 scans"):
        decoder.decode(data[:-2] + data[last:-2] * 1000 + data[-2:])


def test_scan_markers_after_the_picture_do_not_count() -> None:
    data = WHOLE["jpeg progressive"]() + b"\xff\xda\0\x08" * 1000
    assert_quarters(decoder.decode(data))


def test_hundreds_of_compressed_texts_are_refused() -> None:
    data = WHOLE["png"]()
    text = png((b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1000))))[8:]
    assert_quarters(decoder.decode(data[:33] + text * 50 + data[33:]))
    with pytest.raises(ImageError, match="more than 100 compressed texts"):
        decoder.decode(data[:33] + text * 200 + data[33:])


def test_an_opencv_without_avif_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WHOLE["avif"]()
    monkeypatch.setattr(cv2, "haveImageWriter", lambda _: False)
    with pytest.raises(ImageError, match="which this build of OpenCV cannot read"):
        decoder.decode(data)


def test_a_missing_pillow_heif_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    data = WHOLE["heic"]()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="needs the package pillow-heif"):
        decoder.decode(data)


def test_a_heic_with_missing_tiles_is_cut_off_instead_of_black() -> None:
    data = WHOLE["heic tiles"]()
    with pytest.raises(ImageError, match=r"^is cut off$"):
        decoder.decode(data[:-20])
    assert_quarters(decoder.decode(data + b"\0" * 30))  # what some phones append does no harm


def test_an_opencv_error_never_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise cv2.error("broken")

    monkeypatch.setattr(cv2, "imdecode", fails)
    with pytest.raises(ImageError, match=r"^cannot be decoded"):
        decoder.decode(WHOLE["jpeg"]())


def test_random_bytes_behind_any_signature_are_refused() -> None:
    rng = random.Random(1)
    for start in (b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"MM\0+", b"\0\0\0\x1cftypavif"):
        for _ in range(40):
            with pytest.raises(ImageError):
                decoder.decode(start + rng.randbytes(300), max_pixels=10**6)
