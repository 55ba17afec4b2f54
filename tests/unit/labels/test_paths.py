"""A row finds its photo however the path is written."""

import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from support.labels import TRUTH, coco, read, touch, write_json, write_lists, write_rows

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample
from pyimagesearch.labels.paths import PathResolver

# A name for the case -> where the photos are, and how the label file writes their paths.
FOUND = {
    "as it is": ("{stem}.png", "{stem}.png"),
    "in a folder": ("pics/{stem}.png", "pics/{stem}.png"),
    "in another way": ("pics/{stem}.png", "./pics/../pics//{stem}.png"),
    "without ending": ("{stem}.png", "{stem}"),
    "without ending, in a folder": ("train-jpg/{stem}.jpeg", "train-jpg/{stem}"),
    "without ending, name with dots": ("{stem}.v2.png", "{stem}.v2"),
    "without ending, below": ("x/y/{stem}.webp", "{stem}"),
    "second ending": ("{stem}.jpg.png", "{stem}.jpg"),
    "backslashes": ("pics/0/{stem}.png", "pics\\0\\{stem}.png"),
    "mixed separators": ("pics/0/{stem}.png", ".\\pics/0\\{stem}.png"),
    "Windows, absolute": ("pics/{stem}.png", "C:\\Users\\me\\set\\pics\\{stem}.png"),
    "Windows, network": ("pics/{stem}.png", "\\\\nas\\share\\pics\\{stem}.png"),
    "Windows, up": ("images/{stem}.png", "..\\..\\media\\upload\\4\\{stem}.png"),
    "Linux, absolute": ("pics/{stem}.png", "/home/me/set/pics/{stem}.png"),
    "macOS, absolute": ("{stem}.png", "/Users/me/Pictures/set/{stem}.png"),
    "bare name": ("images_001/images/{stem}.png", "{stem}.png"),
    "shorter than on the disk": ("a/b/c/{stem}.png", "c/{stem}.png"),
    "other case": ("{stem}.PNG", "{stem}.png"),
    "other case of name": ("{stem}.IMG_.png", "{stem}.img_.PNG"),
    "other case of folder": ("Photos/{stem}.png", "photos/{stem}.png"),
    "URL": ("{stem}.png", "https://example.org/p/{stem}.png"),
    "URL with a query": ("{stem}.png", "https://example.org/p/{stem}.png?size=large&x=1"),
    "URL with spaces": ("a b/{stem}.png", "https://example.org/a%20b/{stem}.png"),
    "URL with a name in the query": ("{stem}.png", "https://example.org/get?file={stem}.png"),
    "cloud storage": ("pics/{stem}.png", "gs://bucket/pics/{stem}.png"),
    "cloud storage of Amazon": ("{stem}.png", "s3://bucket/set/{stem}.png"),
    "file URL": ("pics/{stem}.png", "file:///C:/set/pics/{stem}.png"),
    "upload of Label Studio": ("{stem}.png", "/data/upload/3/0a1b2c3d-{stem}.png"),
    "exported file of Label Studio": ("{stem}.png", "images/0a1b2c3d__{stem}.png"),
    "local file of Label Studio": ("set/{stem}.png", "/data/local-files/?d=set/{stem}.png"),
    "local file of Label Studio on Windows": ("{stem}.png", "/data/local-files/?d=set\\{stem}.png"),
    "in quotes": ("{stem}.png", "'{stem}.png'"),
    "with space around": ("{stem}.png", "  {stem}.png "),
}


@pytest.mark.parametrize(("there", "written"), FOUND.values(), ids=FOUND.keys())
def test_csv_coco_and_json_find_the_photos(tmp_path: Path, there: str, written: str) -> None:
    touch(tmp_path, there)
    assert read(write_lists(tmp_path / "l.csv", name=written)) == TRUTH
    assert read(write_json(tmp_path / "c.json", coco(written))) == TRUTH
    by_name = {written.format(stem=stem): list(found) for stem, found in TRUTH.items()}
    assert read(write_json(tmp_path / "n.json", by_name)) == TRUTH


def test_another_unicode_form_is_the_same_name(tmp_path: Path) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Größe é.png") for form in ("NFC", "NFD"))
    assert composed != decomposed
    (tmp_path / decomposed).touch()
    rows = [("path", "labels"), (composed, "red|dress")]
    assert len(labels.read(write_rows(tmp_path / "l.csv", rows)).samples) == 1


def layouts(root: Path) -> dict[str, tuple[Path, Path | None]]:
    """Return where the photos of touch(root, "set/pics/x.png") may be said to be."""
    return {
        "the folder of the photos": (root / "set" / "pics", root / "elsewhere" / "l.csv"),
        "a folder above": (root / "set", root / "elsewhere" / "l.csv"),
        "the folder of the label file": (root / "set" / "l.csv", None),
        "a folder next to that of the label file": (root / "set" / "annotations" / "l.csv", None),
    }


@pytest.mark.parametrize("layout", layouts(Path()))
@pytest.mark.parametrize("written", ["{stem}.png", "{stem}", "pics/{stem}.png", "x/{stem}.png"])
def test_photos_are_looked_for_below_the_dataset_and_around_the_label_file(
    tmp_path: Path, layout: str, written: str
) -> None:
    touch(tmp_path, "set/pics/{stem}.png")
    dataset, source = layouts(tmp_path)[layout]
    write_lists(source or dataset, name=written)
    assert read(dataset, source) == TRUTH


def test_paths_may_start_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("img/a.jpg", "a.jpg", "b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    rows = [("path", "labels"), ("a.jpg", "x"), ("b.jpg", "y"), (tmp_path / "a.jpg", "z")]
    source = write_rows(tmp_path / "elsewhere" / "l.csv", rows)
    monkeypatch.chdir(tmp_path)
    assert labels.read(Path("img"), source).samples == [
        Sample(Path("img/a.jpg"), ("x",)),
        Sample(Path("b.jpg"), ("y",)),
        Sample(tmp_path / "a.jpg", ("z",)),
    ]


UNCLEAR = {
    "two endings": (("a.jpg", "a.png"), "a", "could be", "a.jpg"),
    "two folders": (("x/a.jpg", "y/a.jpg"), "a.jpg", "could be", "x/a.jpg"),
    "two folders that end alike": (("x/p/a.jpg", "y/p/a.jpg"), "C:\\p\\a.jpg", "could be", "y/p/a"),
    "two cases": (("A.jpg", "a.JPG"), "a.jpg", "could be", "A.jpg"),
    "another ending": (("a.png",), "a.jpg", "no such file; there is", "a.png"),
    "a slip of the pen": (("IMG_2041.jpg",), "IMG_2014.jpg", "no such file; there is", "IMG_2041"),
    "nothing like it": (("a.png",), "zzzzzz.jpg", "'zzzzzz.jpg': no such file", ""),
    "a folder": (("photos/a.jpg",), "photos", "is a folder, not a photo", ""),
    "nothing": (("a.jpg",), "", "has no path", ""),
    "a picture in the file": (
        ("a.jpg",),
        "data:image/png;base64,AAAA",
        "inside the label file",
        "",
    ),
    "zero bytes": (("a.jpg",), "a\0.jpg", "is not a path", ""),
    "no end": (("a.jpg",), "a" * 5000, "is not a path", ""),
}


@pytest.mark.parametrize(("there", "written", "reason", "nearest"), UNCLEAR.values(), ids=UNCLEAR)
def test_a_path_of_no_photo_or_of_two_is_explained(
    tmp_path: Path, there: tuple[str, ...], written: str, reason: str, nearest: str
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    resolver = PathResolver([tmp_path])
    assert resolver.find(written).photo is None
    assert reason in resolver.explain(written)
    assert nearest in resolver.explain(written)


def test_a_row_without_a_photo_is_reported_by_its_line_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    touch(tmp_path)
    path = write_lists(tmp_path / "l.csv")
    path.write_text(path.read_text() + "n0l.png,plum\n")
    assert read(path) == TRUTH
    talk = capsys.readouterr().err
    assert "l.csv, line 14: 'n0l.png': no such file; there is" in talk
    assert "l.csv: 1 of 13 lines skipped" in talk


def test_the_exact_path_wins_over_others_that_end_alike(tmp_path: Path) -> None:
    for name in ("a.jpg", "x/a.jpg", "x/b.jpg", "B.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    resolver = PathResolver([tmp_path])
    assert resolver.find("a.jpg").photo == str(tmp_path / "a.jpg")
    assert resolver.find("a").photo == str(tmp_path / "a.jpg")
    assert resolver.find("x\\a.jpg").photo == str(tmp_path / "x" / "a.jpg")
    assert resolver.find("b.JPG").photo == str(tmp_path / "B.jpg")


def test_a_missing_folder_does_not_hand_its_rows_to_another_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(4):
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / f"{number}.jpg").touch()
    rows = [(f"{folder}/{n}.jpg", label) for folder, label in ("ax", "by") for n in range(4)]
    path = write_rows(tmp_path / "l.csv", [("path", "labels"), *rows])
    read_back = labels.read(path, max_unreadable=0.9).samples
    assert {sample.labels for sample in read_back} == {("x",)}
    assert "'b/0.jpg': no such file" in capsys.readouterr().err


def test_two_computers_paths_that_end_alike_are_both_skipped(tmp_path: Path) -> None:
    for name in ("0.jpg", "1.jpg"):
        (tmp_path / name).touch()
    rows = [("path", "labels"), ("C:\\a\\0.jpg", "x"), ("C:\\b\\0.jpg", "y"), ("C:\\a\\1.jpg", "x")]
    read_back = labels.read(write_rows(tmp_path / "l.csv", rows), max_unreadable=0.9).samples
    assert [sample.path.name for sample in read_back] == ["1.jpg"]


def test_photos_of_another_set_nearby_are_not_taken(tmp_path: Path) -> None:
    touch(tmp_path / "mine")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "extra.png").touch()
    path = write_lists(tmp_path / "mine" / "l.csv")
    path.write_text(path.read_text() + "extra.png,plum\n")
    assert read(path) == TRUTH


@pytest.mark.parametrize("folder", ["@eaDir", "__MACOSX", ".thumbnails", ".hidden", "#recycle"])
def test_thumbnails_and_leftovers_of_archives_are_not_photos(tmp_path: Path, folder: str) -> None:
    touch(tmp_path, "pics/{stem}.png")
    touch(tmp_path, f"pics/{folder}/{{stem}}.png")
    assert read(write_lists(tmp_path / "l.csv")) == TRUTH


def test_many_paths_are_few_questions_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts the calls that reach the disk: they must not grow with the rows."""
    touch(tmp_path, "pics/{stem}.png")

    def count(rows: int) -> int:
        calls = 0

        def counted(genuine: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **options: object) -> object:
                nonlocal calls
                calls += 1
                return genuine(*arguments, **options)

            return call

        resolver = PathResolver([tmp_path])
        with monkeypatch.context() as patch:
            for name in ("stat", "lstat", "scandir", "listdir", "open"):
                patch.setattr(os, name, counted(getattr(os, name)))
            for number in range(rows):
                resolver.find(f"missing{number}.png")
                resolver.find(f"C:\\x\\n{number % 12:02d}.png")
                resolver.find(f"n{number % 12:02d}")
        return calls

    assert count(1000) == count(10)


def test_a_name_that_is_not_utf8_keeps_its_bytes(tmp_path: Path) -> None:
    photo = tmp_path / "\udcff.jpg"
    photo.touch()
    labels.write_csv([Sample(photo, ("red",))], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == b"path,labels\n\xff.jpg,red\n"
    assert labels.read(tmp_path / "out.csv").samples == [Sample(photo, ("red",))]


def test_a_missing_dataset_or_label_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.csv: no such file"):
        labels.read(tmp_path, tmp_path / "gone.csv")
    with pytest.raises(CommandError, match="nowhere: no such folder or file"):
        labels.read(tmp_path / "nowhere")
    (tmp_path / "x.xlsx").write_bytes(b"PK\3\4")
    with pytest.raises(CommandError, match=r"x\.xlsx: labels are read from \.csv"):
        labels.read(tmp_path, tmp_path / "x.xlsx")
