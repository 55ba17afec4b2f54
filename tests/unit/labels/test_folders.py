"""Labels from the names of folders, and which folders are not labels."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import read
from support.pictures.plain import write_picture

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample, labels_of_folder


def make(root: Path, *names: str) -> list[Path]:
    """Make files of different content."""
    paths = [root / name for name in names]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"photo {number} {path.name}".encode())
    return paths


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("red_dress", ("dress", "red")),
        ("red", ("red",)),
        ("long_red_silk_dress", ("dress", "long", "red", "silk")),
        ("red__red_dress_", ("dress", "red")),
        ("Größe_青", ("Größe", "青")),
        ("_none", ()),
    ],
)
def test_a_folder_name_is_its_labels(name: str, expected: tuple[str, ...]) -> None:
    assert labels_of_folder(name) == expected


def test_the_folder_that_holds_the_photo_has_its_labels_at_any_depth(tmp_path: Path) -> None:
    deep, flat, none = make(
        tmp_path, "2024/summer/red_dress/a b.JPG", "blue_shirt/b.png", "_none/c.png"
    )
    assert labels.read(tmp_path).samples == [
        Sample(deep, ("dress", "red")),
        Sample(none, ()),
        Sample(flat, ("blue", "shirt")),
    ]


def test_folders_above_the_label_folders_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "black/jeans/a.jpg", "blue/jeans/b.jpg", "blue/images/dress/c.jpg")
    assert read(tmp_path) == {"a": ("jeans",), "b": ("jeans",), "c": ("dress",)}
    assert "the folders above them are not used: black, blue" in capsys.readouterr().err


CONTAINERS = {
    "chunks": ("{label}/split_1/{n}.jpg", "{label}/split_2/{n}x.jpg"),
    "parts": ("{label}/part1/{n}.jpg", "{label}/part2/{n}x.jpg"),
    "images": ("{label}/images/{n}.jpg", "{label}/images/{n}x.jpg"),
    "images in images": ("{label}/images/img/{n}.jpg", "{label}/images/photos/{n}x.jpg"),
    "splits above": ("train/{label}/{n}.jpg", "val/{label}/{n}x.jpg"),
    "splits and images": ("training/images/{label}/{n}.jpg", "test/images/{label}/{n}x.jpg"),
    "splits below": ("{label}/train/{n}.jpg", "{label}/test/{n}x.jpg"),
    "years": ("train2017/{label}/{n}.jpg", "valid2017/{label}/{n}x.jpg"),
}


@pytest.mark.parametrize("patterns", CONTAINERS.values(), ids=CONTAINERS)
def test_folders_that_only_divide_photos_are_not_labels(
    tmp_path: Path, patterns: Sequence[str]
) -> None:
    names = [
        pattern.format(label=label, n=f"{label}{number}")
        for pattern in patterns
        for label in ("red_dress", "blue_hat")
        for number in range(3)
    ]
    make(tmp_path, *names)
    found = labels.read(tmp_path)
    assert len(found.samples) == 12
    for sample in found.samples:
        expected = ("dress", "red") if "red_dress" in sample.path.name else ("blue", "hat")
        assert sample.labels == expected
    first, second = (part.split("/")[0].strip("0123456789") for part in patterns)
    if first != second:
        splits = {
            sample.path.relative_to(tmp_path).parts[0]: sample.split for sample in found.samples
        }
        assert set(splits.values()) == {"train", "validation" if second[0] == "v" else "test"}
        assert not labels.read(tmp_path, use_split=False).has_split


def test_a_class_called_train_next_to_others_is_a_label(tmp_path: Path) -> None:
    make(tmp_path, "car/a.jpg", "bus/b.jpg", "train/c.jpg", "images/d.jpg")
    found = {sample.labels for sample in labels.read(tmp_path).samples}
    assert found == {("car",), ("bus",), ("train",), ("images",)}


COPIES = {
    "in two folders": ("black/a.jpg", "jeans/a.jpg"),
    "under other names": ("black/a.jpg", "jeans/b.jpg"),
    "in three folders": ("black/a.jpg", "jeans/a.jpg", "black/copy.jpg"),
}


@pytest.mark.parametrize("names", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("how", ["bytes", "link", "hard link"])
def test_a_photo_in_several_label_folders_has_all_their_labels(
    tmp_path: Path, names: Sequence[str], how: str
) -> None:
    first, *others = (tmp_path / name for name in names)
    make(tmp_path, names[0], "black/z.jpg", "jeans/y.jpg")
    for path in others:
        path.parent.mkdir(exist_ok=True)
        if how == "bytes":
            path.write_bytes(first.read_bytes())
        elif how == "link":
            path.symlink_to(first)
        else:
            os.link(first, path)
    found = {sample.path.name: sample.labels for sample in labels.read(tmp_path).samples}
    assert found == {"a.jpg": ("black", "jeans"), "z.jpg": ("black",), "y.jpg": ("jeans",)}


def test_copies_in_folders_of_the_same_labels_stay_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "black/a.jpg", "jeans/y.jpg")
    (tmp_path / "black" / "b.jpg").write_bytes((tmp_path / "black" / "a.jpg").read_bytes())
    assert len(labels.read(tmp_path).samples) == 3
    assert "copies of photos" not in capsys.readouterr().err


def test_files_that_are_not_images_are_skipped(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "red_dress" / "a.png")
    (tmp_path / "README.md").write_text("about the photos")
    (tmp_path / "red_dress" / "sources.csv").write_text("file,url\n")
    (tmp_path / "red_dress" / ".hidden.jpg").write_bytes(b"")
    assert [sample.path for sample in labels.read(tmp_path).samples] == [picture]


@pytest.mark.parametrize("folder", ["@eaDir", "__MACOSX", ".thumbnails", "red/@eaDir", "#recycle"])
def test_thumbnails_and_leftovers_of_archives_are_not_labels(tmp_path: Path, folder: str) -> None:
    make(tmp_path, "red/a.jpg", "blue/b.jpg", f"{folder}/x.jpg", f"{folder}/green/y.jpg")
    assert read(tmp_path) == {"a": ("red",), "b": ("blue",)}


def test_an_image_without_an_ending_is_found(tmp_path: Path) -> None:
    picture = write_picture(tmp_path / "red_dress" / "a.png").rename(tmp_path / "red_dress" / "a")
    assert [sample.path for sample in labels.read(tmp_path).samples] == [picture]


def test_a_folder_is_walked_for_photos_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be opened in it is then reported once."""
    write_picture(tmp_path / "red_dress" / "a.png")
    walked = []
    genuine = os.walk

    def walk(*arguments: Any, **options: Any) -> Any:
        walked.append(options)
        return genuine(*arguments, **options)

    monkeypatch.setattr(os, "walk", walk)
    assert len(labels.read(tmp_path).samples) == 1
    assert sum("onerror" in options for options in walked) == 1


def test_a_missing_an_empty_and_a_flat_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere: no such folder"):
        labels.read(tmp_path / "nowhere")
    (tmp_path / "set").mkdir()
    with pytest.raises(CommandError, match="no images found"):
        labels.read(tmp_path / "set")
    write_picture(tmp_path / "set" / "a.png")
    with pytest.raises(CommandError, match=r"a\.png: is not in a folder with the name of a label"):
        labels.read(tmp_path / "set")


def test_the_words_folders_and_sidecars_choose_the_source(tmp_path: Path) -> None:
    make(tmp_path, "red/a.jpg", "blue/b.jpg")
    for name in ("red/a.txt", "blue/b.txt"):
        (tmp_path / name).write_text("hat, scarf")
    assert read(tmp_path) == {"a": ("hat", "scarf"), "b": ("hat", "scarf")}
    assert read(tmp_path, Path("folders")) == {"a": ("red",), "b": ("blue",)}
    assert read(tmp_path, Path("sidecars")) == {"a": ("hat", "scarf"), "b": ("hat", "scarf")}
    (tmp_path / "red" / "a.txt").unlink()
    with pytest.raises(CommandError, match="few photos have a file of their own"):
        read(tmp_path, Path("sidecars"))


def test_a_label_file_next_to_label_folders_is_mentioned(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "red/a.jpg", "blue/b.jpg")
    (tmp_path / "labels.csv").write_text("path,labels\na.jpg,hat\nb.jpg,scarf\n")
    assert read(tmp_path) == {"a": ("red",), "b": ("blue",)}
    assert "labels.csv is not used; to take the labels from it, use --labels" in (
        capsys.readouterr().err
    )
    assert read(tmp_path, tmp_path / "labels.csv") == {"a": ("hat",), "b": ("scarf",)}
