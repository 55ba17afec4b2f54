"""Runs of train.py that are stopped, killed and taken up again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.commands import ROOT, Trained
from support.models import weights

import train
from pyimagesearch.cli import train_arguments
from pyimagesearch.console import CommandError

# train.py that gets a signal when so many of its epochs are kept, or half-way through keeping one.
SIGNALLED = """
import os, signal, sys
import numpy as np
from pyimagesearch.training.checkpoint import Checkpoint
import train

number, epoch, when = signal.Signals[sys.argv[1]], int(sys.argv[2]), sys.argv[3]
save, write = Checkpoint.save, np.savez

def save_with_signal(self, state):
    if len(state.epochs) == epoch and when == "half-way":
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


def arguments(folder: Path) -> list[str]:
    """Those of the fixture `trained`, for other places."""
    files = {"d": "dataset", "m": "fashion.model", "l": "mlb.pickle", "p": "plot.png"}
    named = [text for flag, name in files.items() for text in (f"-{flag}", str(folder / name))]
    return [*named, "--cache", str(folder / ".cache"), "--epochs", "3", "--image-size", "48"]


def signalled(
    folder: Path, number: signal.Signals, after_epoch: int, when: str, *flags: str
) -> subprocess.CompletedProcess[str]:
    """Run train.py in `folder` until the signal `number` ends it."""
    command = [sys.executable, "-c", SIGNALLED, number.name, str(after_epoch), when]
    return subprocess.run(
        [*command, *arguments(folder), *flags],
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "7",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "dataset")


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    """A folder with the data set of `trained`, its files made in the opposite order."""
    for photo in sorted(trained.dataset.rglob("*.*"), reverse=True):
        copy = tmp_path / photo.relative_to(trained.dataset.parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(photo, copy)
    return tmp_path


def test_stopped_killed_and_resumed_a_run_ends_as_an_uninterrupted_one(
    folder: Path, trained: Trained
) -> None:
    stopped = signalled(folder, signal.SIGINT, 1, "after")
    assert stopped.returncode == 130, stopped.stderr
    assert stopped.stderr.splitlines()[-1] == "train.py: stopped; --resume continues after epoch 1"
    assert names(folder) == [".cache", "fashion.model.checkpoint"]

    other = train_arguments.parse([*arguments(folder), "--resume", "--seed", "7"])
    with pytest.raises(
        CommandError, match=r"checkpoint: belongs to another run: seed 42, not 7, training"
    ):
        train.run(other)

    killed = signalled(folder, signal.SIGKILL, 2, "half-way", "--resume")
    assert killed.returncode == -signal.SIGKILL
    assert "continuing after epoch 1" in killed.stderr
    unfinished, its_lock = names(folder)[1:3]
    assert unfinished.startswith(".fashion.model.checkpoint.unfinished-")
    assert its_lock == f"{unfinished}.lock"
    assert names(folder)[3:] == ["fashion.model.checkpoint"]

    train.run(train_arguments.parse([*arguments(folder), "--resume"]))
    assert names(folder) == names(trained.folder)
    for one, same in zip(weights(folder), weights(trained.folder), strict=True):
        np.testing.assert_array_equal(one, same)
    scores, uninterrupted = (
        json.loads((place / "metrics.json").read_text())["scores"]
        for place in (folder, trained.folder)
    )
    assert scores == uninterrupted
