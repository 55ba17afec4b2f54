"""train.py --workers with real processes, some of which are killed."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.bars import RECIPE, bars, build_network
from support.cluster.commands import MANY, Result, assert_close, assert_same, read_until, training
from support.cluster.processes import Start, children, running, wait_for_end
from support.commands import ROOT, Run, call

from pyimagesearch.cluster.training import MappedArray, fit_with_workers
from pyimagesearch.console import CommandError
from pyimagesearch.training.checkpoint import Checkpoint
from pyimagesearch.training.loop import ignore

FEW = 12  # epochs; rounding errors grow with them


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.cluster
def test_two_workers_train_the_same_model_as_a_single_process(
    run_command: Run, table: Path, tmp_path: Path
) -> None:
    places = (single, pair) = tmp_path / "single", tmp_path / "pair"
    for place, workers in zip(places, ((), ("--workers", 2)), strict=True):
        place.mkdir()
        result = run_command("train.py", *training(table, FEW), *workers, cwd=place)
        assert result.returncode == 0, result.stderr
        epochs = [line for line in result.stderr.splitlines() if line.startswith("epoch ")]
        assert len(epochs) == FEW
    assert_close(Result(single), Result(pair))
    assert names(single) == names(pair)


@pytest.fixture
def start(table: Path, tmp_path: Path) -> Start:
    """Start training on `table` by two workers in `tmp_path`."""
    words = (*training(table, MANY), "--workers", 2)
    return lambda: running((sys.executable, ROOT / "train.py", *words), tmp_path)


@pytest.mark.cluster
@pytest.mark.parametrize("place", [0, 1])
def test_training_continues_if_a_worker_is_killed(
    uninterrupted: Result, tmp_path: Path, start: Start, place: int
) -> None:
    with start() as command:
        read_until(command, "epoch 3/")
        workers = sorted(children(command.pid, "RayTrainWorker"))
        assert len(workers) == 2
        os.kill(workers[place], signal.SIGKILL)
        assert command.stderr
        messages = command.stderr.read()
        assert command.wait(240) == 0, messages
    assert "warning: a worker was lost; all continue after epoch " in messages
    assert_same(Result(tmp_path), uninterrupted)


@pytest.mark.cluster
def test_a_killed_run_can_be_resumed_with_or_without_workers(
    run_command: Run,
    table: Path,
    uninterrupted: Result,
    tmp_path: Path,
    start: Start,
) -> None:
    with start() as command:
        read_until(command, "epoch 3/")
        orphans = children(command.pid, "RayTrainWorker")
        assert len(orphans) == 2
        command.kill()
    wait_for_end(orphans)
    checkpoint = (tmp_path / "fashion.model.checkpoint").read_bytes()
    for workers in ((), ("--workers", 2)):
        (tmp_path / "fashion.model.checkpoint").write_bytes(checkpoint)
        words = (*training(table, MANY), *workers, "--resume")
        result = run_command("train.py", *words, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert "continuing after epoch " in result.stderr
        assert f"epoch {MANY}/{MANY} " in result.stderr
        assert "epoch 1/" not in result.stderr
        assert Result(tmp_path).scores == pytest.approx(uninterrupted.scores, abs=0.05)
    assert_same(Result(tmp_path), uninterrupted)  # the same number of workers


@pytest.mark.parametrize(("batch", "workers"), [(16, 9), (64, 25)])
def test_more_workers_than_a_batch_or_the_validation_set_has_room_for_are_an_error(
    tmp_path: Path, batch: int, workers: int
) -> None:
    data, recipe = bars(96), replace(RECIPE, batch_size=batch)
    model = build_network(data, recipe)
    checkpoint = Checkpoint(tmp_path / "checkpoint", {})
    with pytest.raises(CommandError, match=f"--workers {workers}: each worker needs two photos"):
        fit_with_workers(model, data, recipe, ignore, checkpoint, workers, build_network)


def test_workers_are_not_allowed_with_folds(table: Path, tmp_path: Path) -> None:
    result = call("train.py", *training(table, FEW), "--workers", 2, "--folds", 2, cwd=tmp_path)
    assert result.returncode == 2
    assert "--workers: can only be used when a model is trained" in result.stderr


def test_a_mapped_array_is_found_in_its_file(tmp_path: Path) -> None:
    contents = np.arange(100, dtype=np.uint8)
    contents.tofile(tmp_path / "array")
    mapped = np.asarray(np.memmap(tmp_path / "array", np.uint8, mode="r"))[10:90].reshape(8, 2, 5)
    found = MappedArray.of(mapped[2:])
    assert found is not None
    np.testing.assert_array_equal(found.open(), contents[30:90].reshape(6, 2, 5))
    assert MappedArray.of(np.zeros(3)) is None
    assert MappedArray.of(mapped[:, 0]) is None
