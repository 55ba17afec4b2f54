"""train.py killed at any moment, twice at once, and on full disks: run by `make soak`."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.commands import ROOT, Trained, one_line_error
from support.models import weights

from pyimagesearch.model_file import save_load

pytestmark = pytest.mark.soak

FILES = ("fashion.model", "mlb.pickle", "plot.png", "metrics.json")
FLAGS = ("--weights", "none", "--epochs", "12", "--image-size", "48", "--cache", ".cache")
MOMENTS = 30


def start(folder: Path, dataset: Path, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(ROOT / "train.py"), "-d", str(dataset), *FLAGS, *flags]
    return subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    output, messages = process.communicate(timeout=600)
    return subprocess.CompletedProcess(process.args, process.returncode, output, messages)


def check_files(folder: Path) -> None:
    """Check that the four files can be read, and that model and binarizer belong together."""
    model, labelbin = folder / "fashion.model", folder / "mlb.pickle"
    with zipfile.ZipFile(model) as archive:
        assert archive.testzip() is None
    save_load.load(model, labelbin)
    assert cv2.imread(str(folder / "plot.png")) is not None
    json.loads((folder / "metrics.json").read_text())


@pytest.fixture
def folder(trained: Trained, tmp_path: Path) -> Path:
    """A folder with the files of an earlier run."""
    for name in FILES:
        shutil.copy(trained.folder / name, tmp_path)
    return tmp_path


def have_changed(folder: Path, before: Path) -> bool:
    """Return whether the files in `folder` are of another run than those in `before`.

    Fails if only some of them are. The labels of both runs are the same.
    """
    changed = {
        (folder / name).read_bytes() != (before / name).read_bytes()
        for name in FILES
        if name != "mlb.pickle"
    }
    assert len(changed) == 1
    return changed.pop()


def saved_epochs(folder: Path) -> int:
    """Return how many epochs the checkpoint holds, after reading all of it."""
    path = folder / "fashion.model.checkpoint"
    if not path.exists():
        return 0
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return len(json.loads(arrays["facts"].tobytes())["epochs"])


def test_a_run_killed_at_thirty_moments_ends_like_an_uninterrupted_one(
    folder: Path,
    trained: Trained,
    tiny_dataset: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    uninterrupted = tmp_path_factory.mktemp("uninterrupted")
    began = time.monotonic()
    assert finish(start(uninterrupted, tiny_dataset)).returncode == 0
    duration = time.monotonic() - began

    draw, epochs, killed, finished = random.Random(8), [], 0, 0
    while killed < MOMENTS:
        process = start(folder, tiny_dataset, "--resume")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, duration))
        process.kill()
        is_finished = finish(process).returncode == 0
        finished, killed = finished + is_finished, killed + (not is_finished)
        check_files(folder)
        assert have_changed(folder, trained.folder) or not finished
        epochs.append(saved_epochs(folder))
    print(f"killed {killed} times, finished {finished} times; saved epochs: {epochs}")
    assert len(set(epochs)) > 3

    assert finish(start(folder, tiny_dataset, "--resume")).returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([".cache", *FILES])
    for one, same in zip(weights(folder), weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(one, same)


def test_two_runs_that_write_the_same_files_leave_the_files_of_one_of_them(
    folder: Path, trained: Trained, tiny_dataset: Path
) -> None:
    runs = [start(folder, tiny_dataset, "--seed", str(seed)) for seed in (1, 2)]
    for done in [finish(run) for run in runs]:
        assert done.returncode == 0, done.stderr
    check_files(folder)
    assert have_changed(folder, trained.folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([".cache", *FILES])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_stopped_by_a_signal_can_continue_after_the_last_complete_epoch(
    folder: Path, trained: Trained, tiny_dataset: Path, number: signal.Signals
) -> None:
    process = start(folder, tiny_dataset, "--epochs", "1000")
    assert process.stderr
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(number)
    stopped = finish(process)
    assert stopped.returncode == 130
    epochs = saved_epochs(folder)
    assert epochs >= 2
    last_line = stopped.stderr.splitlines()[-1]
    assert last_line == f"train.py: stopped; --resume continues after epoch {epochs}"
    assert not have_changed(folder, trained.folder)


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of this size on the new folder `place`, or skip the test."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def remount(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def test_a_full_disk_destroys_neither_older_files_nor_the_training(
    folder: Path, trained: Trained, tiny_dataset: Path
) -> None:
    disk = folder / "disk"
    with small_disk(disk, megabytes=7):
        for name in FILES:
            shutil.copy(folder / name, disk)
        full = finish(start(disk, tiny_dataset, "--cache", "../.cache"))
        error = one_line_error(full)
        assert "fashion.model, mlb.pickle, plot.png, metrics.json: cannot be written (No" in error
        assert "checkpoint: cannot be written (No space left on device)" in full.stderr
        assert not have_changed(disk, trained.folder)
        assert sorted(path.name for path in disk.iterdir()) == sorted(FILES)

        # Enough for one checkpoint, but not for the next one or the model in addition.
        remount(disk, "size=15m")
        full = finish(start(disk, tiny_dataset, "--cache", "../.cache"))
        assert "metrics.json: cannot be written (No space left" in one_line_error(full)
        assert not have_changed(disk, trained.folder)
        assert saved_epochs(disk) == 1

        remount(disk, "size=100m")
        done = finish(start(disk, tiny_dataset, "--cache", "../.cache", "--resume"))
        assert done.returncode == 0, done.stderr
        assert "continuing after epoch 1" in done.stderr
        assert have_changed(disk, trained.folder)
        check_files(disk)


def test_a_full_or_read_only_disk_is_reported_before_training(
    folder: Path, tiny_dataset: Path
) -> None:
    disk = folder / "disk"
    with small_disk(disk, megabytes=1):
        (disk / "ballast").write_bytes(bytes(900_000))
        full = finish(start(folder, tiny_dataset, "--cache", "disk"))
        assert ".pixels: cannot be written (No space left on device)" in one_line_error(full)
        assert [path.name for path in disk.iterdir()] == ["ballast"]
        remount(disk, "ro")
        refused = finish(start(folder, tiny_dataset, "--model", "disk/fashion.model"))
        assert "disk/fashion.model: cannot be written (Read-only" in one_line_error(refused)
        assert "training" not in refused.stderr
