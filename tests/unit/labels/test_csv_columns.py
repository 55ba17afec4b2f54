"""Which columns of a CSV hold the paths, the labels and the split."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.labels import (
    ALL,
    COLOURS,
    THINGS,
    TRUTH,
    read,
    touch,
    write_lists,
    write_marks,
    write_rows,
)

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "set")  # what lies above may be searched, and is the folder of all tests
    return tmp_path / "set"


PATH_NAMES = (
    *("path", "image", "Image Index", "image_name", "ImageID", "filename", "File Name", "file"),
    *("id", "Id", "SourceFile", "img_path", "image_url", "photo", "#filename", "name", "weird"),
)
LABEL_NAMES = (
    *("labels", "tags", "class", "Category", "cats", "Finding Labels", "Keywords", "text"),
    *("attribute_ids", "target", "LabelName", "genre", "label_names", "Subject", "my own"),
)


@pytest.mark.parametrize("name", PATH_NAMES)
def test_the_column_of_paths_is_told_by_its_name_or_its_cells(folder: Path, name: str) -> None:
    assert read(write_lists(folder / "l.csv", (name, "labels"))) == TRUTH


@pytest.mark.parametrize("name", LABEL_NAMES)
@pytest.mark.parametrize("path_name", ["filename", "Image Index"])
def test_the_only_column_left_holds_the_labels(folder: Path, path_name: str, name: str) -> None:
    assert read(write_lists(folder / "l.csv", (path_name, name))) == TRUTH
    swapped = [("|".join(found), f"{stem}.png") for stem, found in TRUTH.items()]
    assert read(write_rows(folder / "s.csv", [(name, path_name), *swapped])) == TRUTH


def test_a_url_that_is_not_there_does_not_hide_an_id_that_is(folder: Path) -> None:
    rows = [
        (f"https://example.org/{number}.jpg", stem, "|".join(found), number)
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    path = write_rows(folder / "l.csv", [("OriginalURL", "ImageID", "labels", "n"), *rows])
    assert read(path) == TRUTH


def test_a_row_number_that_is_the_name_of_a_photo_is_not_its_path(tmp_path: Path) -> None:
    touch(tmp_path)
    for number in range(12):
        (tmp_path / f"{number}.png").touch()
    rows = [
        (11 - number, f"{stem}.png", "|".join(found))
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    assert read(write_rows(tmp_path / "l.csv", [("Id", "Poster", "Genre"), *rows])) == TRUTH


def test_a_number_of_the_class_is_not_the_label_if_there_are_names(folder: Path) -> None:
    rows = [
        (f"{stem}.png", number % 6, *(int(label in found) for label in ALL))
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    assert read(write_rows(folder / "l.csv", [("path", "label", *ALL), *rows])) == TRUTH
    names = [
        (f"{stem}.png", number % 6, "|".join(found))
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    assert read(write_rows(folder / "l.csv", [("path", "label", "class_name"), *names])) == TRUTH


def test_the_csv_of_vggs_annotator_is_read(folder: Path) -> None:
    header = ["filename", "file_size", "file_attributes", "region_count", "region_id"]
    header += ["region_shape_attributes", "region_attributes"]
    rows = [
        (f"{stem}.png", 99, "{}", 2, number, '{"name":"rect","x":1}', f'{{"class":"{label}"}}')
        for stem, found in TRUTH.items()
        for number, label in enumerate(found)
    ]
    assert read(write_rows(folder / "via.csv", [header, *rows])) == TRUTH
    whole = [
        (f"{stem}.png", 99, f'{{"kind":{{"{found[0]}":true,"{found[1]}":true}}}}', 0, 0, "{}", "{}")
        for stem, found in TRUTH.items()
    ]
    assert read(write_rows(folder / "via.csv", [header, *whole])) == TRUTH


# Columns that are not labels by their names, next to columns of marks.
OTHERS = {
    "folds and tests": {"fold": "01", "is_test": "10", "weight": "11"},
    "boxes": {"xmin": "01", "ymin": "10", "width": "11", "height": "01"},
    "people": {"annotator": "01", "Confidence": "11", "is_verified": "10"},
    "texts": {"title": ("A first film", "Another one"), "year": ("1979", "1982")},
}


@pytest.mark.parametrize("others", OTHERS.values(), ids=OTHERS)
def test_what_is_taken_and_what_is_left_out_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], others: dict[str, Sequence[str]]
) -> None:
    rows = [
        [f"{stem}.png", *(values[number % 2] for values in others.values())]
        + [int(label in found) for label in ALL]
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    assert read(write_rows(folder / "l.csv", [("path", *others, *ALL), *rows])) == TRUTH
    (line,) = capsys.readouterr().err.splitlines()
    assert "photos from 'path'; labels from 6 columns of marks" in line
    assert "12 photos, 6 labels: amber, lamp, plum, sofa, teal, vase" in line
    for name in others:
        assert name in line


def test_options_name_the_columns(folder: Path) -> None:
    rows = [
        (f"{stem}.png", "gone.png", "|".join(found), int("lamp" in found), int("sofa" in found))
        for stem, found in TRUTH.items()
    ]
    path = write_rows(folder / "l.csv", [("where", "filename", "what", "Lamp", "fold"), *rows])
    assert read(path, path_column="where", label_columns=["what"]) == TRUTH
    with pytest.raises(CommandError, match="column 'where': holds the paths of photos, not labels"):
        read(path, path_column="where", label_columns=["what", "where"])
    assert read(path, path_column="WHERE", label_columns=["lamp", "fold"]) == {
        stem: ("Lamp",) * ("lamp" in found) + ("fold",) * ("sofa" in found)
        for stem, found in TRUTH.items()
    }
    for options in ({"path_column": "here"}, {"label_columns": ["what", "those"]}):
        with pytest.raises(CommandError, match=r"has no column '(here|those)' \(--.*\); there are"):
            read(path, **options)


@pytest.mark.parametrize("names", [("colour", "thing"), ("Colour", "Thing"), ("hue", "object_")])
def test_several_columns_of_words_add_up_and_are_label_groups(
    folder: Path, names: tuple[str, str]
) -> None:
    rows = [
        (f"{stem}.png", *sorted(found, key=THINGS.__contains__)) for stem, found in TRUTH.items()
    ]
    path = write_rows(folder / "l.csv", [("image", *names), *rows])
    assert read(path) == TRUTH
    assert labels.read(path).groups == (
        LabelGroup(names[0], COLOURS, is_colour=True),
        LabelGroup(names[1], THINGS, is_colour=False),
    )


def test_a_table_of_products_has_its_categories_as_labels_and_not_its_titles(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        (stem, "Home", *sorted(found, key=THINGS.__contains__), 2012, f"Nice {stem} to have")
        for stem, found in TRUTH.items()
    ]
    header = ("id", "masterCategory", "baseColour", "articleType", "year", "productDisplayName")
    path = write_rows(folder / "styles.csv", [header, *rows])
    assert read(path) == {stem: tuple(sorted(("Home", *found))) for stem, found in TRUTH.items()}
    assert "not used: year, productDisplayName" in capsys.readouterr().err
    assert [group.name for group in labels.read(path).groups] == ["baseColour", "articleType"]


@pytest.mark.parametrize(
    "names", [("label", "label_2"), ("label1", "label2"), ("Tag 1", "Tag 2"), ("tags", "tags.1")]
)
def test_numbered_columns_are_places_for_any_label(folder: Path, names: tuple[str, str]) -> None:
    rows = [
        (f"{stem}.png", *(found if number % 2 else found[::-1]))
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    path = write_rows(folder / "l.csv", [("image", *names), *rows])
    assert read(path) == TRUTH
    assert labels.read(path).groups == ()


def test_a_column_in_which_a_cell_has_two_labels_is_not_a_label_group(folder: Path) -> None:
    rows = [(f"{stem}.png", "|".join(found), "home") for stem, found in TRUTH.items()]
    path = write_rows(folder / "l.csv", [("image", "kinds", "place"), *rows])
    assert [set(group.labels) for group in labels.read(path).groups] == []


COLUMNS_WITHOUT_NAMES = {
    "commas at the end": ("path,labels,,", "{path},{labels},,"),
    "commas at the end of the header": ("path,labels,,", "{path},{labels}"),
    "commas at the end of the rows": ("path,labels", "{path},{labels},,"),
    "commas at the end, three columns": ("path,labels,note", "{path},{labels},x,"),
    "a column in the middle": ("path,,labels", "{path},x y,{labels}"),
    "the row numbers of pandas": (",path,labels", "{number},{path},{labels}"),
    "the row numbers of pandas, twice": ("Unnamed: 0,path,labels", "{number},{path},{labels}"),
    "two columns of the same name": ("note,path,note,labels", "a,{path},b,{labels}"),
}


@pytest.mark.parametrize(
    ("header", "row"), COLUMNS_WITHOUT_NAMES.values(), ids=COLUMNS_WITHOUT_NAMES
)
def test_columns_without_a_name_are_passed_over(folder: Path, header: str, row: str) -> None:
    lines = [
        row.format(number=number, path=f"{stem}.png", labels="|".join(found))
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    (folder / "l.csv").write_text("\n".join([header, *lines]) + "\n")
    assert read(folder / "l.csv") == TRUTH


FOLDER_AND_NAME = {
    "path and filename": (("path", "filename", "labels"), "pics/sub", "{stem}.png"),
    "dir and name": (("dir", "name", "labels"), "pics/sub", "{stem}.png"),
    "file first": (("file", "folder", "labels"), "{stem}.png", "pics/sub"),
    "unusual names, ids": (("study", "shot", "labels"), "sub", "{stem}"),
}


@pytest.mark.parametrize(("header", "one", "two"), FOLDER_AND_NAME.values(), ids=FOLDER_AND_NAME)
def test_folder_and_name_in_two_columns_are_joined(
    tmp_path: Path, header: Sequence[str], one: str, two: str
) -> None:
    touch(tmp_path, "pics/sub/{stem}.png")
    touch(tmp_path, "pics/other/{stem}.png")
    rows = [
        (one.format(stem=stem), two.format(stem=stem), "|".join(found))
        for stem, found in TRUTH.items()
    ]
    path = write_rows(tmp_path / "l.csv", [header, *rows])
    assert read(path) == TRUTH
    assert {s.path.parent.name for s in labels.read(path).samples} == {"sub"}


def test_the_folder_of_a_photo_can_be_its_label(tmp_path: Path) -> None:
    for number in range(8):
        for name in ("cat", "dog"):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / f"{number}.jpg").touch()
    rows = [(name, f"{number}.jpg") for name in ("cat", "dog") for number in range(8)]
    samples = labels.read(write_rows(tmp_path / "l.csv", [("class", "filename"), *rows])).samples
    assert [(sample.path.parent.name,) for sample in samples] == [s.labels for s in samples]
    assert len(samples) == 16


WITHOUT_HEADER = {
    "comma": "{stem}.png,{one}|{two}",
    "comma, spaces in the cell": "{stem}.png,{one} {two}",
    "cells": "{stem}.png,{one},{two}",
    "semicolons": "{stem}.png;{one},{two}",
    "tab": "{stem}.png\t{one},{two}",
    "bars": "{stem}.png|{one}|{two}",
    "spaces": "{stem}.png {one} {two}",
    "spaces, then commas": "{stem}.png {one},{two}",
    "a colon": "{stem}.png: {one}, {two}",
    "an equals sign": "{stem}.png = {one} {two}",
    "an arrow": "{stem}.png -> {one} {two}",
    "more spaces": "{stem}.png    {one}   {two}  ",
    "ids": "{stem},{one}|{two}",
    "ids and spaces": "{stem} {one} {two}",
    "Google": "UNASSIGNED,gs://bucket/x/{stem}.png,{one},{two}",
    "boxes": "{stem}.png,1,2,33,44,{one}\n{stem}.png,5,6,77,88,{two}",
    "a box and nothing": "{stem}.png,,,,,{one}\n{stem}.png,5,6,77,88,{two}",
}


@pytest.mark.parametrize("line", WITHOUT_HEADER.values(), ids=WITHOUT_HEADER)
@pytest.mark.parametrize("name", ["list.csv", "list.txt"])
def test_lists_without_a_header_are_read(folder: Path, line: str, name: str) -> None:
    lines = [line.format(stem=s, one=f[0], two=f[1]) for s, f in TRUTH.items()]
    (folder / name).write_text("\n".join(lines) + "\n")
    assert read(folder / name) == TRUTH


def test_a_list_by_spaces_may_have_spaces_in_paths(tmp_path: Path) -> None:
    touch(tmp_path, "my pics/{stem}.png")
    lines = [f"my pics/{stem}.png {' '.join(found)}" for stem, found in TRUTH.items()]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    assert read(tmp_path / "list.txt") == TRUTH


def test_the_list_of_celeba_is_read(folder: Path) -> None:
    lines = [
        f"{stem}.png " + " ".join(" 1" if label in found else "-1" for label in ALL)
        for stem, found in TRUTH.items()
    ]
    (folder / "list_attr.txt").write_text("\n".join(["12", " ".join(ALL), *lines]))
    assert read(folder / "list_attr.txt") == TRUTH


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1252")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_of_spreadsheets_are_read(folder: Path, encoding: str) -> None:
    text = "path\tlabels\r\nn00.png\tGröße|dress\r\nn01.png\tfiancé\r\n"
    (folder / "l.csv").write_bytes(text.encode(encoding))
    assert read(folder / "l.csv") == {"n00": ("Größe", "dress"), "n01": ("fiancé",)}


@pytest.mark.parametrize("encoding", ["mac_roman", "cp1251", "shift_jis", "gb18030", "koi8_r"])
def test_other_encodings_are_refused_with_the_line(folder: Path, encoding: str) -> None:
    word = "Größe" if encoding == "mac_roman" else "платье" if "1" in encoding else "ドレス"
    word = {"koi8_r": "платье", "gb18030": "红色"}.get(encoding, word)
    if encoding == "shift_jis":
        word = "ドレス"
    (folder / "l.csv").write_bytes(f"path,labels\nn00.png,red\nn01.png,{word}\n".encode(encoding))
    with pytest.raises(CommandError, match=r"l\.csv, line 3: is not UTF-8"):
        read(folder / "l.csv")


EXCEL = {
    "a comment": "# exported by a tool\n# on Monday\npath;labels\n{rows}",
    "semicolons": "path;labels\n{rows}",
    "sep=;": "sep=;\npath;labels\n{rows}",
    "SEP=; and \\r\\n": "SEP=;\r\npath;labels\r\n{rows}",
    "old Mac": "path;labels\r{rows}",
}


@pytest.mark.parametrize("form", EXCEL.values(), ids=EXCEL)
def test_the_forms_of_excel_are_read(folder: Path, form: str) -> None:
    end = "\r\n" if "\r\n" in form else "\r" if "\r" in form else "\n"
    rows = end.join(f"{stem}.png;{', '.join(found)}" for stem, found in TRUTH.items())
    (folder / "l.csv").write_bytes(form.format(rows=rows).encode())
    assert read(folder / "l.csv") == TRUTH


def test_a_workbook_is_refused_with_the_way_out(folder: Path) -> None:
    (folder / "l.csv").write_bytes(b"PK\3\4" + b"\0" * 100)
    with pytest.raises(CommandError, match=r"l\.csv: is a spreadsheet.*save it as CSV"):
        read(folder / "l.csv")


SPLITS = {
    "words": ("split", ("train", "val", "test")),
    "other words": ("Usage", ("Training", "PublicTest", "PrivateTest")),
    "years": ("subset", ("train2017", "val2017", "test2017")),
    "marks": ("is_valid", ("0", "1", "0")),
    "words for marks": ("is_test", ("False", "False", "True")),
    "the other way": ("is_train", ("1", "0", "1")),
}


@pytest.mark.parametrize(("name", "words"), SPLITS.values(), ids=SPLITS)
def test_a_split_that_is_given_is_used(folder: Path, name: str, words: Sequence[str]) -> None:
    rows = [
        (f"{stem}.png", "|".join(found), words[min(2, number // 4)])
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    path = write_rows(folder / "l.csv", [("path", "labels", name), *rows])
    found = labels.read(path)
    assert found.has_split
    splits = [sample.split for sample in found.samples]
    assert splits[0] == "train"
    expected = {
        "words": ("train", "validation", "test"),
        "other words": ("train", "validation", "test"),
        "years": ("train", "validation", "test"),
        "marks": ("train", "validation", "train"),
        "words for marks": ("train", "train", "test"),
        "the other way": ("train", "validation", "train"),
    }[next(key for key, value in SPLITS.items() if value == (name, words))]
    assert splits == [split for split in expected for _ in range(4)]
    assert not labels.read(path, use_split=False).has_split


def test_a_split_with_one_part_is_not_used(folder: Path) -> None:
    rows = [(f"{stem}.png", "|".join(found), "train") for stem, found in TRUTH.items()]
    path = write_rows(folder / "l.csv", [("path", "labels", "split"), *rows])
    assert not labels.read(path).has_split
    assert read(path) == TRUTH


def test_photos_in_no_row_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    touch(tmp_path, "photos/{stem}.png")
    for name in ("x.png", "y.png", "sub/z.png", "notes.txt"):
        (tmp_path / "photos" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "photos" / name).touch()
    source = write_lists(tmp_path / "l.csv")
    assert read(tmp_path / "photos", source) == TRUTH
    assert "3 photos in no row, such as" in capsys.readouterr().err
    elsewhere = write_lists(tmp_path / "a" / "l.csv", name="../photos/{stem}.png")
    assert read(tmp_path / "photos", elsewhere) == TRUTH
    assert "3 photos in no row, such as" in capsys.readouterr().err
    assert read(tmp_path, source) == TRUTH
    assert "3 photos in no row, such as" in capsys.readouterr().err
    assert read(write_lists(tmp_path / "photos" / "l.csv")) == TRUTH
    assert "2 photos in no row, such as" in capsys.readouterr().err


UNUSABLE = {
    "empty": ("", "is empty"),
    "blank": ("\n \n", "is empty"),
    "a header": ("path,labels\n", "has a header and no rows"),
    "no paths": ("a,b\n17,x\n18,y\n", "no column holds the paths of photos among a, b"),
    "no labels": ("path,year,age\nn00.png,1979,5\n", "no column holds labels among year, age"),
    "a label twice": ("path,plum,plum\nn00.png,1,1\n", "two columns are called 'plum'"),
    "no photo": ("path,labels\nx.jpg,red\ny.jpg,blue\n", "none of its 2 lines can be used"),
    "an open quote": ('path,labels\nn00.png,"' + "x" * 140_000, "is a quote not closed?"),
    "a long line": ("path,labels\nn00.png" + ",x" * 600_000, "line 2: has over 1,000,000 letters"),
    "marks without a header": ("n00.png,1,0,1\nn01.png,0,1,0\n", "put a line with 4 names above"),
    "marks by spaces": ("n00.png 1 0 1\nn01.png 0 1 0\n", "put a line with 4 names above"),
    "marks after ids": ("n00,1,0,1\nn01,0,1,0\n", "put a line with 4 names above"),
    "one mark without a header": ("n00.png,1\nn01.png,0\n", "holds only 0 and 1"),
}


@pytest.mark.parametrize(("text", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_csv_is_one_error(folder: Path, text: str, message: str) -> None:
    (folder / "l.csv").write_text(text)
    with pytest.raises(CommandError) as raised:
        labels.check_labels(labels.read(folder / "l.csv", max_unreadable=0.9).samples)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_name_of_a_column_is_not_taken_for_a_photo(folder: Path) -> None:
    (folder / "image.png").touch()
    assert read(write_lists(folder / "l.csv", ("image", "labels"))) == TRUTH


def test_too_many_unusable_rows_are_an_error(folder: Path) -> None:
    path = write_marks(folder / "l.csv")
    path.write_text(path.read_text() + "gone.png,1,0,0,0,0,0\n")
    with pytest.raises(
        CommandError, match=r"1 of 13 lines cannot be used, for example: 'gone.png'"
    ):
        labels.read(path, max_unreadable=0.01)
    assert len(labels.read(path, max_unreadable=0.1).samples) == 12


def test_only_the_first_problems_are_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = "".join(f"{number}.jpg,red\n" for number in range(100))
    (folder / "l.csv").write_text(f"path,labels\nn00.png,red\n{gone}")
    with pytest.raises(CommandError, match="100 of 101"):
        read(folder / "l.csv")
    assert len(capsys.readouterr().err.splitlines()) == 21
