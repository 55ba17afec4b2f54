"""Files with labels next to the photos, and label files that lie in the folder of the photos."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.labels import (
    ALL,
    TRUTH,
    coco,
    read,
    touch,
    write_json,
    write_lists,
    write_marks,
    write_rows,
)

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels.existing import Existing

Write = Callable[[Sequence[str]], str]


def voc(found: Sequence[str], filename: str = "x.jpg") -> str:
    objects = "".join(
        f"<object><name>{label}</name><difficult>0</difficult><part><name>handle</name></part>"
        "<bndbox><xmin>1</xmin></bndbox></object>"
        for label in found
    )
    return f"<annotation><filename>{filename}</filename>{objects}</annotation>"


def xmp(found: Sequence[str]) -> str:
    items = "".join(f"<rdf:li>{label}</rdf:li>" for label in found)
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Description><dc:subject><rdf:Bag>'
        f"{items}</rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


SIDECARS: dict[str, tuple[str, Write]] = {
    "one a line": ("{stem}.txt", "\n".join),
    "commas": ("{stem}.txt", ", ".join),
    "bars and \\r\\n": ("{stem}.txt", lambda found: "|".join(found) + "\r\n"),
    "spaces that combine": ("{stem}.txt", " ".join),
    "with a byte order mark": ("{stem}.txt", lambda found: "\ufeff" + ",".join(found)),
    "photo.png.txt": ("{stem}.png.txt", ", ".join),
    "caption": ("{stem}.caption", ", ".join),
    "tags": ("{stem}.tags", "\n".join),
    "a JSON list": ("{stem}.json", lambda found: json.dumps(list(found))),
    "LabelMe": (
        "{stem}.json",
        lambda found: json.dumps(
            {
                "version": "5.0",
                "flags": {found[0]: True, "blurred": False},
                "shapes": [{"label": found[1], "points": [[1, 2]], "shape_type": "polygon"}],
                "imagePath": "x.png",
            }
        ),
    ),
    "Supervisely": (
        "{stem}.png.json",
        lambda found: json.dumps(
            {
                "description": "",
                "tags": [{"name": found[0], "value": None}],
                "size": {"height": 24, "width": 24},
                "objects": [{"classTitle": found[1], "tags": [], "points": {"exterior": []}}],
            }
        ),
    ),
    "Pascal VOC": ("{stem}.xml", voc),
    "XMP of Lightroom": ("{stem}.xmp", xmp),
    "XMP of darktable": ("{stem}.png.xmp", xmp),
}


@pytest.mark.parametrize(("pattern", "write"), SIDECARS.values(), ids=SIDECARS)
@pytest.mark.parametrize("photo", ["{stem}.png", "sub/{stem}.png"])
def test_files_next_to_the_photos_are_read(
    tmp_path: Path, photo: str, pattern: str, write: Write
) -> None:
    for path in touch(tmp_path, photo):
        path.with_name(pattern.format(stem=path.stem)).write_text(write(TRUTH[path.stem]))
    assert read(tmp_path) == TRUTH


def test_every_text_may_have_its_own_separator(tmp_path: Path) -> None:
    texts = ["red\nscience fiction\n", "red, science fiction", "science fiction|red\r\n", ""]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.jpg").touch()
        (tmp_path / f"{number}.txt").write_text(text)
    both = ("red", "science fiction")
    assert read(tmp_path) == {"0": both, "1": both, "2": both, "3": ()}


def test_texts_in_a_folder_called_labels_are_read(tmp_path: Path) -> None:
    for path in touch(tmp_path, "images/{stem}.png"):
        text = tmp_path / "labels" / f"{path.stem}.txt"
        text.parent.mkdir(exist_ok=True)
        text.write_text(", ".join(TRUTH[path.stem]))
    assert read(tmp_path) == TRUTH
    assert read(tmp_path / "images", tmp_path / "labels") == TRUTH


def test_texts_that_could_be_of_several_photos_are_an_error(tmp_path: Path) -> None:
    for folder in ("x", "y"):
        touch(tmp_path, f"images/{folder}/{{stem}}.png")
    for stem, found in TRUTH.items():
        path = tmp_path / "labels" / f"{stem}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(boxes(found))
    with pytest.raises(CommandError, match=r"n00\.txt: 'n00': could be .*x.n00\.png, .*y.n00"):
        read(tmp_path / "images", tmp_path / "labels")


def test_sentences_are_not_split_into_words(tmp_path: Path) -> None:
    for number, thing in enumerate(("lamp", "vase")):
        (tmp_path / f"{number}.jpg").touch()
        (tmp_path / f"{number}.txt").write_text(f"a photo of a nice red {thing} at home")
    assert read(tmp_path)["0"] == ("a photo of a nice red lamp at home",)


def test_folders_are_the_labels_if_few_photos_have_a_text_file(tmp_path: Path) -> None:
    for name in ("red_dress/a.jpg", "red_dress/b.jpg", "blue_hat/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "red_dress" / "a.txt").write_text("notes about this photo")
    assert read(tmp_path)["a"] == ("dress", "red")


def test_other_json_next_to_photos_is_not_taken_for_labels(tmp_path: Path) -> None:
    for path in touch(tmp_path, "{stem}/{stem}.png"):
        takeout = {"title": path.name, "description": "", "people": [{"name": "Ann"}]}
        write_json(path.with_name(f"{path.name}.json"), takeout)
    assert read(tmp_path)["n03"] == ("n03",)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (None, "photo 3: {0}/c.jpg has no c.txt; skipped"),
        (b"\xff\xff", "c.txt, line 1: is not UTF-8"),
        (b"x" * 70_000, "c.txt: is larger than"),
        (b"a, b\0, c", "c.txt: is not a text file"),
    ],
)
def test_a_photo_without_a_good_text_file_is_reported_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes | None, warning: str
) -> None:
    for name in "abc":
        (tmp_path / f"{name}.jpg").touch()
        (tmp_path / f"{name}.txt").write_text("red")
    (tmp_path / "c.txt").unlink() if text is None else (tmp_path / "c.txt").write_bytes(text)
    assert len(labels.read(tmp_path, max_unreadable=0.5).samples) == 2
    assert warning.format(tmp_path) in capsys.readouterr().err
    with pytest.raises(CommandError, match="1 of 3 photos cannot be used"):
        labels.read(tmp_path, max_unreadable=0.1)


def boxes(found: Sequence[str]) -> str:
    return "".join(f"{ALL.index(label)} 0.51 0.43 0.8 0.9\n" for label in found)


NAMES = {
    "classes.txt": "\n".join(ALL),
    "obj.names": "\n".join(ALL) + "\n",
    "_darknet.labels": "\n".join(ALL),
    "data.yaml": f"train: images/train\nnc: 6\nnames: [{', '.join(ALL)}]\n",
    "dataset.yml": "names:\n" + "".join(f"  {i}: {label}\n" for i, label in enumerate(ALL)),
}
TREES = {
    "next to the photos": ("{stem}.png", "{stem}.txt"),
    "images and labels": ("images/{stem}.png", "labels/{stem}.txt"),
    "images/train": ("images/train/{stem}.png", "labels/train/{stem}.txt"),
    "train/images": ("train/images/{stem}.png", "train/labels/{stem}.txt"),
}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize(("photo", "text"), TREES.values(), ids=TREES)
def test_yolos_boxes_are_labels(tmp_path: Path, photo: str, text: str, names: str) -> None:
    (tmp_path / names).write_text(NAMES[names])
    touch(tmp_path, photo)
    for stem, found in TRUTH.items():
        path = tmp_path / text.format(stem=stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(boxes(found))
    assert read(tmp_path) == TRUTH
    if "images" in photo:
        assert read(tmp_path, tmp_path / text.partition("/")[0]) == TRUTH
    if names.startswith("data.y"):
        assert read(tmp_path / names) == TRUTH


def test_yolos_splits_polygons_and_empty_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "data.yaml").write_text(NAMES["data.yaml"])
    for number, path in enumerate(touch(tmp_path, "train/images/{stem}.png")):
        where = "valid" if number >= 9 else "train"
        place = tmp_path / where / "images" / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
        text = tmp_path / where / "labels" / f"{path.stem}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        polygon = "2 0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8\n2 1e-3 .2 .3 .4\n"
        if number != 1:
            text.write_text(polygon if number else "")
    found = labels.read(tmp_path)
    assert [s.labels for s in found.samples] == [(), (), *[("teal",)] * 10]
    assert [s.split for s in found.samples] == ["train"] * 9 + ["validation"] * 3


def test_yolo_without_names_says_what_to_do(tmp_path: Path) -> None:
    for path in touch(tmp_path):
        path.with_suffix(".txt").write_text(boxes(TRUTH[path.stem]))
    with pytest.raises(CommandError, match=r"YOLO boxes.*write them into .*classes\.txt"):
        read(tmp_path)
    (tmp_path / "classes.txt").write_text("only\none\n")
    with pytest.raises(CommandError, match=r"has the class \d, which .*classes\.txt does not name"):
        read(tmp_path)


LIST_LINES = {
    "of photos": ("{stem}.png", None),
    "of ids": ("{stem}", None),
    "with marks": ("{stem}  {mark}", None),
    "with marks, split": ("{stem} {mark}", ("train", "val")),
}


@pytest.mark.parametrize(("line", "splits"), LIST_LINES.values(), ids=LIST_LINES)
def test_a_list_of_photos_for_each_label_is_read(
    tmp_path: Path, line: str, splits: tuple[str, str] | None
) -> None:
    touch(tmp_path, "JPEGImages/{stem}.png")
    folder = tmp_path / "ImageSets" / "Main"
    folder.mkdir(parents=True)
    for label in ALL:
        lines = [
            line.format(stem=stem, mark=" 1" if label in found else "-1")
            for stem, found in TRUTH.items()
            if "mark" in line or label in found
        ]
        if splits:
            (folder / f"{label}_{splits[0]}.txt").write_text("\n".join(lines[:8]))
            (folder / f"{label}_{splits[1]}.txt").write_text("\n".join(lines[8:]))
            (folder / f"{label}_trainval.txt").write_text("\n".join(lines))
        else:
            (folder / f"{label}.txt").write_text("\n".join(lines) + "\n")
    assert read(tmp_path / "JPEGImages", folder) == TRUTH
    found = labels.read(tmp_path / "JPEGImages", folder)
    expected = ["train"] * 8 + ["validation"] * 4 if splits else [None] * 12
    order = {sample.path.stem: sample.split for sample in found.samples}
    assert [order[stem] for stem in TRUTH] == expected


VOC_TREES = {
    "two folders": ("JPEGImages/{stem}.png", "Annotations/{stem}.xml"),
    "next to the photos": ("{stem}.png", "{stem}.xml"),
    "deeper": ("VOC/JPEGImages/{stem}.png", "VOC/Annotations/{stem}.xml"),
}


@pytest.mark.parametrize(("photo", "text"), VOC_TREES.values(), ids=VOC_TREES)
@pytest.mark.parametrize("filename", ["{stem}.png", "{stem}", "old name.jpg", ""])
def test_pascal_voc_is_read(tmp_path: Path, photo: str, text: str, filename: str) -> None:
    touch(tmp_path, photo)
    for stem, found in TRUTH.items():
        path = tmp_path / text.format(stem=stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(voc(found, filename.format(stem=stem)))
    assert read(tmp_path) == TRUTH
    assert read((tmp_path / photo).parent, (tmp_path / text).parent) == TRUTH


CVAT = {
    "tags": '<tag label="{label}" source="manual"></tag>',
    "boxes": '<box label="{label}" xtl="1"><attribute name="size">big</attribute></box>',
    "imglab": '<box top="1" left="2"><label>{label}</label></box>',
}


@pytest.mark.parametrize("item", CVAT.values(), ids=CVAT)
@pytest.mark.parametrize("key", ["name", "file"])
@pytest.mark.parametrize("written", ["{stem}.png", "set/x/{stem}.png", "C:\\set\\{stem}.png"])
def test_xml_with_images_is_read(tmp_path: Path, written: str, key: str, item: str) -> None:
    touch(tmp_path, "images/{stem}.png")
    images = "".join(
        f'<image id="1" {key}="{written.format(stem=stem)}" width="24">'
        + "".join(item.format(label=label) for label in found)
        + "</image>"
        for stem, found in TRUTH.items()
    )
    meta = "<meta><task><labels><label><name>unused</name></label></labels></task></meta>"
    (tmp_path / "annotations.xml").write_text(f"<annotations>{meta}{images}</annotations>")
    assert read(tmp_path / "annotations.xml") == TRUTH
    assert read(tmp_path / "images", tmp_path / "annotations.xml") == TRUTH
    assert read(tmp_path) == TRUTH


XML_PROBLEMS = {
    "cut": ('<annotations><image name="n00.png"><tag label="a"/></image><im', "is not XML"),
    "another kind": ("<notes/>", "is neither Pascal VOC nor CVAT"),
    "a video": ('<annotations><track label="a"></track></annotations>', "describes a video"),
    "entities": ('<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>', "defines entities"),
    "deep": ("<a>" * 1000, "is nested too deeply"),
    "empty": ("", "is not XML"),
}


@pytest.mark.parametrize(("text", "message"), XML_PROBLEMS.values(), ids=XML_PROBLEMS)
def test_an_unusable_xml_file_is_one_error(tmp_path: Path, text: str, message: str) -> None:
    touch(tmp_path)
    (tmp_path / "x.xml").write_text(text)
    with pytest.raises(CommandError, match=r"x\.xml") as raised:
        read(tmp_path, tmp_path / "x.xml")
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def write_splits(root: Path, name: str, write: Callable[[Path], object]) -> None:
    """Put the photos into train, valid and test, and a label file of all next to them."""
    for number, path in enumerate(touch(root)):
        folder = root / ("train", "valid", "test")[number // 4]
        folder.mkdir(exist_ok=True)
        path.rename(folder / path.name)
        write(folder / name)


OF_TOOLS: dict[str, Callable[[Path], object]] = {
    "_classes.csv": lambda path: write_marks(path, header="filename"),
    "_annotations.csv": lambda path: write_rows(
        path,
        [
            ("filename", "width", "height", "class", "xmin"),
            *((f"{stem}.png", 9, 9, one, 1) for stem, found in TRUTH.items() for one in found),
        ],
    ),
    "_annotations.coco.json": lambda path: write_json(path, coco()),
    "metadata.csv": lambda path: write_lists(path, ("file_name", "text"), cell=", ".join),
    "metadata.jsonl": lambda path: path.write_text(
        "".join(
            json.dumps({"file_name": f"{stem}.png", "labels": found}) + "\n"
            for stem, found in TRUTH.items()
        )
    ),
}


@pytest.mark.parametrize("name", OF_TOOLS)
def test_label_files_in_the_folders_of_the_splits_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    root = tmp_path / "set"
    write_splits(root, name, OF_TOOLS[name])
    found = labels.read(root, max_unreadable=0.9)  # each file has the rows of all photos here
    assert {s.path.stem: s.labels for s in found.samples} == TRUTH
    assert [s.split for s in sorted(found.samples, key=lambda sample: sample.path.stem)] == [
        *["train"] * 4,
        *["validation"] * 4,
        *["test"] * 4,
    ]
    assert f"{root / 'train' / name}: " in capsys.readouterr().err
    assert len(read(root / "train", max_unreadable=0.9)) == 4


def test_metadata_of_hugging_face_wins_over_the_folders(tmp_path: Path) -> None:
    for stem, found in TRUTH.items():
        (tmp_path / found[0]).mkdir(exist_ok=True)
        (tmp_path / found[0] / f"{stem}.png").touch()
    rows = [(f"{found[0]}/{stem}.png", ", ".join(found)) for stem, found in TRUTH.items()]
    write_rows(tmp_path / "metadata.csv", [("file_name", "text"), *rows])
    assert read(tmp_path) == TRUTH
    write_rows(tmp_path / "metadata.csv", [("file_name", "width"), *((row[0], 9) for row in rows)])
    with pytest.raises(
        CommandError, match="or take the names of the folders, with --labels folders"
    ):
        labels.check_labels(labels.read(tmp_path).samples)
    assert read(tmp_path, Path("folders"))["n00"] == TRUTH["n00"][:1]


def test_a_label_file_in_a_flat_folder_is_found(tmp_path: Path) -> None:
    root = tmp_path / "set"
    touch(root)
    write_lists(root / "my labels.csv")
    assert read(root) == TRUTH
    write_lists(root / "other.csv")
    with pytest.raises(CommandError, match=r"several label files \(.*my labels\.csv, .*other\.csv"):
        read(root)


def test_label_files_called_after_splits_are_read_together(tmp_path: Path) -> None:
    root = tmp_path / "set"
    touch(root, "images/{stem}.png")
    for name, start, end in (("train", 0, 8), ("val", 8, 12)):
        data = coco()
        data["images"] = data["images"][start:end]
        numbers = {image["id"] for image in data["images"]}
        data["annotations"] = [a for a in data["annotations"] if a["image_id"] in numbers]
        write_json(root / "annotations" / f"instances_{name}2017.json", data)
    for source in (None, root / "annotations"):
        found = labels.read(root, source)
        assert {s.path.stem: s.labels for s in found.samples} == TRUTH
        assert [s.split for s in found.samples] == ["train"] * 8 + ["validation"] * 4


EXISTING: dict[Existing, dict[str, str | None]] = {
    "keep": {"my own words": None, "": None, "hat": None},
    "append": {
        "my own words": "my own words\nhat\nred\n",
        "": "hat\nred\n",
        "red\n": "red\nhat\n",
        "scarf, red": "scarf, red, hat\n",
        "hat, red": None,
    },
    "replace": {"my own words": "hat\nred\n", "": "hat\nred\n", "hat, red": "hat\nred\n"},
}


@pytest.mark.parametrize("existing", EXISTING)
def test_existing_text_files_are_kept_appended_to_or_replaced(
    tmp_path: Path, existing: Existing
) -> None:
    photo = tmp_path / "a.jpg"
    for before, after in EXISTING[existing].items():
        (tmp_path / "a.txt").write_text(before)
        assert labels.write_sidecar(photo, ("hat", "red"), existing) == (after is not None)
        assert (tmp_path / "a.txt").read_text() == (before if after is None else after)
    (tmp_path / "a.txt").unlink()
    assert labels.write_sidecar(photo, ("hat", "red"), existing)
    assert (tmp_path / "a.txt").read_text() == "hat\nred\n"


def test_an_existing_text_file_is_kept_by_default(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"holiday 2019\xff")
    assert not labels.write_sidecar(tmp_path / "a.jpg", ("red",))
    assert (tmp_path / "a.txt").read_bytes() == b"holiday 2019\xff"
    with pytest.raises(CommandError, match=r"a\.txt, line 1: is not UTF-8"):
        labels.write_sidecar(tmp_path / "a.jpg", ("red",), "append")
    assert (tmp_path / "a.txt").read_bytes() == b"holiday 2019\xff"


def test_what_is_written_next_to_a_photo_is_read_back(tmp_path: Path) -> None:
    for name, tags in (("a.jpg", ("red", "science fiction")), ("b.jpg", ())):
        (tmp_path / name).touch()
        labels.write_sidecar(tmp_path / name, tags)
    assert read(tmp_path) == {"a": ("red", "science fiction"), "b": ()}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jpg", "a.txt", "b.jpg", "b.txt"]


@pytest.mark.parametrize("label", ["red, dress", "a|b", "a;b", "a\nb", "a\tb"])
def test_a_label_that_would_be_read_as_two_is_not_written(tmp_path: Path, label: str) -> None:
    with pytest.raises(CommandError, match="holds a separator"):
        labels.write_sidecar(tmp_path / "a.jpg", (label,))
    assert not (tmp_path / "a.txt").exists()
