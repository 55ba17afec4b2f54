import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pyimagesearch.evaluation import metrics_json
from pyimagesearch.scoring import metrics

SCORES = metrics.score(np.eye(3) * 0.9, np.eye(3), np.eye(3), ("a", "b", "c"))


def test_it_holds_the_scores_the_settings_and_the_versions(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    metrics_json.write(path, SCORES, {"seed": 7, "flags": {"dataset": Path("photos")}})
    record = json.loads(path.read_text())
    assert record["scores"]["overall"]["exact match"] == 1
    assert record["scores"]["labels"][2]["label"] == "c"
    assert record["seed"] == 7
    assert record["flags"] == {"dataset": "photos"}
    assert record["versions"]["numpy"] == np.__version__
    assert record["versions"]["opencv"] == cv2.__version__


def test_a_score_that_cannot_be_computed_is_null(tmp_path: Path) -> None:
    labels = (replace(SCORES.labels[0], average_precision=float("nan")),)
    metrics_json.write(tmp_path / "m.json", replace(SCORES, labels=labels), {})
    record = json.loads((tmp_path / "m.json").read_text())
    assert record["scores"]["labels"][0]["average_precision"] is None


def test_an_older_file_is_unchanged_if_a_value_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        metrics_json.write(path, SCORES, {"seed": object()})
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
