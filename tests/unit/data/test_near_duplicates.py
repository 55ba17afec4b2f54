"""Copies of a photo are near-duplicates, and other photos are not."""

import tracemalloc

import cv2
import numpy as np
import pytest
from support.web.local_web import encoded, pixels

from pyimagesearch.data.near_duplicates import (
    NEAR,
    components,
    distances,
    find_groups,
    look_alike,
    mean_colour,
    perceptual_hash,
    same_colour,
)

PICTURES = [pixels(seed, 200) for seed in range(60)]


def distance(first: int, second: int) -> int:
    return (first ^ second).bit_count()


def decoded(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


@pytest.mark.parametrize("side", [96, 150, 400])
@pytest.mark.parametrize("quality", [70, 95])
def test_a_resized_and_recompressed_copy_stays_near(side: int, quality: int) -> None:
    near = 0
    for picture in PICTURES:
        smaller = np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))
        copy = decoded(encoded(smaller.astype(np.uint8), quality=quality))
        near += distance(perceptual_hash(picture), perceptual_hash(copy)) <= NEAR
        assert same_colour(mean_colour(picture), mean_colour(copy))
    assert near >= 0.95 * len(PICTURES)  # 97 to 99 % of photos from the web do


def test_different_pictures_are_far_apart() -> None:
    hashes = [perceptual_hash(picture) for picture in PICTURES]
    others = [distance(one, two) for place, one in enumerate(hashes) for two in hashes[:place]]
    assert min(others) > NEAR


def test_the_same_shape_in_another_colour_has_the_hash_but_not_the_colour() -> None:
    red = np.full((120, 90, 3), 255, np.uint8)
    red[20:100, 30:60] = (220, 30, 30)
    blue = np.ascontiguousarray(red[..., ::-1])
    assert distance(perceptual_hash(red), perceptual_hash(blue)) <= NEAR
    assert not same_colour(mean_colour(red), mean_colour(blue))


def test_a_hash_has_64_bits_and_is_the_same_every_time() -> None:
    for picture in PICTURES:
        value = perceptual_hash(picture)
        assert 0 <= value < 2**64
        assert perceptual_hash(picture.copy()) == value


def test_distances_are_the_numbers_of_different_bits() -> None:
    hashes = [0, 2**64 - 1, *(perceptual_hash(picture) for picture in PICTURES)]
    for one in hashes[:5]:
        many = distances(one, hashes)
        assert many.dtype == np.uint8
        assert many.tolist() == [distance(one, other) for other in hashes]
        assert distances(one, np.array(hashes, np.uint64)).tolist() == many.tolist()
    assert distances(5, []).shape == (0,)


def test_copies_are_in_one_group_and_a_copy_in_another_colour_is_not() -> None:
    small = [np.asarray(cv2.resize(p, (64, 64), interpolation=cv2.INTER_AREA)) for p in PICTURES]
    copy = decoded(encoded(small[3].astype(np.uint8), quality=80))
    other_colour = np.clip(small[3] + np.array([60, 0, 0]), 0, 255)
    found = find_groups(np.stack([*small, copy, other_colour]).astype(np.uint8))
    assert found[3] == found[60]
    assert found[61] != found[3]
    assert len(set(found.tolist())) == 61


def test_a_copy_of_a_copy_is_in_the_group_even_if_it_is_far_from_the_first() -> None:
    side = np.arange(64)
    steps = [
        np.broadcast_to(100 + 80 * np.sin((side + shift) / 7)[:, None, None], (64, 64, 3))
        for shift in range(0, 24, 2)
    ]
    pictures = np.stack(steps).astype(np.uint8)
    first, last = perceptual_hash(pictures[0]), perceptual_hash(pictures[-1])
    assert distance(first, last) > NEAR
    found = find_groups(pictures)
    assert found[0] == found[-1]


def test_groups_found_by_bands_are_those_found_by_comparing_all_pictures() -> None:
    random = np.random.default_rng(0)
    originals = random.integers(0, 2**64, 40, np.uint64)
    flips = np.uint64(1) << random.integers(0, 64, (40, 20, 6), np.uint64)
    # Up to six bits away, which is beyond NEAR.
    flips[np.arange(6) >= random.integers(0, 7, (40, 20, 1))] = 0
    hashes = (originals[:, None] ^ np.bitwise_xor.reduce(flips, axis=2)).ravel()
    colours = random.choice([0.0, 10.0, 100.0], (800, 3))
    component = components(hashes, colours)
    expected = np.arange(800)
    for index, one in enumerate(zip(hashes.tolist(), colours, strict=True)):
        alike = expected[look_alike(one, hashes, colours)]
        expected[np.isin(expected, alike)] = expected[index]
    assert 100 < len(set(expected.tolist())) < 700
    together = expected[:, None] == expected
    assert np.array_equal(component[:, None] == component, together)


def test_memory_for_many_frames_of_one_film_does_not_grow_with_their_pairs() -> None:
    random = np.random.default_rng(0)
    frames = np.uint64(1) << random.integers(0, 64, 2_500, np.uint64)
    tracemalloc.start()
    component = components(frames, np.zeros((2_500, 3)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not component.any()
    assert peak < 20 * 2**20


def test_no_pictures_make_no_groups() -> None:
    assert find_groups(np.empty((0, 8, 8, 3), np.uint8)).shape == (0,)
