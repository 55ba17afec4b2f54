import hashlib
import re

import cv2
import numpy as np
import pytest
from support.web.local_web import encoded, photo, pixels

from pyimagesearch.gather.identify import Known, inspect
from pyimagesearch.images.decoder import ImageError


@pytest.mark.parametrize(
    "ending", [".jpg", ".png", ".webp", ".bmp", ".gif", ".tif"], ids=lambda ending: ending[1:]
)
def test_the_ending_comes_from_the_content_and_the_name_from_the_sha256(ending: str) -> None:
    data = encoded(pixels(1), ending)
    picture = inspect(data)
    assert picture.sha256 == hashlib.sha256(data).hexdigest()
    assert picture.name == picture.sha256[:32] + ending
    assert re.fullmatch(r"[0-9a-f]{32}\.[a-z]{3,4}", picture.name)


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
def test_what_is_no_photo_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        inspect(data)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".gif"])
@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_truncated_picture_is_refused(ending: str, share: float) -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    data = encoded(noisy, ending)
    with pytest.raises(ImageError):
        inspect(data[: int(len(data) * share)])


def test_the_same_bytes_are_found_again() -> None:
    known = Known()
    assert known.same(inspect(photo(1))) is None
    known.add(inspect(photo(1)))
    assert known.same(inspect(photo(1))) == inspect(photo(1))
    assert known.same(inspect(photo(2))) is None


def test_a_smaller_copy_is_like_it_and_another_photo_is_not() -> None:
    known = Known()
    assert known.like(inspect(photo(0))) is None
    for seed in range(20):
        known.add(inspect(photo(seed, 200)))
    for seed in range(20):
        like = known.like(inspect(encoded(pixels(seed, 120), quality=60)))
        assert like is not None
        assert like.sha256 == inspect(photo(seed, 200)).sha256
    assert known.like(inspect(photo(99))) is None


def test_a_dress_in_another_colour_is_another_photo() -> None:
    red = np.full((120, 90, 3), 255, np.uint8)
    cv2.ellipse(red, (45, 60), (20, 45), 0, 0, 360, (30, 30, 220), -1)
    blue = np.ascontiguousarray(red[..., ::-1])
    known = Known()
    known.add(inspect(encoded(red)))
    assert known.like(inspect(encoded(blue))) is None
