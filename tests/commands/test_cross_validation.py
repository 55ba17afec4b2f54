"""train.py --folds, --leave-one-pair-out and --audit."""

import csv
from pathlib import Path

import numpy as np
import pytest
from support.commands import call
from support.tables import LABELS, table, write_csv

from pyimagesearch.evaluation import audit


def sizes_of_folds(output: str) -> dict[str, int]:
    """Return how many rows or photos each fold has in the table that `output` contains."""
    rows = output.partition("not trained on")[2].partition("mean and")[0].splitlines()[1:]
    words = (row.split() for row in rows)
    return {" ".join(fold): int(size) for *fold, size, _, _ in words}


def test_folds_predict_every_row_once_and_save_nothing(tmp_path: Path) -> None:
    write_csv(tmp_path / "table.csv", *table(60), LABELS)
    labels = ("--label-columns", ",".join(LABELS))
    result = call("train.py", "-d", "table.csv", *labels, "--folds", 2, "--epochs", 1, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sizes_of_folds(result.stdout) == {"fold 1": 30, "fold 2": 30}
    assert "mean and standard deviation 0." in result.stdout
    assert "60 rows" in result.stdout.partition("all of them together")[2]
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_leave_one_pair_out_predicts_all_rows_of_each_pair(tmp_path: Path) -> None:
    features, _ = table(60)
    labels = ("blue", "dress", "red", "shirt")
    is_red, is_shirt = np.arange(60) % 2, np.arange(60) // 2 % 2
    targets = np.stack([1 - is_red, 1 - is_shirt, is_red, is_shirt], axis=1)
    write_csv(tmp_path / "table.csv", features, targets.astype(np.float32), labels)
    result = call(
        *("train.py", "-d", "table.csv", "--label-columns", ",".join(labels)),
        *("--leave-one-pair-out", "--epochs", 1),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    pairs = ("blue + dress", "blue + shirt", "dress + red", "red + shirt")
    assert sizes_of_folds(result.stdout) == dict.fromkeys(pairs, 15)
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_audit_lists_suspicious_photos_and_saves_no_model(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("cleanlab")
    monkeypatch.setattr(audit, "FOLDS", 2)
    settings = ("--architecture", "smallervggnet", "--epochs", 1, "--image-size", 16)
    result = call("train.py", "-d", tiny_dataset, *settings, "--audit", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert sizes_of_folds(result.stdout) == {"fold 1": 30, "fold 2": 30}
    with (tmp_path / "audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert f"{len(rows)} of 60 photos are predicted to have other labels" in result.stdout
    assert 0 < len(rows) <= 60
    for row in rows:
        assert row["labels"] != row["suggested"]
        assert set(Path(row["path"]).parent.name.split("_")) == set(row["labels"].split("|"))
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == [".cache", "audit.csv", "audit.png"]
