"""Labels written as CSV and as tasks of Label Studio, and read back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import TRUTH, by_stem, touch

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample
from pyimagesearch.labels.export import (
    label_studio_config,
    label_studio_task,
    write_label_studio,
)
from pyimagesearch.labels.groups import LabelGroup

COLOUR = LabelGroup("colour", ("amber", "plum"), is_colour=True)

WRITTEN: list[tuple[str, ...]] = [
    ("dress", "red"),
    ("science fiction",),
    ("drama", "film, noir"),
    ("a;b", "c#d"),
    ("N/A",),
    ("none",),
    ("[x]", "y's"),
    ("青",),
    (),
]


@pytest.mark.parametrize("names", WRITTEN, ids=str)
def test_what_is_written_as_csv_is_read_back(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / name).touch()
    samples = [Sample(tmp_path / "a.jpg", tuple(sorted(names))), Sample(tmp_path / "b.jpg", ())]
    samples.append(Sample(tmp_path / "c.jpg", ("red",)))
    labels.write_csv(samples, tmp_path / "new" / "out.csv")
    back = labels.read(tmp_path / "new" / "out.csv").samples
    assert [sample.labels for sample in back] == [sample.labels for sample in samples]
    assert [s.path.resolve() for s in back] == [s.path.resolve() for s in samples]


def test_a_split_is_written_and_read_back(tmp_path: Path) -> None:
    parts: Sequence[labels.Split] = ("train", "validation", "test")
    samples = [
        Sample(path, TRUTH[path.stem], parts[number % 3])
        for number, path in enumerate(touch(tmp_path))
    ]
    labels.write_csv(samples, tmp_path / "out.csv")
    assert labels.read(tmp_path / "out.csv").samples == samples


def test_a_label_with_a_bar_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"has a \|, which separates labels"):
        labels.write_csv([Sample(tmp_path / "a.jpg", ("a|b",))], tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()


def make_tasks(root: Path) -> tuple[list[dict[str, Any]], str]:
    probabilities = {"amber": 0.8, "plum": 0.2, "lamp": 0.9, "sofa": 0.6, "<&>": 0.1}
    tasks = [
        label_studio_task(path, probabilities, chosen, [COLOUR], root, "fashion.model")
        for path, chosen in zip(
            touch(root, "set/{stem}.png"),
            [["amber", "lamp", "sofa"], ["lamp"], []] * 4,
            strict=True,
        )
    ]
    return tasks, label_studio_config(sorted(probabilities), [COLOUR])


def test_a_task_has_a_question_for_each_label_group_and_one_for_the_others(tmp_path: Path) -> None:
    tasks, config = make_tasks(tmp_path)
    assert tasks[0]["data"] == {"image": "/data/local-files/?d=set/n00.png"}
    (prediction,) = tasks[0]["predictions"]
    assert prediction["model_version"] == "fashion.model"
    assert prediction["score"] == 0.6
    assert [(r["from_name"], r["value"]["choices"]) for r in prediction["result"]] == [
        ("colour", ["amber"]),
        ("labels", ["lamp", "sofa"]),
    ]
    assert tasks[2]["predictions"][0]["result"] == []
    assert '<Choices name="colour" toName="image" choice="single">' in config
    assert '<Choices name="labels" toName="image" choice="multiple">' in config
    assert '<Choice value="&lt;&amp;&gt;"/>' in config


def test_label_studios_own_check_takes_the_tasks(tmp_path: Path) -> None:
    # It wants an older NumPy and OpenCV: pip install --target FOLDER label-studio-sdk, and run
    # this test with PYTHONPATH=FOLDER.
    interface = pytest.importorskip("label_studio_sdk.label_interface")
    tasks, config = make_tasks(tmp_path)
    checked = interface.LabelInterface(config)
    checked.validate()
    for task in tasks:
        assert checked.validate_task({"data": task["data"]})
        assert checked.validate_prediction(task["predictions"][0], return_errors=True) == []
    wrong = {"result": [{**tasks[0]["predictions"][0]["result"][0], "from_name": "nothing"}]}
    assert checked.validate_prediction(wrong, return_errors=True) != []


def test_corrected_tasks_are_read_back(tmp_path: Path) -> None:
    tasks, config = make_tasks(tmp_path)
    interface = write_label_studio(tasks, config, tmp_path / "tasks.json")
    assert interface == tmp_path / "tasks.xml"
    assert interface.read_text() == config
    exported = json.loads((tmp_path / "tasks.json").read_text())
    for task in exported:
        task["annotations"] = [{"result": task["predictions"][0]["result"]}]
    (tmp_path / "tasks.json").write_text(json.dumps(exported))
    found = labels.read(tmp_path / "tasks.json")
    assert set(by_stem(found).values()) == {("amber", "lamp", "sofa"), ("lamp",), ()}


def test_a_photo_outside_the_folder_of_label_studio_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"a\.jpg: is not below .*set, the folder that Label"):
        label_studio_task(tmp_path / "a.jpg", {"x": 0.5}, ["x"], [], tmp_path / "set", "m")
