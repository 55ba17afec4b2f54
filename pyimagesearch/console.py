"""How the commands talk: stdout is data, stderr is talk, an error is one line, exit 0, 1 or 2."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


class CommandError(Exception):
    """The work cannot be done; the text is one line: which file, what was found, what to do."""


def say(line: str) -> None:
    """Print one line of talk to stderr, above a progress bar where one is on the screen."""
    tqdm.write(line, file=sys.stderr)


def result(line: str) -> None:
    """Print one line of data to stdout at once, above a progress bar on the same screen."""
    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()


def warn(line: str) -> None:
    """Print one line about something that was skipped or mended; the run goes on."""
    say(f"warning: {line}")


def progress(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Iterate over `items` behind a progress bar that shows on a terminal only."""
    return iter(tqdm(items, total=total, desc=what, unit=unit, file=sys.stderr, disable=None))


def silence_native_libraries() -> None:
    """Keep what C libraries print off the screen; call it before TensorFlow or OpenCV load.

    libjpeg, libpng and TensorFlow write to file descriptor 2 whatever their logging switches
    say. Descriptor 2 is therefore closed to them, and Python's stderr goes on to the old place.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    sys.stderr.flush()
    screen = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(screen, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def run(command: Callable[[], None], verbose: bool = False) -> int:
    """Run `command` and return its exit status: 0 done, 1 the work failed.

    Wrong arguments exit with 2 through argparse. What C libraries print is shown only if
    `verbose`. A closed pipe on stdout ends quietly.
    """
    if not verbose:
        silence_native_libraries()
    name = Path(sys.argv[0]).name
    try:
        command()
        sys.stdout.flush()
    except CommandError as error:
        say(f"{name}: error: {error}")
        return 1
    except KeyboardInterrupt:
        say(f"{name}: stopped")
        return 130
    except BrokenPipeError:
        # Python flushes stdout once more at exit; give it somewhere harmless.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
