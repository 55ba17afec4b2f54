"""Python as this project's code would find it on Windows; loaded if this folder is on PYTHONPATH.

Modules and functions that Windows lacks are hidden, and files that are in use can neither be
replaced nor removed. This holds for the code of the project only: the libraries it uses have code
of their own for each system. It goes on in the processes that the project starts.
"""

import builtins
import errno
import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = {str(ROOT / name) for name in ("train.py", "classify.py", "search_bing_api.py")}
MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
SIGNALS = {name for name in dir(signal) if name.startswith("SIG")} - {
    *("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM", "SIG_DFL", "SIG_IGN")
}
NAMES = {
    "os": {
        *("chown", "chroot", "confstr", "ctermid", "eventfd", "fchdir", "fchown", "fdatasync"),
        *("fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid"),
        *("getpgrp", "getpriority", "getresuid", "getsid", "getuid", "killpg", "lchown", "lockf"),
        *("major", "memfd_create", "minor", "mkfifo", "mknod", "nice", "openpty", "pathconf"),
        *("pidfd_open", "pipe2", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread"),
        *("pwrite", "register_at_fork", "sched_getaffinity", "sched_setaffinity", "sched_yield"),
        *("sendfile", "setgid", "setgroups", "setpgid", "setpriority", "setsid", "setuid"),
        *("splice", "statvfs", "sync", "sysconf", "tcgetpgrp", "ttyname", "uname", "wait"),
        *("wait3", "wait4", "waitid", "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOFOLLOW"),
        *(
            "O_NONBLOCK",
            "O_SYNC",
            "O_TMPFILE",
            "WEXITSTATUS",
            "WIFEXITED",
            "WIFSIGNALED",
            "WNOHANG",
        ),
    },
    "select": {"epoll", "kqueue", "poll", "PIPE_BUF"},
    "signal": SIGNALS
    | {"alarm", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "setitimer"}
    | {"sigpending", "sigtimedwait", "sigwait", "ITIMER_PROF", "ITIMER_REAL", "ITIMER_VIRTUAL"},
    "socket": {"AF_UNIX", "socketpair"},
    "time": {"clock_settime", "pthread_getcpuclockid", "tzset"},
}


def is_ours(variables: Mapping[str, object] | None) -> bool:
    """Return whether the module with these global variables is part of the project."""
    file = str((variables or {}).get("__file__", ""))
    return file in SCRIPTS or file.startswith(f"{ROOT / 'pyimagesearch'}{os.sep}")


class LikeWindows(ModuleType):
    """A module without some of its names, and with other values for some."""

    def __init__(self, module: ModuleType, **changed: object) -> None:
        super().__init__(module.__name__)
        vars(self).update(_module=module, _changed=changed)

    def __getattr__(self, name: str) -> Any:
        if name in self._changed:
            return self._changed[name]
        if name in NAMES.get(self.__name__, ()):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self._module, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._module, name, value)


def open_file(path: Any, flags: int, mode: int = 0o777) -> int:
    if Path(path).is_dir():
        raise PermissionError(errno.EACCES, "Permission denied", path)
    return os.open(path, flags, mode)


def fsync(handle: int) -> None:
    if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
        raise OSError(errno.EBADF, "Bad file descriptor")
    os.fsync(handle)


class Popen(subprocess.Popen[bytes]):
    """A process of the project, in which this module is loaded as well."""

    def __init__(self, words: list[str], **options: Any) -> None:
        if "-c" in words:  # without the site module, or nobody else would load this one
            place = words.index("-c") + 1
            program = words[place].replace("; from", "; import sitecustomize; from", 1)
            words = [*words[:place], program, *words[place + 1 :]]
        super().__init__(words, **options)


def is_in_use(path: str) -> bool:
    """Return whether any process has the file open or mapped into its memory."""
    real = os.path.realpath(path)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            if any(line.endswith(real) for line in (process / "maps").read_text().splitlines()):
                return True
            for link in list((process / "fd").iterdir()):
                with suppress(OSError):  # it was closed
                    if str(link.readlink()) == real:
                        return True
    return False


def guard(place: Any, name: str) -> None:
    """Make an operation on files refuse what is in use, if the project asks for it."""
    original = getattr(place, name)

    def guarded(*arguments: Any, **options: Any) -> Any:
        if is_ours(sys._getframe(1).f_globals):
            for path in arguments[:2]:
                if isinstance(path, str | os.PathLike) and is_in_use(os.fspath(path)):
                    raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return original(*arguments, **options)

    setattr(place, name, guarded)


for operation in ("rename", "replace", "unlink"):
    guard(Path, operation)
    guard(os, operation)
guard(os, "remove")

CHANGED = {
    "os": LikeWindows(os, open=open_file, fsync=fsync),
    "subprocess": LikeWindows(subprocess, Popen=Popen),
    "sys": LikeWindows(sys, platform="win32"),
    **{name: LikeWindows(__import__(name)) for name in ("select", "signal", "socket", "time")},
}
honest_import = builtins.__import__


def import_like_windows(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    if level or not is_ours(globals):
        return honest_import(name, globals, locals, fromlist, level)
    top = name.partition(".")[0]
    if top in MODULES:
        raise ModuleNotFoundError(f"No module named {top!r}", name=top)
    module = honest_import(name, globals, locals, fromlist, level)
    return CHANGED.get(module.__name__, module)


builtins.__import__ = import_like_windows
