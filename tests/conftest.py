"""Fixtures that several tests share: running the commands, a tiny data set, a trained model."""

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import ROOT, Model, Run, Trained, run_process

# Processes that a shell starts in the background ignore Ctrl-C, and so would the commands here.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def run_command() -> Run:
    """Run one of the commands in a folder, as a user does, and return what it printed."""
    return run_process


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten drawings of each folder of dataset/."""
    root = tmp_path_factory.mktemp("tiny") / "dataset"
    for folder in sorted(path for path in (ROOT / "dataset").iterdir() if path.is_dir()):
        (root / folder.name).mkdir(parents=True)
        for picture in sorted(folder.iterdir())[:10]:
            shutil.copy(picture, root / folder.name)
    return root


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A model that train.py trained on dataset/ with its defaults, apart from smaller images."""
    folder, dataset = tmp_path_factory.mktemp("trained"), ROOT / "dataset"
    output = run_process("train.py", "--dataset", dataset, "--image-size", 160, cwd=folder)
    assert output.returncode == 0, output.stderr
    return Trained(folder, dataset, output)


@pytest.fixture(scope="session")
def quick_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A small model that was never trained; it gives every photo some colour and some garment."""
    from support.models import CONFIG, save_untrained  # loads Keras

    folder = tmp_path_factory.mktemp("quick")
    save_untrained(folder, replace(CONFIG, thresholds=(0.01,) * 6, energy_threshold=0.0))
    return Model(folder)
