"""Run commands as processes of their own, as a user runs them."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from pyimagesearch.console import CommandError

MAXRSS_PER_MB = 2**20 if sys.platform == "darwin" else 2**10  # ru_maxrss is in bytes or in KB


def run(*arguments: object) -> str:
    """Run Python with `arguments` and return its stdout; raises CommandError if it fails."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise failure(arguments, done.stderr)
    return done.stdout


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start Python with `arguments`; what it prints, messages included, comes through stdout."""
    command = [sys.executable, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def failure(arguments: Sequence[object], printed: str) -> CommandError:
    """Return the error of a process that failed after it had printed `printed`."""
    last = printed.strip().rpartition("\n")[2] or "no message"
    return CommandError(f"{' '.join(map(str, arguments))}: {last}")


def peak_memory(*arguments: object) -> float:
    """Run Python with `arguments` and return its peak resident memory in MB.

    It is measured by a parent process that has no other children.
    """
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    return float(run("-c", script, sys.executable, *arguments)) / MAXRSS_PER_MB


def output_flags(folder: Path) -> tuple[object, ...]:
    """Return the flags with which train.py writes its files into `folder`."""
    return (
        *("--model", folder / "fashion.model"),
        *("--labelbin", folder / "mlb.pickle"),
        *("--plot", folder / "plot.png"),
    )


def model_flags(folder: Path) -> tuple[object, ...]:
    """Return the flags with which classify.py reads the model that train.py wrote into `folder`."""
    return ("--model", folder / "fashion.model", "--labelbin", folder / "mlb.pickle")


def copy_for_keras(folder: Path) -> Path:
    """Return a copy of the model in `folder` whose name ends as Keras demands of its files."""
    return shutil.copyfile(folder / "fashion.model", folder / "fashion.keras")


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder in the current one, which is often on the disk of the photos; remove it."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=".") as name:
        yield Path(name)


def link_photos(photos: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Make `folder` with `count` hard links to `photos`, again and again; return the links.

    Copies take their place if the file system has no hard links.
    """
    folder.mkdir()
    links = []
    for number, photo in enumerate(islice(cycle(photos), count)):
        link = folder / f"{number:06}{photo.suffix}"
        try:
            os.link(photo, link)
        except OSError:
            shutil.copyfile(photo, link)
        links.append(link)
    return links
