"""How the commands talk: stdout is data, stderr is talk, an error is one line, exit 0, 1 or 2."""

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
WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}  # why a write fails
CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f]")


class CommandError(Exception):
    """The work cannot be done; the text is one line: which file, what was found, what to do."""


def escaped(text: str) -> str:
    """Return `text` as one line that cannot steer the terminal: control characters as escapes."""
    return CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)


def status(line: str) -> None:
    """Print one line of talk to stderr, above a progress bar where one is on the screen.

    Names in it may be a stranger's, so it is `escaped`.
    """
    _write(escaped(line), sys.stderr)


def emit(line: str) -> None:
    """Print one line of data to stdout at once, above a progress bar on the same screen."""
    _write(line, sys.stdout)
    sys.stdout.flush()


def warn(line: str) -> None:
    """Print one line about something that was skipped or mended; the run goes on."""
    status(f"warning: {line}")


def progress(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Iterate over `items` behind a progress bar that shows on a terminal only."""
    from tqdm import tqdm

    return iter(tqdm(items, total=total, desc=what, unit=unit, file=sys.stderr, disable=None))


def _write(line: str, stream: TextIO) -> None:
    """Print a line above the progress bars; only where tqdm was loaded, in 50 ms, are there any."""
    if "tqdm" in sys.modules:
        sys.modules["tqdm"].tqdm.write(line, file=stream)
    else:
        print(line, file=stream)


def silence_native_libraries() -> None:
    """Keep what C libraries print off the screen; call it before TensorFlow loads.

    libjpeg, libpng and TensorFlow write to file descriptor 2 whatever their logging switches
    say. Descriptor 2 is therefore closed to them, and Python's stderr goes on to the old place.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    screen = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(screen, "w", buffering=1, encoding="utf-8", errors="backslashreplace")


def run(command: Callable[[], None], verbose: bool = False) -> int:
    """Run `command` and return its exit status: 0 done, 1 the work failed.

    Wrong arguments exit with 2 through argparse. What C libraries print is shown only if
    `verbose`. A closed pipe ends the command quietly with 141, Ctrl-C with 130, as shells expect.
    """
    _mend_streams()
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
    except BrokenPipeError:
        _discard(sys.stdout)
        return 141
    except OSError as error:
        where = "the output" if error.errno in WRITING else "the system"
        _discard(sys.stdout)
        status(f"{name}: error: {error.filename or where}: {error.strerror or error}")
        return 1
    return 0


def _mend_streams() -> None:
    """Make streams that are closed harmless, and let every file name pass through the others."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # In this order it takes the free descriptor 0, 1 or 2 itself.
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            is_utf8 = stream.encoding.lower().replace("-", "") == "utf8"
            errors = "surrogateescape" if is_utf8 else "backslashreplace"
            # Whatever ends the process, a file it wrote to ends with a whole line.
            stream.reconfigure(errors=errors, line_buffering=True)


def _discard(stream: TextIO) -> None:
    """Give what is still in `stream`, flushed again at exit, somewhere harmless to go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextlib.contextmanager
def defer_interrupts() -> Iterator[Callable[[], None]]:
    """Yield what is to be called after each step: it raises KeyboardInterrupt once one came.

    A second signal does not wait for the step. A signal that is ignored, as Ctrl-C is behind a
    shell, stays so. Signals reach the main thread only; in another one nothing changes.
    """
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    def check() -> None:
        if asked:
            raise KeyboardInterrupt

    is_main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if is_main else ()
    heard = [number for number in signals if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heard}
    try:
        yield check
        check()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
