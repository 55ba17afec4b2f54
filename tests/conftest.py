"""Fixtures that several tests share: the commands, a tiny data set, one trained model."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import ROOT, Run, Trained

# A shell has what runs behind it ignore Ctrl-C, and the commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def run_command() -> Run:
    """Run one of the commands in a folder, as a user would, and return what it printed."""

    def run(
        script: str, *arguments: object, cwd: Path, stdin: str = ""
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / script), *map(str, arguments)]
        return subprocess.run(
            command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=240, check=False
        )

    return run


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
def trained(
    run_command: Run, tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """A model trained for a few epochs by train.py with its default file names."""
    folder = tmp_path_factory.mktemp("trained")
    output = run_command(
        "train.py", "--dataset", tiny_dataset, "--epochs", 3, "--image-size", 48, cwd=folder
    )
    assert output.returncode == 0, output.stderr
    return Trained(folder, tiny_dataset, output)
