import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.web.local_web import encoded, photo, pixels

from pyimagesearch.gather.identify import (
    digest_of,
    from_fingerprint,
    inspect,
    inspect_file,
    lookalike,
)
from pyimagesearch.images.decoder import ImageError


@pytest.mark.parametrize(
    "ending", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tif"], ids=lambda ending: ending[1:]
)
def test_the_ending_comes_from_the_content(ending: str) -> None:
    data = encoded(pixels(1, 80), ending)
    picture = inspect(data)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert (picture.ending, picture.pixels) == (ending, 80 * 80)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (b"GIF89a\xff\xff\xff\xff", "megapixels"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "cut off"),
        (encoded(np.zeros((1, 1, 3), np.uint8), ".png"), "smaller"),
    ],
)
def test_what_is_not_a_photo_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        inspect(data)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".gif"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_a_truncated_picture_is_refused(ending: str, part: float) -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = encoded(noisy, ending)
    with pytest.raises(ImageError):
        inspect(data[: int(len(data) * part)])


def test_a_fingerprint_is_read_back_and_anything_else_is_none() -> None:
    picture = inspect(photo(1, 80))
    again = from_fingerprint(picture.sha256, picture.fingerprint())
    assert again is not None
    assert (again.sha256, again.pixels) == (picture.sha256, 80 * 80)
    assert lookalike(again, [picture]) == picture
    for text in ("", "x", picture.fingerprint()[1:], picture.fingerprint() + "-1"):
        assert from_fingerprint("ab", text) is None


def test_a_smaller_copy_is_a_lookalike_and_another_photo_is_not() -> None:
    known = [inspect(photo(seed, 200)) for seed in range(20)]
    assert lookalike(inspect(photo(0)), []) is None
    for seed in range(20):
        assert lookalike(inspect(encoded(pixels(seed, 120), quality=60)), known) == known[seed]
    assert lookalike(inspect(photo(99)), known) is None


def test_a_dress_in_another_colour_is_another_photo() -> None:
    red = np.full((120, 90, 3), 255, np.uint8)
    cv2.ellipse(red, (45, 60), (20, 45), 0, 0, 360, (30, 30, 220), -1)
    blue = np.ascontiguousarray(red[..., ::-1])
    assert lookalike(inspect(encoded(blue)), [inspect(encoded(red))]) is None


def test_files_are_inspected_like_bytes(tmp_path: Path) -> None:
    (tmp_path / "whole.jpg").write_bytes(photo(1))
    (tmp_path / "half.jpg").write_bytes(photo(1)[:900])
    assert inspect_file(tmp_path / "whole.jpg") == inspect(photo(1))
    assert digest_of(tmp_path / "whole.jpg") == inspect(photo(1)).sha256
    assert inspect_file(tmp_path / "half.jpg") is None
