"""The commands as processes, as a user runs them, and what they print."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "example_01.jpg"
Run = Callable[..., subprocess.CompletedProcess[str]]


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


def one_line_error(result: subprocess.CompletedProcess[str]) -> str:
    """Return the error of a failed command, having checked that it is one line and no more."""
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]
