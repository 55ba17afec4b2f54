import json
from pathlib import Path
from typing import Any

import pytest

from pyimagesearch import labels
from pyimagesearch.console import CommandError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with empty files of the names that the tests use."""
    (tmp_path / "img").mkdir()
    for name in ("a.jpg", "b.jpg", "img/c.jpg", "d e.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def read(folder: Path, data: object, share: float = 0.9) -> dict[str, str]:
    (folder / "x.json").write_text(json.dumps(data), encoding="utf-8")
    samples = labels.read(folder, folder / "x.json", share)
    return {s.path.relative_to(folder).as_posix(): "+".join(s.labels) for s in samples}


def coco(**changes: Any) -> dict[str, Any]:
    data: dict[str, Any] = {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 640},
            {"id": 8, "file_name": "b.jpg"},
            {"id": 9, "file_name": "img/c.jpg"},
        ],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9]},
            {"id": 2, "image_id": 7, "category_id": 1},
            {"id": 3, "image_id": 7, "category_id": 2},
            {"id": 4, "image_id": 9, "category_id": 2},
        ],
        "categories": [{"id": 1, "name": "dog"}, {"id": 2, "name": "traffic light"}],
    }
    return data | changes


def task(image: str, *answers: list[str], **more: object) -> dict[str, Any]:
    results = [
        {"result": [{"type": "choices", "value": {"choices": list(ticked)}}] if ticked else []}
        for ticked in answers
    ]
    return {"id": 1, "data": {"image": image}, "annotations": results, **more}


def test_coco_images_have_the_categories_of_their_annotations(folder: Path) -> None:
    expected = {"a.jpg": "dog+traffic light", "b.jpg": "", "img/c.jpg": "traffic light"}
    assert read(folder, coco()) == expected
    assert len(labels.read(folder / "x.json")) == 3  # by -d alone


@pytest.mark.parametrize(
    ("changes", "warning", "left"),
    [
        (
            {"annotations": [{"image_id": 7, "category_id": 5}]},
            "image 1: a.jpg has the unknown category 5; skipped",
            {"b.jpg": "", "img/c.jpg": ""},
        ),
        (
            {"annotations": [{"image_id": 70, "category_id": 1}]},
            "annotation 1: is of no image: image_id 70",
            {"a.jpg": "", "b.jpg": "", "img/c.jpg": ""},
        ),
        (
            {"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9, "file_name": "gone.jpg"}]},
            "image 2: 'gone.jpg': no such file; skipped",
            {"a.jpg": "dog+traffic light"},
        ),
        (
            {"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 7, "file_name": "b.jpg"}]},
            "image 2: has the id 7 of image 1; skipped",
            {"a.jpg": "dog+traffic light"},
        ),
        (
            {"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 9}]},
            "image 2: has no id or no file_name; skipped",
            {"a.jpg": "dog+traffic light"},
        ),
    ],
)
def test_a_coco_entry_that_cannot_be_used_is_named_and_left_out(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    warning: str,
    left: dict[str, str],
) -> None:
    assert read(folder, coco(**changes)) == left
    assert f"x.json, {warning}" in capsys.readouterr().err


def test_label_studio_tasks_have_the_choices_ticked(folder: Path) -> None:
    tasks = [
        task("/data/upload/3/0123abcd-a.jpg", ["red", "dress"]),
        task("/data/local-files/?d=img/c.jpg", ["red"], predictions=[]),
        task("s3://bucket/b.jpg", []),
        {"id": 4, "image": "https://host/x/d%20e.jpg", "choice": {"choices": ["red", "blue"]}},
    ]
    expected = {"a.jpg": "dress+red", "img/c.jpg": "red", "b.jpg": "", "d e.jpg": "blue+red"}
    assert read(folder, tasks) == expected
    assert read(folder, [{"image": "a.jpg", "choice": "red"}]) == {"a.jpg": "red"}


@pytest.mark.parametrize(
    ("broken", "warning"),
    [
        (task("b.jpg"), "task 2: b.jpg has no annotation; skipped"),
        (
            task("b.jpg", ["red"], ["blue"]),
            "task 2: b.jpg: its annotations contradict each other: blue and red; skipped",
        ),
        (task("gone.jpg", ["red"]), "task 2: 'gone.jpg': no such file; skipped"),
        (task("a.jpg", ["blue"]), "task 2: a.jpg has blue, but red in task 1; neither is used"),
        ({"data": {}, "annotations": []}, "task 2: is no task with an image and annotations"),
        ("text", "task 2: is no task with an image and annotations"),
    ],
)
def test_a_task_that_cannot_be_used_is_named_and_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str], broken: object, warning: str
) -> None:
    tasks = [task("a.jpg", ["red"]), broken, task("img/c.jpg", ["red"], ["red"])]
    assert read(folder, tasks)["img/c.jpg"] == "red"
    assert f"x.json, {warning}" in capsys.readouterr().err


def test_a_cancelled_annotation_does_not_count(folder: Path) -> None:
    entry = task("a.jpg", ["red"], ["blue"])
    entry["annotations"][1]["was_cancelled"] = True
    assert read(folder, [entry]) == {"a.jpg": "red"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: is not JSON"),
        ('{"images": [],\n', "line 2: is not JSON"),
        ("[]", "none of its 0 tasks can be used"),
        ("{}", "is neither COCO"),
        ("3", "is neither COCO"),
        (json.dumps(coco(images=[], annotations=[])), "none of its 0 images can be used"),
        (json.dumps(coco(categories=[{"id": 1}])), "a category without id or name"),
        (json.dumps(coco(annotations=[{"id": 1}])), "annotation 1 lacks image_id or category_id"),
    ],
)
def test_an_unusable_json_file_is_one_error(folder: Path, text: str, message: str) -> None:
    (folder / "x.json").write_text(text)
    with pytest.raises(CommandError, match=r"x\.json") as raised:
        labels.read(folder, folder / "x.json", 0.5)
    assert message in str(raised.value)
