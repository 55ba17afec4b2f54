import os
from pathlib import Path
from typing import Any

import pytest
from support.pictures.plain import write_picture

from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample, check_labels, labels_of_folder, read


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("red_dress", ("dress", "red")),
        ("red", ("red",)),
        ("long_red_silk_dress", ("dress", "long", "red", "silk")),
        ("red__red_dress_", ("dress", "red")),
        ("Größe_青", ("Größe", "青")),
        ("_none", ()),
    ],
)
def test_a_folder_name_is_its_labels(name: str, labels: tuple[str, ...]) -> None:
    assert labels_of_folder(name) == labels


def test_the_folder_that_holds_the_image_counts_at_any_depth(tmp_path: Path) -> None:
    deep = write_picture(tmp_path / "2024" / "summer" / "red_dress" / "a b.JPG")
    flat = write_picture(tmp_path / "blue_shirt" / "b.png")
    none = write_picture(tmp_path / "_none" / "c.png")
    assert read(tmp_path) == [
        Sample(deep, ("dress", "red")),
        Sample(none, ()),
        Sample(flat, ("blue", "shirt")),
    ]


def test_files_that_are_no_images_are_passed_over(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "red_dress" / "a.png")
    (tmp_path / "README.md").write_text("about the photos")
    (tmp_path / "red_dress" / "sources.csv").write_text("file,url\n")
    (tmp_path / "red_dress" / ".hidden.jpg").write_bytes(b"")
    assert [sample.path for sample in read(tmp_path)] == [picture]


def test_an_image_without_an_ending_is_found(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "red_dress" / "a.png").rename(tmp_path / "red_dress" / "a")
    assert [sample.path for sample in read(tmp_path)] == [picture]


def test_a_folder_is_walked_once_so_that_what_is_wrong_there_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_picture(tmp_path / "red_dress" / "a.png")
    walked = []
    genuine = os.walk

    def walk(*arguments: Any, **options: Any) -> Any:
        walked.append(arguments)
        return genuine(*arguments, **options)

    monkeypatch.setattr(os, "walk", walk)
    assert len(read(tmp_path)) == 1
    assert len(walked) == 1


def test_a_missing_an_empty_and_a_flat_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere: no such folder"):
        read(tmp_path / "nowhere")
    with pytest.raises(CommandError, match="no images found"):
        read(tmp_path)
    write_picture(tmp_path / "a.png")
    with pytest.raises(CommandError, match=r"a\.png: an image outside any label folder"):
        read(tmp_path)


def test_one_label_alone_is_refused() -> None:
    with pytest.raises(CommandError, match="only the label 'red'"):
        check_labels([Sample(Path("a"), ("red",)), Sample(Path("b"), ())])
    with pytest.raises(CommandError, match="no label at all"):
        check_labels([Sample(Path("a"), ())])
    check_labels([Sample(Path("a"), ("dress", "red"))])


def test_a_label_that_is_no_text_is_named() -> None:
    with pytest.raises(CommandError, match=r"the label 'red\\udcff' is no UTF-8 or over 1000"):
        check_labels([Sample(Path("a"), ("dress", "red\udcff"))])
