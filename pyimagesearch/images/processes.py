"""The processes that decode photos: started, asked for one file after the other, and ended.

Importing this module is cheap, so that a command can `start` processes before it loads the rest.
"""

import atexit
import io
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from pyimagesearch.images.headers import ImageError
from pyimagesearch.images.worker import READY, REPLY, REQUEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Result = NDArray[np.uint8] | ImageError

SECONDS = 60.0  # for one file; a hundred megapixels take 4

# Without the site module: it takes a tenth of the start, and sys.path is passed on anyway.
PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1:]; from pyimagesearch.images.worker import main; main()"
)


class Job:
    """A file to decode, and the result."""

    def __init__(self, is_path: bool, content: bytes, side: int, max_pixels: int) -> None:
        """`content` is a path or the bytes of a file; for the rest see `decoder`."""
        self.request = REQUEST.pack(is_path, side, max_pixels, len(content)) + content
        self.process: Process | None = None
        self._is_done = threading.Event()
        self._result: Result | Exception | None = None

    def finish(self, result: "Result | Exception") -> None:
        """Pass `result` to the thread that waits for it."""
        self._result = result
        self._is_done.set()

    def wait(self) -> "Result":
        """Return the result, and kill the process if that takes too long.

        The time limit applies to the oldest job of a process: wait for jobs in their order.
        Raises what `finish` was given if it is an exception other than an ImageError.
        """
        for _ in range(20):  # not by the clock, which goes on while Ctrl-Z stops everything
            if self._is_done.wait(SECONDS / 20):
                break
        else:
            if self.process:
                self.process.kill(overdue=self)
            self._is_done.wait()
        if isinstance(self._result, Exception) and not isinstance(self._result, ImageError):
            raise self._result
        return cast("Result", self._result)


class Process:
    """A process that decodes one file after the other."""

    def __init__(self) -> None:
        """Start it. It loads its libraries in the meantime; the first `receive` waits for that."""
        self.is_ready = False
        self.is_killed = False
        self.overdue: Job | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-c", PROGRAM, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._requests = cast(io.BufferedWriter, self._process.stdin)
        self._replies = cast(io.BufferedReader, self._process.stdout)

    def is_alive(self) -> bool:
        """Return whether the process is running."""
        return self._process.poll() is None

    def send(self, job: Job) -> None:
        """Ask for one file. If the process has died, `receive` tells."""
        job.process = self
        with suppress(OSError):
            self._requests.write(job.request)
            self._requests.flush()

    def receive(self) -> "Result":
        """Return the result of the oldest job sent; raises EOFError if the process has died."""
        import numpy as np

        if not self.is_ready:
            self.is_ready = self._read(len(READY)) == READY
        height, width, length = REPLY.unpack(self._read(REPLY.size))
        body = self._read(length)
        if height == 0:
            return ImageError(body.decode())
        return np.frombuffer(body, np.uint8).reshape(height, width, 3)

    def kill(self, overdue: Job | None = None) -> None:
        """Kill the process, perhaps because of a job that takes too long."""
        self.is_killed = True
        self.overdue = overdue
        self._process.kill()

    def end(self, patience: float = 0.0) -> str:
        """End the process and return what it died of, in words.

        One that is dying already has `patience` seconds to finish by itself.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self._process.kill()
        status = self._process.wait()
        with suppress(OSError):  # a request that could not be sent
            self._requests.close()
        self._replies.close()
        return signal.Signals(-status).name if status < 0 else f"exit status {status}"

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        if self._replies.readinto(data) < size:
            raise EOFError
        return data


_idle: list[Process] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # they belong to the parent


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def start(count: int) -> None:
    """Start processes that will be needed soon; they load their libraries in the meantime."""
    while len(_idle) < count:
        _idle.append(Process())


@atexit.register
def stop() -> None:
    """End the idle processes."""
    while _idle:
        _idle.pop().end()


def take() -> Process:
    """Return an idle process, or else a new one.

    A process that died while idle is discarded: no photo is to blame for it.
    """
    while True:
        try:
            process = _idle.pop()
        except IndexError:
            return Process()
        if process.is_alive():
            return process
        process.end()


def give_back(process: Process) -> None:
    """Keep an idle process for later, or end it if there are enough."""
    if process.is_killed or len(_idle) >= processors():
        process.end()
    else:
        _idle.append(process)
