"""Runs of train.py that are stopped by signals and continued with --resume."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.commands import ROOT, call, one_line_error
from support.models import scores, weights
from support.tables import LABELS, table, write_csv

import train
from pyimagesearch.cli import train_arguments
from pyimagesearch.data.dataset import split
from pyimagesearch.training import checkpoint

# train.py, which sends itself a signal after an epoch is saved, or while it is being saved.
SIGNALLED = """
import os, signal, sys
import numpy as np
from pyimagesearch.training.checkpoint import Checkpoint
import train

number, epoch, when = signal.Signals[sys.argv[1]], int(sys.argv[2]), sys.argv[3]
save, write = Checkpoint.save, np.savez

def save_with_signal(self, state):
    if len(state.epochs) == epoch and when == "during":
        np.savez = write_half
    save(self, state)
    if len(state.epochs) == epoch:
        os.kill(os.getpid(), number)

def write_half(file, **arrays):
    write(file, **dict(list(arrays.items())[::2]))
    file.flush()
    os.kill(os.getpid(), number)

Checkpoint.save = save_with_signal
sys.argv = ["train.py", *sys.argv[4:]]
sys.exit(train.main())
"""
FLAGS = ("-d", "table.csv", "--label-columns", ",".join(LABELS), "--epochs", "3")


def run_signalled(
    folder: Path, number: signal.Signals, epoch: int, when: str, *flags: str
) -> subprocess.CompletedProcess[str]:
    """Run train.py in `folder` until a signal ends it after, or during, the save of an epoch."""
    return subprocess.run(
        [sys.executable, "-c", SIGNALLED, number.name, str(epoch), when, *FLAGS, *flags],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_run_that_is_stopped_and_killed_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    folder, uninterrupted = tmp_path / "stopped", tmp_path / "uninterrupted"
    for place in (folder, uninterrupted):
        place.mkdir()
        write_csv(place / "table.csv", *table(100), LABELS)

    stopped = run_signalled(folder, signal.SIGINT, 1, "after")
    assert stopped.returncode == 130, stopped.stderr
    assert stopped.stderr.splitlines()[-1] == "train.py: stopped; --resume continues after epoch 1"
    assert names(folder) == ["fashion.model.checkpoint", "table.csv"]

    other = call("train.py", *FLAGS, "--resume", "--seed", 7, cwd=folder)
    error = "checkpoint: belongs to another run: seed 42, not 7, training inputs"
    assert error in one_line_error(other)

    killed = run_signalled(folder, signal.SIGKILL, 2, "during", "--resume")
    assert killed.returncode == -signal.SIGKILL
    assert "continuing after epoch 1" in killed.stderr
    assert any(name.startswith(".fashion.model.checkpoint.unfinished-") for name in names(folder))
    assert "fashion.model.checkpoint" in names(folder)

    for place, flags in ((folder, ("--resume",)), (uninterrupted, ())):
        result = call("train.py", *FLAGS, *flags, cwd=place)
        assert result.returncode == 0, result.stderr
    assert names(folder) == names(uninterrupted)
    for one, same in zip(weights(folder), weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(one, same)
    assert scores(folder) == scores(uninterrupted)


def test_copying_the_photos_in_another_order_does_not_change_the_run(
    tiny_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for photo in sorted(tiny_dataset.rglob("*.*"), reverse=True):
        copy = tmp_path / photo.relative_to(tiny_dataset)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(photo, copy)
    monkeypatch.chdir(tmp_path.parent)
    identities = []
    for dataset in (tiny_dataset, tmp_path):
        options = train_arguments.parse(
            ["-d", str(dataset), "--image-size", "16", "--weights", "none"]
        )
        data, _, recipe = train.load(options)
        identities.append(checkpoint.identify(split(data, recipe.validation, recipe.seed), recipe))
    assert identities[0] == identities[1]
