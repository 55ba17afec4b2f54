"""The bundled drawings: drawn the same way again, small, complete, and without a black dress."""

import sys
from collections import Counter

import cv2
import numpy as np
import pytest
from support.commands import ROOT

# The tool is a script next to its package.
sys.path.insert(0, str(ROOT / "tools"))
import render_dataset as tool
from drawing.scenes import plan

DATASET, EXAMPLES = tool.ROOT / "dataset", tool.ROOT / "examples"
FOUR_MEGABYTES = 4 * 2**20


def pixels(jpeg: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.float32)


def assert_looks_the_same(one: bytes, other: bytes) -> None:
    # bytes, and some pixels by a few levels, differ between versions of OpenCV and NumPy
    a, b = pixels(one), pixels(other)
    assert a.shape == b.shape
    assert np.abs(a - b).mean() < 2


@pytest.mark.parametrize("label", ["black_dress", "blue_jeans", "red_shirt"])
def test_the_same_picture_drawn_twice_has_the_same_bytes(label: str) -> None:
    assert tool.dataset_picture(label, 5) == tool.dataset_picture(label, 5)


def test_another_seed_or_number_draws_another_picture() -> None:
    shapes = [tool.draw("blue_shirt", i, seed).tobytes() for i, seed in ((0, 1), (0, 2), (8, 1))]
    assert len(set(shapes)) == 3


@pytest.mark.parametrize("label", tool.LABELS)
def test_bundled_pictures_are_what_the_tool_draws(label: str) -> None:
    bundled = (DATASET / label / "046.jpg").read_bytes()
    assert_looks_the_same(bundled, tool.dataset_picture(label, 46))


def test_the_last_example_is_the_black_dress_the_tool_draws() -> None:
    assert tool.EXAMPLES[-1][0] == "black_dress"
    assert_looks_the_same((EXAMPLES / "example_07.jpg").read_bytes(), tool.example_picture(7))


def test_each_folder_has_at_least_60_pictures_and_all_have_at_most_4_megabytes() -> None:
    files = list(DATASET.rglob("*.jpg"))
    assert min(Counter(path.parent.name for path in files).values()) >= 60
    assert sum(path.stat().st_size for path in files) <= FOUR_MEGABYTES


def test_dataset_has_the_six_folders_and_no_black_dress() -> None:
    assert {path.name for path in DATASET.iterdir() if path.is_dir()} == set(tool.LABELS)
    assert "black_dress" not in tool.LABELS


def test_seven_examples_show_six_trained_combinations_and_then_the_black_dress() -> None:
    names = sorted(path.name for path in EXAMPLES.iterdir())
    assert names == [f"example_{number:02d}.jpg" for number in range(1, 8)]
    assert tuple(label for label, _ in tool.EXAMPLES) == (*tool.LABELS, "black_dress")
    assert min(index for _, index in tool.EXAMPLES) >= tool.PER_LABEL


def test_each_pose_meets_each_backdrop_equally_often_so_neither_gives_a_label_away() -> None:
    for label in tool.LABELS:
        plans = [plan(label, index) for index in range(tool.PER_LABEL)]
        scenes = Counter((index % 8, one.backdrop) for index, one in enumerate(plans))
        assert len(scenes) == 32
        assert set(scenes.values()) == {3}


def test_no_two_bundled_pictures_are_the_same_file() -> None:
    files = [path.read_bytes() for path in DATASET.rglob("*.jpg")]
    assert len(set(files)) == len(files)
