"""train.py killed, crowded and put on full disks, at full size: run by `make soak`."""

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
FLAGS = ("--epochs", "12", "--image-size", "48", "--cache", ".cache")
MOMENTS = 30


def start(folder: Path, trained: Trained, *flags: str) -> "subprocess.Popen[str]":
    command = [sys.executable, str(ROOT / "train.py"), "-d", str(trained.dataset), *FLAGS, *flags]
    return subprocess.Popen(
        command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: "subprocess.Popen[str]") -> "subprocess.CompletedProcess[str]":
    output, talk = process.communicate(timeout=600)
    return subprocess.CompletedProcess(process.args, process.returncode, output, talk)


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


def check_whole(folder: Path) -> None:
    """Check that the four files can be read, and say of each other what they should."""
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
    """Return whether the files of `folder` are those of another run; some of them are a failure.

    The labels of both are the same.
    """
    changed = {
        (folder / name).read_bytes() != (before / name).read_bytes()
        for name in FILES
        if name != "mlb.pickle"
    }
    assert len(changed) == 1
    return changed.pop()


def epochs_kept(folder: Path) -> int:
    """Return how many epochs the checkpoint holds, each of its members read."""
    path = folder / "fashion.model.checkpoint"
    if not path.exists():
        return 0
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return len(json.loads(arrays["facts"].tobytes())["epochs"])


def test_killed_at_thirty_moments_a_run_ends_as_an_uninterrupted_one(
    folder: Path, trained: Trained, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = tmp_path_factory.mktemp("whole")
    began = time.monotonic()
    assert finish(start(whole, trained)).returncode == 0
    duration = time.monotonic() - began

    draw, kept, killed, ends = random.Random(8), [], 0, 0
    while killed < MOMENTS:
        process = start(folder, trained, "--resume")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(draw.uniform(0, duration))
        process.kill()
        is_late = finish(process).returncode == 0
        ends, killed = ends + is_late, killed + (not is_late)
        check_whole(folder)
        assert have_changed(folder, trained.folder) or not ends
        kept.append(epochs_kept(folder))
    print(f"killed {killed} times, {ends} times too late; epochs kept: {kept}")
    assert len(set(kept)) > 3

    assert finish(start(folder, trained, "--resume")).returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([".cache", *FILES])
    for one, same in zip(weights(folder), weights(whole), strict=True):
        np.testing.assert_array_equal(one, same)


def test_two_runs_into_the_same_files_leave_those_of_one_of_them(
    folder: Path, trained: Trained
) -> None:
    runs = [start(folder, trained, "--seed", str(seed)) for seed in (1, 2)]
    for done in [finish(run) for run in runs]:
        assert done.returncode == 0, done.stderr
    check_whole(folder)
    assert have_changed(folder, trained.folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted([".cache", *FILES])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_it_goes_on_from_the_last_whole_epoch(
    folder: Path, trained: Trained, number: signal.Signals
) -> None:
    process = start(folder, trained, "--epochs", "1000")
    assert process.stderr
    for line in process.stderr:
        if line.startswith("epoch 2/"):
            break
    process.send_signal(number)
    stopped = finish(process)
    assert stopped.returncode == 130
    kept = epochs_kept(folder)
    assert kept >= 2
    assert (
        stopped.stderr.splitlines()[-1]
        == f"train.py: stopped; --resume continues after epoch {kept}"
    )
    assert not have_changed(folder, trained.folder)


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """Mount a disk of so many megabytes on the new folder `place`, or skip the test."""
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


def test_a_full_disk_costs_neither_the_old_files_nor_the_training(
    folder: Path, trained: Trained
) -> None:
    disk = folder / "disk"
    with small_disk(disk, megabytes=7):
        for name in FILES:
            shutil.copy(folder / name, disk)
        full = finish(start(disk, trained, "--cache", "../.cache"))
        error = one_line_error(full)
        assert "fashion.model, mlb.pickle, plot.png, metrics.json: cannot be written (No" in error
        assert "checkpoint: cannot be written (No space left on device)" in full.stderr
        assert not have_changed(disk, trained.folder)
        assert sorted(path.name for path in disk.iterdir()) == sorted(FILES)

        remount(
            disk, "size=15m"
        )  # room for one checkpoint, not for the next nor the model beside it
        full = finish(start(disk, trained, "--cache", "../.cache"))
        assert "metrics.json: cannot be written (No space left" in one_line_error(full)
        assert not have_changed(disk, trained.folder)
        assert epochs_kept(disk) == 1

        remount(disk, "size=100m")
        done = finish(start(disk, trained, "--cache", "../.cache", "--resume"))
        assert done.returncode == 0, done.stderr
        assert "continuing after epoch 1" in done.stderr
        assert have_changed(disk, trained.folder)
        check_whole(disk)


def test_a_full_or_read_only_disk_is_named_before_training(folder: Path, trained: Trained) -> None:
    disk = folder / "disk"
    with small_disk(disk, megabytes=1):
        (disk / "ballast").write_bytes(bytes(900_000))
        full = finish(start(folder, trained, "--cache", "disk"))
        assert ".pixels: cannot be written (No space left on device)" in one_line_error(full)
        assert [path.name for path in disk.iterdir()] == ["ballast"]
        remount(disk, "ro")
        refused = finish(start(folder, trained, "--model", "disk/fashion.model"))
        assert "disk/fashion.model: cannot be written (Read-only" in one_line_error(refused)
        assert "training" not in refused.stderr
