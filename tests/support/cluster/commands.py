"""How the tests call train.py and classify.py with --workers, and what these write."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import parquet
from support import models

PARTS = 24  # of the folder `photos`
MANY = 60  # epochs, enough time to kill something
LABELS = ("red", "big", "far")  # of the file `table`


def training(table: Path, epochs: int) -> tuple[object, ...]:
    """Return the arguments of train.py for `table`."""
    words = ("-d", table, "--label-columns", ",".join(LABELS), "--epochs", epochs)
    return (*words, "--batch-size", 25)


def read_until(command: subprocess.Popen[str], start: str) -> None:
    """Read the stderr of `command` up to a line that begins with `start`."""
    assert command.stderr
    assert any(line.startswith(start) for line in command.stderr), f"{start} was never printed"


@dataclass(frozen=True)
class Result:
    """What a run of train.py wrote into its folder."""

    folder: Path

    @property
    def weights(self) -> list[np.ndarray]:
        return models.weights(self.folder)

    @property
    def scores(self) -> dict[str, Any]:
        return models.scores(self.folder)


def assert_close(one: Result, other: Result) -> None:
    """Check that two trainings differ by rounding only."""
    for left, right in zip(one.weights, other.weights, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-4)
    assert one.scores == pytest.approx(other.scores, abs=1e-4)


def assert_same(one: Result, other: Result) -> None:
    """Check that two trainings have exactly the same weights."""
    for left, right in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(left, right)
    assert one.scores == other.scores


def read(output: Path) -> list[dict[str, Any]]:
    """Return the rows that classify.py --workers wrote."""
    rows: list[dict[str, Any]] = parquet.read_table(output).to_pylist()
    return rows


def finished_parts(output: Path) -> int:
    """Return how many parts of the output are written."""
    return len(list(output.glob("part-*")))


def assert_same_rows(output: Path, single: subprocess.CompletedProcess[str]) -> None:
    """Check that `output` holds the rows that `single`, classify.py --json, printed."""
    rows = read(output)
    expected = [json.loads(line) for line in single.stdout.splitlines()]
    assert [row["image"] for row in rows] == [row["image"] for row in expected]
    for one, other in zip(rows, expected, strict=True):
        assert one["error"] == other.get("error")
        assert one["tags"] == other.get("tags")
        assert one["new_combination"] == other.get("new_combination")
        assert one["unknown_groups"] == other.get("unknown_groups")
        if one["error"] is None:
            assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)
