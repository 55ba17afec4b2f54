import csv
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.pictures.plain import write_picture

import train
from pyimagesearch.cli import train_arguments
from pyimagesearch.console import CommandError
from pyimagesearch.evaluation import audit, contact_sheet
from pyimagesearch.labels import Sample
from pyimagesearch.tagger import Predictions

pytest.importorskip("cleanlab")
CLASSES = ("blue", "dress", "red", "shirt")


def photos(
    count: int, wrong: list[int]
) -> tuple[list[Sample], Predictions, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Photos that networks tell apart well, and labels of which those at `wrong` are swapped."""
    draw = np.random.default_rng(0)
    true = np.zeros((count, 4), bool)
    true[np.arange(count), np.arange(count) % 2 * 2] = True
    true[np.arange(count), np.arange(count) // 2 % 2 * 2 + 1] = True
    said = np.where(true, 0.95, 0.05) + draw.normal(0, 0.02, true.shape)
    given = true.copy()
    given[wrong] = given[wrong][:, [2, 1, 0, 3]]  # blue for red, red for blue
    samples = [
        Sample(Path(f"{number}.jpg"), tuple(np.array(CLASSES)[row]))
        for number, row in enumerate(given)
    ]
    said32 = said.clip(0, 1).astype(np.float32)
    return samples, Predictions(said32, said32, said32 > 0.5), given.astype(np.float32)


def test_wrong_labels_are_found_and_the_right_ones_suggested() -> None:
    samples, predictions, given = photos(80, wrong=[7, 20, 41])
    found = audit.find(samples, predictions, given, CLASSES)
    assert {one.sample.path.stem for one in found} == {"7", "20", "41"}
    for one in found:
        number = int(one.sample.path.stem)
        assert one.suggested == tuple(np.array(CLASSES)[predictions.predicted[number]])
        assert set(one.suggested) ^ set(one.sample.labels) == {"blue", "red"}
        assert 0 <= one.score < 0.5


def test_the_worst_come_first() -> None:
    samples, predictions, given = photos(80, wrong=[7, 20, 41])
    predictions.probabilities[20] = np.where(predictions.probabilities[20] > 0.5, 0.999, 0.001)
    found = audit.find(samples, predictions, given, CLASSES)
    assert found[0].sample.path.stem == "20"
    assert [one.score for one in found] == sorted(one.score for one in found)


def test_right_labels_are_not_suspected() -> None:
    assert audit.find(*photos(80, wrong=[]), CLASSES) == []


def test_the_csv_names_photos_from_its_own_folder_and_the_sheet_shows_them(tmp_path: Path) -> None:
    photo = write_picture(tmp_path / "photos" / "red_dress" / "a.png")
    found = [
        audit.LabelIssue(Sample(photo, ("dress", "red")), ("blue", "dress"), 0.01),
        audit.LabelIssue(Sample(photo, ("red",)), (), 0.2),
    ]
    path = tmp_path / "out" / "audit.csv"
    assert audit.write(found, path, 10**6) == [path, path.with_suffix(".png")]
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["path", "labels", "suggested", "score"],
        ["../photos/red_dress/a.png", "dress|red", "blue|dress", "0.0100"],
        ["../photos/red_dress/a.png", "red", "", "0.2000"],
    ]
    sheet = cv2.imread(str(path.with_suffix(".png")))
    assert sheet is not None
    is_red = np.asarray(sheet[..., 2].astype(int) - sheet[..., 0] > 100)  # as the photo is
    shares = [half.mean() for half in np.split(is_red, contact_sheet.COLUMNS, axis=1)]
    assert [share > 0.5 for share in shares] == [True, True, False, False, False, False]


def test_photos_of_any_shape_fit_their_tile() -> None:
    shapes = [(3, 900), (900, 3), (50, 50), (1, 1)]
    tiles = {
        contact_sheet.tile(np.zeros((*shape, 3), np.uint8), ("a", "b")).shape for shape in shapes
    }
    assert len(tiles) == 1


def test_without_cleanlab_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.check(tmp_path / "audit.csv")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match=r"pip install -r requirements-audit\.txt"):
        audit.check(tmp_path / "audit.csv")


def test_a_file_that_is_no_audit_is_not_written_over(tmp_path: Path) -> None:
    labels, sheet = tmp_path / "photos.csv", tmp_path / "new.png"
    labels.write_text("path,labels\na.jpg,red\n")
    with pytest.raises(CommandError, match=r"photos\.csv is there and of no earlier audit; name"):
        audit.check(labels)
    sheet.touch()
    with pytest.raises(CommandError, match=r"new\.png is there and of no earlier audit"):
        audit.check(sheet.with_suffix(".csv"))
    audit.write([], sheet.with_suffix(".csv"), 10**6)
    audit.check(sheet.with_suffix(".csv"))


def test_a_label_that_a_csv_cannot_hold_is_an_error_before_the_training(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"the label 'a\|b' has a \|"):
        audit.check(tmp_path / "audit.csv", {"a|b": 3, "c": 4})


def test_pictures_of_an_older_audit_do_not_stay_beside_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "audit.png").touch()
    assert audit.write([], tmp_path / "audit.csv", 10**6) == [tmp_path / "audit.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-d", "labels.csv", "--audit", "labels.csv"), "is given for --dataset and for --audit"),
        (("--labels", "labels.csv", "--audit", "labels.csv"), "for --labels and for --audit"),
        (("--audit", "x.png"), "x.png: is given for --audit and for the pictures of --audit"),
        (("-d", "labels.csv", "--export-labels", "labels.csv"), "and for --export-labels"),
        (("-p", "dataset/red/plot.png"), "is in the folder of photos dataset"),
        (("-m", "x", "--metrics", "x"), "x: is given for --model and for --metrics"),
        (("-m", "loop"), "loop: cannot be written"),
    ],
)
def test_one_place_for_two_files_is_an_error_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("red", "blue"):
        write_picture(tmp_path / "dataset" / name / "a.png")
    Path("labels.csv").write_text("path,labels\ndataset/red/a.png,red\ndataset/blue/a.png,blue\n")
    Path("loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CommandError, match=message):
        train.run(train_arguments.parse(flags))
    assert sorted(tmp_path.iterdir()) == before


def test_train_audit_lists_suspicious_photos_and_saves_no_model(
    tiny_dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(audit, "FOLDS", 2)
    monkeypatch.chdir(tmp_path)
    flags = ("--epochs", "1", "--image-size", "24", "--audit")
    train.run(train_arguments.parse(["-d", str(tiny_dataset), *flags]))
    with Path("audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows)} of 60 photos are predicted to have other labels" in capsys.readouterr().out
    assert 0 < len(rows) <= 60
    for row in rows:
        assert row["labels"] != row["suggested"]
        assert set(Path(row["path"]).parent.name.split("_")) == set(row["labels"].split("|"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", "audit.csv", "audit.png"]
