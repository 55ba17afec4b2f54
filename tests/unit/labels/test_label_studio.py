"""Label Studio's exports: JSON, JSON-MIN and CSV, with any questions."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import COLOURS, THINGS, TRUTH, read, touch, write_json, write_rows

from pyimagesearch import labels
from pyimagesearch.labels.groups import LabelGroup

GROUPS = (LabelGroup("hue", COLOURS, is_colour=True), LabelGroup("what", THINGS, is_colour=False))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "set")
    return tmp_path / "set"


def result(kind: str, values: object, question: str = "q") -> dict[str, Any]:
    region = {"x": 1, "y": 1, "width": 9, "height": 9}
    value = {kind: values} if kind in ("choices", "taxonomy") else {**region, kind: values}
    return {"value": value, "from_name": question, "to_name": "image", "type": kind}


def task(stem: str, *annotations: Sequence[dict[str, Any]], **more: object) -> dict[str, Any]:
    image = f"/data/upload/3/0a1b2c3d-{stem}.png"
    listed = [{"id": 1, "was_cancelled": False, "result": list(one)} for one in annotations]
    return {"id": 1, "data": {"image": image}, "annotations": listed, "predictions": [], **more}


def colour_of(found: Sequence[str]) -> str:
    return next(label for label in found if label in COLOURS)


def thing_of(found: Sequence[str]) -> str:
    return next(label for label in found if label in THINGS)


ANSWERS: dict[str, Callable[[Sequence[str]], list[dict[str, Any]]]] = {
    "choices": lambda found: [result("choices", found)],
    "two questions": lambda found: [
        result("choices", [colour_of(found)], "hue"),
        result("choices", [thing_of(found)], "what"),
    ],
    "boxes": lambda found: [result("rectanglelabels", [label]) for label in found],
    "polygons": lambda found: [result("polygonlabels", [label]) for label in found],
    "brushes and points": lambda found: [
        result("brushlabels", [found[0]]),
        result("keypointlabels", [found[1]]),
    ],
    "labels": lambda found: [result("labels", found)],
    "taxonomy": lambda found: [
        result("taxonomy", [["hue", colour_of(found)], ["what", thing_of(found)]])
    ],
    "taxonomy of one level": lambda found: [result("taxonomy", [[label] for label in found])],
    "a box and a choice": lambda found: [
        result("rectanglelabels", [found[0]], "box"),
        result("choices", [found[1]], "tag"),
    ],
    "other answers too": lambda found: [
        result("choices", found),
        {"value": {"text": ["a remark"]}, "from_name": "note", "type": "textarea"},
        {"value": {"rating": 1}, "from_name": "stars", "type": "rating"},
    ],
}


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_all_labels_of_a_task_are_read(
    folder: Path, answers: Callable[[Sequence[str]], list[dict[str, Any]]]
) -> None:
    tasks = [task(stem, answers(found)) for stem, found in TRUTH.items()]
    assert read(write_json(folder / "l.json", tasks)) == TRUTH
    old = json.loads(json.dumps(tasks).replace('"annotations"', '"completions"'))
    assert read(write_json(folder / "o.json", old)) == TRUTH


def test_questions_with_one_answer_are_label_groups(folder: Path) -> None:
    tasks = [task(stem, ANSWERS["two questions"](found)) for stem, found in TRUTH.items()]
    assert labels.read(write_json(folder / "l.json", tasks)).groups == GROUPS


REFERENCES = (
    *("/data/upload/3/0a1b2c3d-{stem}.png", "/data/local-files/?d=set/{stem}.png"),
    *("/data/local-files/?d=set\\{stem}.png", "s3://bucket/{stem}.png", "{stem}.png"),
    *("https://host/x/{stem}.png?token=1", "C:\\photos\\{stem}.png"),
)


@pytest.mark.parametrize("reference", REFERENCES)
@pytest.mark.parametrize("key", ["image", "img", "picture_of_it"])
def test_the_reference_to_the_photo_is_found(folder: Path, key: str, reference: str) -> None:
    tasks = [
        {
            "data": {"note": "see below", key: reference.format(stem=stem)},
            "annotations": [{"result": [result("choices", found)]}],
        }
        for stem, found in TRUTH.items()
    ]
    assert read(write_json(folder / "l.json", tasks)) == TRUTH


MIN: dict[str, Callable[[Sequence[str]], dict[str, object]]] = {
    "choices": lambda found: {"choice": {"choices": found}},
    "two questions": lambda found: {
        "hue": colour_of(found),
        "what": {"choices": [thing_of(found)]},
    },
    "one called choice": lambda found: {"choice": colour_of(found), "what": thing_of(found)},
    "boxes": lambda found: {
        "label": [{"x": 1, "y": 2, "width": 3, "rectanglelabels": [label]} for label in found]
    },
    "a question called box": lambda found: {
        "box": [{"x": 1, "y": 2, "rectanglelabels": [label]} for label in found],
        "note": "nice",
    },
    "a question called year": lambda found: {"year": {"choices": found}},
    "taxonomy": lambda found: {"kind": [["hue", colour_of(found)], ["what", thing_of(found)]]},
}


@pytest.mark.parametrize("answers", MIN.values(), ids=MIN)
def test_json_min_and_csv_have_the_answers_to_all_questions(
    folder: Path, answers: Callable[[Sequence[str]], dict[str, object]]
) -> None:
    rows = [
        {
            "image": f"/data/upload/3/0a1b2c3d-{stem}.png",
            "id": number,
            **answers(found),
            "annotator": 1 + number % 2,
            "annotation_id": number,
            "created_at": "2024-05-01T10:00:00.1Z",
            "updated_at": "2024-05-01T10:00:00.1Z",
            "lead_time": 3.1,
        }
        for number, (stem, found) in enumerate(TRUTH.items())
    ]
    assert read(write_json(folder / "min.json", rows)) == TRUTH
    cells = [
        [value if isinstance(value, str) else json.dumps(value) for value in row.values()]
        for row in rows
    ]
    assert read(write_rows(folder / "l.csv", [list(rows[0]), *cells])) == TRUTH


PROBLEMS: dict[str, tuple[object, str]] = {
    "no annotation": (task("n01"), "task 2: /data/upload/3/0a1b2c3d-n01.png has no annotation"),
    "no photo": (task("gone", [result("choices", ["x"])]), "0a1b2c3d-gone.png': no such file"),
    "no image": ({"data": {}, "annotations": []}, "task 2: is not a task with an image"),
    "no task": ("text", "task 2: is not a task with an image"),
    "no result": ({"data": {"image": "n01.png"}, "annotations": [{}]}, "task 2: is not a task"),
}


@pytest.mark.parametrize(("broken", "warning"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_task_that_cannot_be_used_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str], broken: object, warning: str
) -> None:
    tasks = [task("n00", [result("choices", ["red"])]), broken, task("n02", [])]
    found = read(write_json(folder / "x.json", tasks), max_unreadable=0.9)
    assert found == {"n00": ("red",), "n02": ()}
    assert warning in capsys.readouterr().err


DISAGREEING = {
    "two annotators": [task("n00", [result("choices", ["red"])], [result("choices", ["blue"])])],
    "two tasks": [
        task("n00", [result("choices", ["red"])]),
        task("n00", [result("choices", ["blue"])]),
    ],
    "one of them none": [task("n00", [result("choices", ["red"])], [])],
}


@pytest.mark.parametrize("tasks", DISAGREEING.values(), ids=DISAGREEING)
def test_annotators_who_disagree_contradict_each_other(
    folder: Path, capsys: pytest.CaptureFixture[str], tasks: list[dict[str, Any]]
) -> None:
    others = [task("n01", [result("choices", ["blue"])], [result("choices", ["blue"])])]
    path = write_json(folder / "x.json", [*tasks, *others])
    assert read(path, max_unreadable=0.9) == {"n01": ("blue",)}
    assert "the photo is not used; skipped" in capsys.readouterr().err


def test_annotators_of_different_questions_do_not_contradict_each_other(folder: Path) -> None:
    one = [result("choices", ["red"], "hue")]
    two = [result("choices", ["hat"], "what")]
    assert read(write_json(folder / "x.json", [task("n00", one, two)])) == {"n00": ("hat", "red")}


def test_a_cancelled_annotation_does_not_count(folder: Path) -> None:
    entry = task("n00", [result("choices", ["red"])], [result("choices", ["blue"])])
    entry["annotations"][1]["was_cancelled"] = True
    assert read(write_json(folder / "x.json", [entry])) == {"n00": ("red",)}


def test_predictions_are_not_annotations(folder: Path) -> None:
    done = task("n00", [result("choices", ["red"])])
    guessed = task("n01", predictions=[{"result": [result("choices", ["blue"])]}])
    path = write_json(folder / "x.json", [done, guessed])
    assert read(path, max_unreadable=0.9) == {"n00": ("red",)}
