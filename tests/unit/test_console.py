"""What the commands do with their streams, as real processes."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import ROOT

from pyimagesearch import console

SCRIPT = """
import os, sys
sys.path.insert(0, {root!r})
from pyimagesearch import console
def command():
    {body}
sys.exit(console.run(command))
"""


def shell(tmp_path: Path, body: str, redirect: str = "") -> subprocess.CompletedProcess[bytes]:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(root=str(ROOT), body=body))
    line = f"{sys.executable} {script} {redirect}"
    return subprocess.run(["bash", "-c", line], capture_output=True, check=False, timeout=60)


def test_an_error_is_one_line_and_exit_1(tmp_path: Path) -> None:
    result = shell(tmp_path, "raise console.CommandError('a.jpg: is empty; take another')")
    assert result.returncode == 1
    assert result.stderr == b"script.py: error: a.jpg: is empty; take another\n"
    assert result.stdout == b""


def test_an_error_of_the_system_is_one_line_too(tmp_path: Path) -> None:
    result = shell(tmp_path, "open('/nowhere/x')")
    assert result.returncode == 1
    assert result.stderr == b"script.py: error: /nowhere/x: No such file or directory\n"


def test_ctrl_c_is_one_line_and_exit_130(tmp_path: Path) -> None:
    result = shell(tmp_path, "raise KeyboardInterrupt")
    assert (result.returncode, result.stderr) == (130, b"script.py: stopped\n")


def test_a_closed_pipe_ends_the_command_silently(tmp_path: Path) -> None:
    result = shell(
        tmp_path, "[print('x' * 1000) for _ in range(1000)]", "| head -1; exit ${PIPESTATUS[0]}"
    )
    assert result.returncode == 141
    assert result.stderr == b""
    assert result.stdout.count(b"\n") == 1


@pytest.mark.parametrize(
    ("platform", "error", "is_closed"),
    [
        ("linux", BrokenPipeError(errno.EPIPE, "Broken pipe"), True),
        ("win32", BrokenPipeError(errno.EPIPE, "Broken pipe"), True),
        ("win32", OSError(errno.EINVAL, "Invalid argument"), True),
        ("win32", OSError(errno.EINVAL, "Invalid argument", "a?.jpg"), False),
        ("linux", OSError(errno.EINVAL, "Invalid argument"), False),
    ],
)
def test_a_closed_pipe_is_recognised_as_windows_reports_it(
    monkeypatch: pytest.MonkeyPatch, platform: str, error: OSError, is_closed: bool
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert console.is_closed_pipe(error) is is_closed


def test_a_full_disk_that_stdout_goes_to_is_one_line(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    result = shell(tmp_path, "print('x' * 100000)", "> /dev/full")
    assert result.returncode == 1
    assert result.stderr == b"script.py: error: the output: No space left on device\n"


@pytest.mark.parametrize("redirect", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(tmp_path: Path, redirect: str) -> None:
    body = f"print(sys.stdin.read(1)); console.status('x'); open({str(tmp_path / 'ok')!r}, 'w')"
    result = shell(tmp_path, body, redirect if "<" in redirect else f"{redirect} < /dev/null")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "ok").exists()


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict", "latin-1:strict"])
def test_any_file_name_can_be_printed(tmp_path: Path, encoding: str) -> None:
    body = "print(os.fsdecode(b'a\\xff.jpg'), chr(0x9752))"
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(root=str(ROOT), body=body))
    result = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": encoding},
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    if encoding.startswith("utf-8"):
        assert result.stdout == b"a\xff.jpg \xe9\x9d\x92\n"


def test_what_c_libraries_print_is_kept_off_the_screen(tmp_path: Path) -> None:
    result = shell(tmp_path, "os.write(2, b'libjpeg: noise'); console.status('message')")
    assert result.stderr == b"message\n"
