"""Processes that a command started through Ray, for tests that kill them."""

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
Start = Callable[[], AbstractContextManager[subprocess.Popen[str]]]


@contextmanager
def running(command: Sequence[object], cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """Start `command`, and kill it after the block if it is still running."""
    words, nowhere, pipe = list(map(str, command)), subprocess.DEVNULL, subprocess.PIPE
    process = subprocess.Popen(words, cwd=cwd, stdout=nowhere, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()


def children(parent: int, name: str) -> list[int]:
    """Return the ids of the descendants of `parent` with `name` in their command line."""
    processes = dict(_processes())

    def is_below(pid: int) -> bool:
        while pid in processes and pid != parent:
            pid = processes[pid][0]
        return pid == parent

    return [
        pid for pid, (above, command) in processes.items() if name in command and is_below(above)
    ]


def wait_for_end(pids: Iterable[int]) -> None:
    """Wait until none of the processes `pids` is running; zombies have ended."""

    def have_ended() -> bool:
        running = dict(_processes())
        return not any(pid in running and running[pid][1] for pid in pids)

    wait_for(have_ended, f"the end of {pids}")


def _processes() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield the id of every process, with its parent's id and its command line."""
    for folder in Path("/proc").iterdir():
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            yield int(folder.name), (int(after_name[1]), command.decode(errors="replace"))
        except (OSError, ValueError, IndexError):  # not a process, or one that has just ended
            continue


def wait_for(look: Callable[[], T], what: str, seconds: float = 90) -> T:
    """Return the result of `look` as soon as it is true; fails after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen in {seconds:.0f} s")
