import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.pictures.plain import write_picture

from pyimagesearch.images.find import find_images


def test_images_at_any_depth_come_sorted(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / name) for name in ("b/z.png", "a/c/x.png", "a/b.png")]
    assert find_images(tmp_path) == sorted(paths)


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    write_picture(tmp_path / "red" / ".ipynb_checkpoints" / "a.png")
    write_picture(tmp_path / "red" / ".b.png")
    shown = write_picture(tmp_path / "red" / "c.png")
    assert find_images(tmp_path) == [shown]


def test_a_hidden_root_is_the_users_wish(tmp_path: Path) -> None:
    shown = write_picture(tmp_path / ".photos" / "c.png")
    assert find_images(tmp_path / ".photos") == [shown]


def test_links_to_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    write_picture(tmp_path / "elsewhere" / "a.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "red_dress").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(root)
    assert find_images(root) == [root / "red_dress" / "a.png"]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_links_to_a_folder_the_first_by_name_counts_however_folders_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_reversed: bool
) -> None:
    write_picture(tmp_path / "elsewhere" / "a.png")
    write_picture(tmp_path / "elsewhere" / "more" / "b.png")
    root = tmp_path / "root"
    root.mkdir()
    for name in ("red_dress", "blue_dress", "red_shirt"):
        (root / name).symlink_to(tmp_path / "elsewhere")
    walk = os.walk

    def walk_in_order(
        *arguments: Any, **options: Any
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        for folder, subfolders, names in walk(*arguments, **options):
            subfolders.sort(reverse=is_reversed)
            yield folder, subfolders, sorted(names, reverse=is_reversed)

    monkeypatch.setattr(os, "walk", walk_in_order)
    assert find_images(root) == [
        root / "blue_dress" / "a.png",
        root / "blue_dress" / "more" / "b.png",
    ]


def test_a_folder_named_like_an_image_is_no_image(tmp_path: Path) -> None:
    inside = write_picture(tmp_path / "holiday.jpg" / "a.png")
    assert find_images(tmp_path) == [inside]
