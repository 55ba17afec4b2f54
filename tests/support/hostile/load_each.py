"""Load the model in each folder given as an argument; run as a process of its own.

Prints as JSON, for each folder, the exit status and what a command would print to stderr, and by
how many MB the peak memory of the process grew after Keras was imported (null if unknown).
"""

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.tagger import Tagger


def peak_megabytes() -> float | None:
    """Return the peak memory of this process in MB, or None on Windows."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def load(folder: Path) -> tuple[int, str]:
    """Load the model in `folder`; return the exit status and stderr."""
    os.chdir(folder)
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        status = console.run(load_model, verbose=True)
    return status, stderr.getvalue()


def load_model() -> None:
    """Load the model in the working directory."""
    Tagger.load()


def main() -> None:
    """Load them all."""
    folders = [Path(argument) for argument in sys.argv[1:]]
    load(folders[0])  # imports Keras
    before = peak_megabytes()
    results = {folder.name: load(folder) for folder in folders}
    after = peak_megabytes()
    growth = None if before is None or after is None else after - before
    print(json.dumps({"results": results, "megabytes": growth}))


if __name__ == "__main__":
    main()
