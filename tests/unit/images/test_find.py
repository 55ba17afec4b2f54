"""Which images are found in folders and arguments."""

import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.pictures.plain import write_picture

from pyimagesearch.console import CommandError
from pyimagesearch.images.find import expand_paths, find_images


def test_images_at_any_depth_come_sorted(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / name) for name in ("b/z.png", "a/c/x.png", "a/b.png")]
    assert find_images(tmp_path) == sorted(paths)


@pytest.mark.parametrize(
    "folder",
    [
        *(".thumbnails", ".ipynb_checkpoints", "@eaDir", "@EADIR", "#recycle", "__MACOSX"),
        *("System Volume Information", "$RECYCLE.BIN", "lost+found"),
    ],
)
def test_hidden_files_and_system_folders_are_skipped(tmp_path: Path, folder: str) -> None:
    write_picture(tmp_path / "red" / folder / "a.png")
    write_picture(tmp_path / folder / "deeper" / "a.png")
    write_picture(tmp_path / "red" / ".b.png")
    shown = write_picture(tmp_path / "red" / "c.png")
    assert find_images(tmp_path) == [shown]


@pytest.mark.parametrize("folder", [".photos", "@eaDir"])
def test_a_hidden_folder_that_is_asked_for_is_searched(tmp_path: Path, folder: str) -> None:
    shown = write_picture(tmp_path / folder / "c.png")
    assert find_images(tmp_path / folder) == [shown]


def test_the_search_ends_after_the_most_folders_asked_for(tmp_path: Path) -> None:
    paths = [write_picture(tmp_path / name / "a.png") for name in ("b", "c", "d")]
    assert find_images(tmp_path, max_folders=3) == paths[:2]  # the root is one of them


def test_links_to_folders_are_followed_and_loops_end(tmp_path: Path) -> None:
    write_picture(tmp_path / "elsewhere" / "a.png")
    root = tmp_path / "root"
    root.mkdir()
    (root / "red_dress").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(root)
    assert find_images(root) == [root / "red_dress" / "a.png"]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_two_links_to_a_folder_the_first_by_name_is_used_however_folders_are_listed(
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


def test_a_folder_named_like_an_image_is_not_an_image(tmp_path: Path) -> None:
    inside = write_picture(tmp_path / "holiday.jpg" / "a.png")
    assert find_images(tmp_path) == [inside]


def test_patterns_are_expanded_as_the_windows_shells_do_not(tmp_path: Path) -> None:
    paths = [str(write_picture(tmp_path / name)) for name in ("b.png", "a.png", "red/c.png")]
    assert list(expand_paths([f"{tmp_path}/*.png"])) == [paths[1], paths[0]]
    assert list(expand_paths([f"{tmp_path}/*/?.png", paths[0]])) == [paths[2], paths[0]]


def test_a_pattern_without_matches_is_yielded_as_it_is(tmp_path: Path) -> None:
    assert list(expand_paths([f"{tmp_path}/*.png"])) == [f"{tmp_path}/*.png"]


def test_a_file_named_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    paths = [str(write_picture(tmp_path / name)) for name in ("a[1].png", "a1.png")]
    assert list(expand_paths(paths)) == paths


def test_a_url_is_refused_before_anything_else_is_yielded(tmp_path: Path) -> None:
    image = str(write_picture(tmp_path / "a.png"))
    url = "https://example.org/p/red.jpg?size=2"
    with pytest.raises(CommandError, match=rf"^{re.escape(url)}: is a URL; download the photo"):
        next(expand_paths([image, url]))


def test_standard_input_holds_one_path_per_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_picture(tmp_path / "red" / "c.png")
    lines = f"{image}\r\n\n{image.parent}\nhttps://example.org/a.jpg\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    assert list(expand_paths(["-"])) == [str(image), str(image), "https://example.org/a.jpg"]
