"""How the commands behave: stdout is data, stderr is messages, an error is one line, exit 0-2."""

import contextlib
import errno
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import TextIO, TypeVar

T = TypeVar("T")
WRITE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")


class CommandError(Exception):
    """The work cannot be done. The text is one line: which file, what was found, what to do."""


def escaped(text: str) -> str:
    """Return `text` as one line, with its control characters escaped for the terminal's sake."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def status(line: str) -> None:
    """Print a message of one line to stderr, above any progress bar on the screen.

    It may contain names that strangers chose, so it is `escaped`.
    """
    _write(escaped(line), sys.stderr)


def emit(line: str) -> None:
    """Print one line of data to stdout at once, above any progress bar on the screen."""
    _write(line, sys.stdout)
    sys.stdout.flush()


def warn(line: str) -> None:
    """Print a warning of one line, about something that was skipped or repaired, to stderr."""
    status(f"warning: {line}")


def progress(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Iterate over `items` with a progress bar, which shows on a terminal only."""
    from tqdm import tqdm

    return iter(tqdm(items, total=total, desc=what, unit=unit, file=sys.stderr, disable=None))


def _write(line: str, stream: TextIO) -> None:
    """Print a line above the progress bars; there are none unless tqdm was loaded."""
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.write(line, file=stream)
    else:
        print(line, file=stream)


def silence_native_libraries() -> None:
    """Keep what C libraries print off the screen; call it before TensorFlow loads.

    libjpeg, libpng and TensorFlow write to file descriptor 2, whatever their logging switches say.
    So descriptor 2 is redirected to nowhere, and Python's stderr is given the old one.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    screen = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(screen, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def run(command: Callable[[], None], verbose: bool = False) -> int:
    """Run `command` and return its exit status: 0 if it is done, 1 if the work failed.

    Wrong arguments exit with 2 through argparse. What C libraries print is shown only if
    `verbose`. A closed pipe ends the command silently with 141, Ctrl-C with 130, as shells expect.
    """
    _repair_streams()
    # A keras.json in the home folder, often left over from the tutorial, may name another backend.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if not verbose:
        silence_native_libraries()
    name = Path(sys.argv[0]).name
    try:
        command()
        sys.stdout.flush()
    except CommandError as error:
        status(f"{name}: error: {error}")
        return 1
    except KeyboardInterrupt as stop:
        status("; ".join([f"{name}: stopped", *map(str, stop.args)]))
        return 130
    except OSError as error:
        _discard(sys.stdout)
        if is_closed_pipe(error):
            return 141
        where = "the output" if error.errno in WRITE_ERRORS else "the system"
        status(f"{name}: error: {error.filename or where}: {error.strerror or error}")
        return 1
    return 0


def is_closed_pipe(error: OSError) -> bool:
    """Return whether `error` means that nobody reads the output any more."""
    # Windows reports such a pipe as an invalid argument.
    on_windows = sys.platform == "win32" and error.errno == errno.EINVAL and not error.filename
    return isinstance(error, BrokenPipeError) or on_windows


def _repair_streams() -> None:
    """Replace closed streams by harmless ones, and let every file name pass through the others."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # In this order each gets its own free descriptor 0, 1 or 2.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            errors = "surrogateescape" if is_utf8 else "backslashreplace"
            # Whatever ends the process, its output ends with a complete line.
            stream.reconfigure(errors=errors, line_buffering=True)


def _discard(stream: TextIO) -> None:
    """Discard what is still in `stream`, which would be flushed again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextlib.contextmanager
def defer_interrupts() -> Iterator[Callable[[], None]]:
    """Let Ctrl-C and SIGTERM wait for the end of a step.

    Yields a function to call after each step: it raises KeyboardInterrupt if a signal has arrived.
    A second signal does not wait. A signal that is ignored, as Ctrl-C is for background jobs of a
    shell, stays ignored. Only the main thread receives signals; nothing changes in others.
    """
    is_interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal is_interrupted
        if is_interrupted:
            raise KeyboardInterrupt
        is_interrupted = True

    def check() -> None:
        if is_interrupted:
            raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    handled = [number for number in signals if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in handled}
    try:
        yield check
        check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
