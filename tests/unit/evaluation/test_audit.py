import csv
import importlib.util
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.pictures.plain import write_picture

from pyimagesearch.console import CommandError
from pyimagesearch.evaluation import audit, contact_sheet
from pyimagesearch.labels import Sample
from pyimagesearch.tagger import Predictions

pytest.importorskip("cleanlab")
CLASSES = ("blue", "dress", "red", "shirt")


def photos(
    count: int, wrong: list[int]
) -> tuple[list[Sample], Predictions, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Return samples, good predictions, and targets with wrong labels at the indices `wrong`."""
    draw = np.random.default_rng(0)
    true = np.zeros((count, 4), bool)
    true[np.arange(count), np.arange(count) % 2 * 2] = True
    true[np.arange(count), np.arange(count) // 2 % 2 * 2 + 1] = True
    probabilities = np.where(true, 0.95, 0.05) + draw.normal(0, 0.02, true.shape)
    given = true.copy()
    given[wrong] = given[wrong][:, [2, 1, 0, 3]]  # blue and red are swapped
    samples = [
        Sample(Path(f"{number}.jpg"), tuple(np.array(CLASSES)[row]))
        for number, row in enumerate(given)
    ]
    clipped = probabilities.clip(0, 1).astype(np.float32)
    return samples, Predictions(clipped, clipped, clipped > 0.5), given.astype(np.float32)


def test_wrong_labels_are_found_and_the_right_ones_suggested() -> None:
    samples, predictions, given = photos(80, wrong=[7, 20, 41])
    found = audit.find(samples, predictions, given, CLASSES)
    assert {one.sample.path.stem for one in found} == {"7", "20", "41"}
    for one in found:
        number = int(one.sample.path.stem)
        assert one.suggested == tuple(np.array(CLASSES)[predictions.predicted[number]])
        assert set(one.suggested) ^ set(one.sample.labels) == {"blue", "red"}
        assert 0 <= one.score < 0.5


def test_the_most_suspicious_samples_come_first() -> None:
    samples, predictions, given = photos(80, wrong=[7, 20, 41])
    predictions.probabilities[20] = np.where(predictions.probabilities[20] > 0.5, 0.999, 0.001)
    found = audit.find(samples, predictions, given, CLASSES)
    assert found[0].sample.path.stem == "20"
    assert [one.score for one in found] == sorted(one.score for one in found)


def test_right_labels_are_not_reported() -> None:
    assert audit.find(*photos(80, wrong=[]), CLASSES) == []


def test_paths_in_the_csv_are_relative_to_its_folder_and_the_contact_sheet_shows_the_photos(
    tmp_path: Path,
) -> None:
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
    is_red = np.asarray(sheet[..., 2].astype(int) - sheet[..., 0] > 100)  # like the photo
    has_photo = [tile.mean() > 0.5 for tile in np.split(is_red, contact_sheet.COLUMNS, axis=1)]
    assert has_photo == [True, True, False, False, False, False]


def test_if_cleanlab_is_missing_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit.check(tmp_path / "audit.csv")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CommandError, match=r"pip install -r requirements-audit\.txt"):
        audit.check(tmp_path / "audit.csv")


def test_a_file_that_is_not_an_earlier_audit_is_not_overwritten(tmp_path: Path) -> None:
    labels, sheet = tmp_path / "photos.csv", tmp_path / "new.png"
    labels.write_text("path,labels\na.jpg,red\n")
    with pytest.raises(
        CommandError, match=r"photos\.csv exists and is not from an earlier audit; choose"
    ):
        audit.check(labels)
    sheet.touch()
    with pytest.raises(CommandError, match=r"new\.png exists and is not from an earlier"):
        audit.check(sheet.with_suffix(".csv"))
    audit.write([], sheet.with_suffix(".csv"), 10**6)
    audit.check(sheet.with_suffix(".csv"))


def test_a_label_that_a_csv_cannot_hold_is_an_error_before_training(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"the label 'a\|b' has a \|"):
        audit.check(tmp_path / "audit.csv", {"a|b": 3, "c": 4})


def test_the_pictures_of_an_earlier_audit_are_removed_if_nothing_is_suspicious(
    tmp_path: Path,
) -> None:
    (tmp_path / "audit.png").touch()
    assert audit.write([], tmp_path / "audit.csv", 10**6) == [tmp_path / "audit.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["audit.csv"]
