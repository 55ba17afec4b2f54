"""How tests run the commands, and what a run leaves."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import classify
import train
from pyimagesearch.images import processes

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "example_01.jpg"
Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]  # script, *arguments, cwd, stdin


def run_process(script: str | Path, *arguments: object, cwd: Path, stdin: str = "") -> Result:
    """Run a command as a process in the folder `cwd`."""
    command = [sys.executable, str(ROOT / script), *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=1200, check=False
    )


def call(script: str, *arguments: object, cwd: Path, stdin: str = "") -> Result:
    """Call train.py or classify.py in this process, which has loaded TensorFlow already."""
    main = {"train.py": train.main, "classify.py": classify.main}[script]
    # Without --verbose, the command would redirect the stderr of the whole process.
    command = [script, "--verbose", *map(str, arguments)]
    output, messages = io.StringIO(), io.StringIO()
    processes.stop()  # those that decode photos keep the current folder of their start
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(messages),
        mock.patch.object(sys, "argv", command),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        mock.patch.dict(os.environ),
    ):
        try:
            status = main()
        except SystemExit as stop:  # of argparse
            status = int(stop.code or 0)
        finally:
            processes.stop()
    return Result(command, status, output.getvalue(), messages.getvalue())


@dataclass(frozen=True)
class Model:
    """A folder with a model and its label binarizer, as train.py names them."""

    folder: Path

    @property
    def files(self) -> tuple[object, ...]:
        """The arguments of classify.py for the model."""
        return "-m", self.folder / "fashion.model", "-l", self.folder / "mlb.pickle"


@dataclass(frozen=True)
class Trained:
    """A folder with the files of a run of train.py, and what the run printed."""

    folder: Path
    dataset: Path
    output: Result


def one_line_error(result: Result) -> str:
    """Return the error of a command that failed, after checking that it is a single line."""
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    lines = [line for line in result.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]
