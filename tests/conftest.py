"""What several tests share: the commands as processes, a tiny data set, one trained model."""

import contextlib
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

# A shell has what runs behind it ignore Ctrl-C, and the commands under test would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "example_01.jpg"
Run = Callable[..., subprocess.CompletedProcess[str]]


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


@dataclass(frozen=True)
class Trained:
    """A folder with the three files of a run, and what the run printed."""

    folder: Path
    dataset: Path
    output: subprocess.CompletedProcess[str]

    @property
    def files(self) -> tuple[object, ...]:
        """The arguments of classify.py that name the model."""
        return "-m", self.folder / "fashion.model", "-l", self.folder / "mlb.pickle"


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


def write_picture(path: Path, colour: tuple[int, int, int] = (0, 0, 200), side: int = 40) -> Path:
    """Write a small picture of one BGR colour with some noise; folders are made as needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(sum(colour)).integers(0, 40, (side, side, 3))
    pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return path


def one_line_error(result: subprocess.CompletedProcess[str]) -> str:
    """Return the error of a failed command, having checked that it is one line and no more."""
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]


@contextlib.contextmanager
def full_disk(limit: int) -> Iterator[None]:
    """Let this process write files of at most `limit` bytes, which fails as a full disk does."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
