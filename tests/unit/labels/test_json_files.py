"""JSON of annotation tools: COCO, and lists of photos of any kind."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import ALL, COLOURS, TRUTH, coco, read, touch, write_json

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "set")
    return tmp_path / "set"


def boxes(found: Sequence[str], key: str = "label") -> list[dict[str, object]]:
    return [
        {key: label, "coordinates": {"x": 1, "y": 1, "width": 2, "height": 2}} for label in found
    ]


def records(record: Callable[[str, Sequence[str]], object]) -> list[object]:
    return [record(stem, found) for stem, found in TRUTH.items()]


def via(found: Sequence[str]) -> list[dict[str, object]]:
    shape = {"name": "rect", "x": 1, "y": 1, "width": 3, "height": 3}
    return [{"shape_attributes": shape, "region_attributes": {"class": one}} for one in found]


LISTS: dict[str, Callable[[str, Sequence[str]], object]] = {
    "CreateML, classes": lambda stem, found: {"image": f"{stem}.png", "annotations": found},
    "CreateML, boxes": lambda stem, found: {"image": f"{stem}.png", "annotations": boxes(found)},
    "Hugging Face, labels": lambda stem, found: {"file_name": f"{stem}.png", "labels": found},
    "Hugging Face, text": lambda stem, found: {
        "file_name": f"{stem}.png",
        "text": ", ".join(found),
    },
    "Hugging Face, objects": lambda stem, found: {
        "file_name": f"{stem}.png",
        "objects": {"bbox": [[1, 2, 3, 4]] * len(found), "categories": found},
    },
    "doccano": lambda stem, found: {
        "id": 7,
        "filename": f"{stem}.png",
        "label": found,
        "Comments": [],
    },
    "Google": lambda stem, found: {
        "imageGcsUri": f"gs://bucket/{stem}.png",
        "classificationAnnotations": [{"displayName": label} for label in found],
    },
    "Amazon": lambda stem, found: {
        "source-ref": f"s3://bucket/{stem}.png",
        "job": [1, 2],
        "job-metadata": {
            "class-map": {str(i): one for i, one in enumerate(found)},
            "type": "multi",
        },
    },
    "VoTT": lambda stem, found: {
        "asset": {
            "id": "5e",
            "name": f"{stem}.png",
            "path": f"file:C:/x/{stem}.png",
            "format": "png",
        },
        "regions": [{"id": "a", "type": "RECTANGLE", "tags": found}],
    },
    "VGG": lambda stem, found: {
        "filename": f"{stem}.png",
        "size": 99,
        "regions": via(found),
        "file_attributes": {"caption": "", "public_domain": "no"},
    },
    "VGG, version 1": lambda stem, found: {
        "filename": f"{stem}.png",
        "regions": {str(number): one for number, one in enumerate(via(found))},
    },
    "LabelMe": lambda stem, found: {
        "imagePath": f"..\\set\\{stem}.png",
        "shapes": [{"label": one, "points": [[1, 2], [3, 4]]} for one in found],
        "imageData": "AAAA",
    },
    "Prodigy": lambda stem, found: {
        "image": f"{stem}.png",
        "options": [{"id": one, "text": one} for one in ALL],
        "accept": found,
        "answer": "accept",
    },
    "Amazon, one label": lambda stem, found: {
        "source-ref": f"s3://bucket/{stem}.png",
        "label": 1,
        "label-metadata": {"class-name": " | ".join(found), "confidence": 0.9, "type": "x"},
    },
    "Label Box": lambda stem, found: {
        "data_row": {"id": "c1", "external_id": f"{stem}.png", "row_data": "https://x/c1"},
        "projects": {
            "p1": {
                "labels": [
                    {
                        "annotations": {
                            "objects": [{"name": found[0], "bounding_box": {"top": 1}}],
                            "classifications": [
                                {"name": "kind?", "radio_answer": {"name": found[1]}}
                            ],
                        }
                    }
                ]
            }
        },
    },
    "FiftyOne": lambda stem, found: {
        "filepath": f"/data/x/{stem}.png",
        "tags": ["train"],
        "ground_truth": {"_cls": "Classifications", "classifications": boxes(found)},
    },
    "marks": lambda stem, found: {"path": stem, **{label: label in found for label in ALL}},
    "marks in an object": lambda stem, found: {
        "path": stem,
        "tags": {label: int(label in found) for label in ALL},
    },
    "two keys": lambda stem, found: {
        "photo": f"{stem}.png",
        "colour": next(one for one in found if one in COLOURS),
        "thing": next(one for one in found if one not in COLOURS),
    },
}


@pytest.mark.parametrize("record", LISTS.values(), ids=LISTS)
def test_lists_of_photos_are_read(
    folder: Path, record: Callable[[str, Sequence[str]], object]
) -> None:
    listed = records(record)
    assert read(write_json(folder / "l.json", listed)) == TRUTH
    assert read(write_json(folder / "n.json", {"info": {"version": 1}, "items": listed})) == TRUTH
    (folder / "l.jsonl").write_text("\n\n".join(map(json.dumps, listed)) + "\n")
    assert read(folder / "l.jsonl") == TRUTH
    rows = [("path", "labels"), *((s, json.dumps(r)) for s, r in zip(TRUTH, listed, strict=True))]
    assert len(rows) == 13


BY_NAME: dict[str, Callable[[Sequence[str]], object]] = {
    "lists": list,
    "texts": " ".join,
    "texts with commas": ", ".join,
    "objects": lambda found: {"labels": list(found), "width": 24},
    "boxes": lambda found: boxes(found, "category"),
    "marks": lambda found: {label: int(label in found) for label in ALL},
    "marks of the labels alone": lambda found: dict.fromkeys(found, True),
}


@pytest.mark.parametrize("value", BY_NAME.values(), ids=BY_NAME)
@pytest.mark.parametrize("name", ["{stem}.png", "{stem}"])
def test_labels_by_the_name_of_the_photo_are_read(
    folder: Path, name: str, value: Callable[[Sequence[str]], object]
) -> None:
    data = {name.format(stem=stem): value(found) for stem, found in TRUTH.items()}
    assert read(write_json(folder / "l.json", data)) == TRUTH


PANDAS: dict[str, Callable[[list[str], list[list[str]]], object]] = {
    "columns": lambda paths, found: {
        "path": {str(i): path for i, path in enumerate(paths)},
        "labels": {str(i): labels for i, labels in enumerate(found)},
    },
    "lists": lambda paths, found: {"image": paths, "tags": found},
    "split": lambda paths, found: {
        "columns": ["path", "labels"],
        "index": list(range(len(paths))),
        "data": [list(pair) for pair in zip(paths, found, strict=True)],
    },
    "index": lambda paths, found: {
        str(i): {"path": path, "labels": labels}
        for i, (path, labels) in enumerate(zip(paths, found, strict=True))
    },
    "by label": lambda paths, found: {
        label: [path for path, labels in zip(paths, found, strict=True) if label in labels]
        for label in ALL
    },
    "pairs": lambda paths, found: [list(pair) for pair in zip(paths, found, strict=True)],
    "inside": lambda paths, found: {
        "version": "1.0",
        "annotations": dict(zip(paths, found, strict=True)),
    },
}


@pytest.mark.parametrize("form", PANDAS.values(), ids=PANDAS)
def test_tables_in_json_are_read(
    folder: Path, form: Callable[[list[str], list[list[str]]], object]
) -> None:
    data = form([f"{stem}.png" for stem in TRUTH], [list(found) for found in TRUTH.values()])
    assert read(write_json(folder / "l.json", data)) == TRUTH


def test_projects_of_other_annotators_are_read(folder: Path) -> None:
    of_vgg = {
        f"{stem}.png99": {"filename": f"{stem}.png", "size": 99, "regions": via(found)}
        for stem, found in TRUTH.items()
    }
    project = {"_via_settings": {"ui": {}}, "_via_img_metadata": of_vgg, "_via_attributes": {}}
    assert read(write_json(folder / "v.json", of_vgg)) == TRUTH
    assert read(write_json(folder / "p.json", project)) == TRUTH
    frames = {f"{stem}.png": boxes(found, "tags") for stem, found in TRUTH.items()}
    assert read(write_json(folder / "f.json", {"frames": frames, "inputTags": "a,b"})) == TRUTH
    assets = {
        str(number): {"asset": {"name": f"{stem}.png"}, "regions": [{"tags": found}]}
        for number, (stem, found) in enumerate(TRUTH.items())
    }
    assert read(write_json(folder / "a.json", {"name": "x", "assets": assets})) == TRUTH


@pytest.mark.parametrize(
    "target",
    [
        lambda found: [ALL.index(label) for label in found],
        list,
        lambda found: [{"label": label, "bounding_box": [0, 0, 1, 1]} for label in found],
    ],
)
def test_fiftyones_labels_are_read(folder: Path, target: Callable[[Sequence[str]], object]) -> None:
    data = {"classes": ALL, "labels": {stem: target(found) for stem, found in TRUTH.items()}}
    assert read(write_json(folder / "labels.json", data)) == TRUTH


def test_datumaros_items_are_read(folder: Path) -> None:
    data: dict[str, Any] = {
        "info": {},
        "categories": {"label": {"labels": [{"name": label, "parent": ""} for label in ALL]}},
        "items": [
            {
                "id": f"x/{stem}",
                "annotations": [{"type": "label", "label_id": ALL.index(one)} for one in found],
                "image": {"path": f"{stem}.png", "size": [24, 24]},
            }
            for stem, found in TRUTH.items()
        ],
    }
    assert read(write_json(folder / "l.json", data)) == TRUTH
    for item in data["items"]:
        del item["image"]
    assert read(write_json(folder / "l.json", data)) == TRUTH
    data["categories"] = {}
    with pytest.raises(CommandError, match="has items, but no names of labels"):
        read(write_json(folder / "l.json", data))


def test_json_lines_under_another_name_are_read(folder: Path) -> None:
    listed = records(LISTS["doccano"])
    for name in ("l.txt", "l.csv", "l.json"):
        (folder / name).write_text("\n".join(map(json.dumps, listed)))
    assert read(folder / "l.txt") == TRUTH
    assert read(folder / "l.csv") == TRUTH
    assert read(folder / "l.json") == TRUTH


def test_the_keys_of_records_are_label_groups(folder: Path) -> None:
    found = labels.read(write_json(folder / "l.json", records(LISTS["two keys"])))
    assert found.groups[0] == LabelGroup("colour", COLOURS, is_colour=True)
    assert found.groups[1].name == "thing"


def test_options_name_the_keys(folder: Path) -> None:
    data = [
        {"a": f"{stem}.png", "image": "gone.png", "b": found, "labels": ["x"]}
        for stem, found in TRUTH.items()
    ]
    path = write_json(folder / "l.json", data)
    assert read(path, path_column="a", label_columns=["b"]) == TRUTH


def test_vectors_in_json_are_refused(folder: Path) -> None:
    data = [
        {"image": f"{stem}.png", "labels": [int(label in found) for label in ALL]}
        for stem, found in TRUTH.items()
    ]
    with pytest.raises(CommandError, match="holds only 0 and 1"):
        read(write_json(folder / "l.json", data))


def test_coco_images_have_the_categories_of_their_annotations(folder: Path) -> None:
    assert read(folder, write_json(folder / "coco.json", coco())) == TRUTH
    without = coco() | {"annotations": []}
    assert set(read(write_json(folder / "none.json", without)).values()) == {()}
    as_text = json.loads(json.dumps(coco()).replace('"image_id": 100', '"image_id": "100"'))
    assert read(write_json(folder / "ids.json", as_text)) == TRUTH
    several = coco()
    several["annotations"] = [
        {"image_id": i, "category_ids": [ALL.index(label) + 1 for label in found]}
        for i, found in enumerate(TRUTH.values(), 100)
    ]
    assert read(write_json(folder / "several.json", several)) == TRUTH
    inline = coco() | {"categories": []}
    inline["annotations"] = [
        {"image_id": i, "label": label}
        for i, found in enumerate(TRUTH.values(), 100)
        for label in found
    ]
    assert read(write_json(folder / "inline.json", inline)) == TRUTH


COCO_PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown category": (
        {"annotations": [{"image_id": 100, "category_id": 55}]},
        "image 1: n00.png has the unknown category 55; skipped",
    ),
    "an unknown image": (
        {"annotations": [{"image_id": 1, "category_id": 1}]},
        "annotation 1: there is no image with the id 1",
    ),
    "no photo": (
        {"images": [{"id": 1, "file_name": "gone.png"}, {"id": 2, "file_name": "n01.png"}]},
        "image 1: 'gone.png': no such file",
    ),
    "an id twice": (
        {"images": [{"id": 1, "file_name": "n00.png"}, {"id": 1, "file_name": "n01.png"}]},
        "image 2: has the same id 1 as image 1; skipped",
    ),
    "no name": (
        {"images": [{"id": 1, "file_name": "n00.png"}, {"id": 9}]},
        "image 2: has no id or no file_name; skipped",
    ),
}


@pytest.mark.parametrize(("changes", "warning"), COCO_PROBLEMS.values(), ids=COCO_PROBLEMS)
def test_what_cannot_be_used_in_coco_is_reported(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    warning: str,
) -> None:
    read(write_json(folder / "x.json", coco() | changes), max_unreadable=0.9)
    assert f"x.json, {warning}" in capsys.readouterr().err


UNUSABLE = {
    "empty": ("", "line 1: is not JSON"),
    "cut": ('{"images": [],\n', "line 2: is not JSON"),
    "an empty list": ("[]", "is an empty list"),
    "an empty object": ("{}", "neither COCO"),
    "a number": ("3", "neither COCO"),
    "settings": ('{"name": "x", "version": 3}', "none of its 2 items can be used"),
    "two lists": ('{"a": [{"x": 1}], "b": [{"y": 2}], "c": 3}', "neither COCO"),
    "numbers": ("[1, 2, 3]", "is not a list of photos"),
    "no images": (json.dumps(coco() | {"images": []}), "none of its 0 images can be used"),
    "a category": (json.dumps(coco() | {"categories": [{"id": 1}]}), "a category has no id or no"),
    "an annotation": (
        json.dumps(coco() | {"annotations": [{"id": 1}]}),
        "annotation 1 has no image_id",
    ),
    "captions": (
        json.dumps(coco() | {"annotations": [{"image_id": 100, "caption": "A lamp."}]}),
        "annotation 1 has no image_id, or neither category_id nor a label",
    ),
    "deep": ("[" * 100_000, "is nested too deeply"),
    "deep objects": ('{"a":' * 100_000, "is nested too deeply"),
    "a number of many digits": ("[" + "9" * 100_000 + "]", "is not a list of photos"),
    "a line of JSON Lines": ('{"image": "n00.png", "labels": "a"}\n{"image"\n', "line 2"),
}


@pytest.mark.parametrize(("text", "message"), UNUSABLE.values(), ids=UNUSABLE)
def test_an_unusable_json_file_is_one_error(folder: Path, text: str, message: str) -> None:
    (folder / "x.json").write_text(text)
    with pytest.raises(CommandError, match=r"x\.json") as raised:
        labels.read(folder, folder / "x.json", 0.5)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
