"""The commands work without what Windows lacks: modules, functions, and replacing files in use.

Only the project's own code is restricted, see support/like_windows; no other system is needed.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import EXAMPLE, ROOT
from support.web.contracts import OPENVERSE, Openverse, serve_photos
from support.web.local_web import local_web, photo

LIKE_WINDOWS = ROOT / "tests" / "support" / "like_windows"


def run(*words: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python like on Windows."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(LIKE_WINDOWS)},
        capture_output=True,
        text=True,
        check=False,
    )


def run_in_the_project(code: str) -> subprocess.CompletedProcess[str]:
    """Run code as if it were in a module of the package."""
    variables = {"__file__": str(ROOT / "pyimagesearch" / "some_module.py")}
    return run("-c", f"exec({code!r}, {variables!r})")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import fcntl", "ModuleNotFoundError: No module named 'fcntl'"),
        ("import resource", "ModuleNotFoundError: No module named 'resource'"),
        ("from os import fork", "ImportError: cannot import name 'fork'"),
        ("import os; os.sched_getaffinity(0)", "AttributeError: module 'os' has no"),
        ("import signal; signal.SIGKILL", "AttributeError: module 'signal' has no"),
        ("import select; select.poll()", "AttributeError: module 'select' has no"),
        ("import os; os.open('.', os.O_RDONLY)", "PermissionError"),
        ("import os; os.fsync(os.open('README.md', os.O_RDONLY))", "OSError: [Errno 9]"),
        ("import pathlib; f = open('a', 'w'); pathlib.Path('a').unlink()", "PermissionError"),
        ("import pathlib; open('b', 'w').close(); f = open('a', 'w'); "
         "pathlib.Path('b').replace('a')", "PermissionError"),
    ],
)  # fmt: skip
def test_the_code_of_the_project_finds_python_as_on_windows(
    tmp_path: Path, code: str, error: str
) -> None:
    code = f"import os; os.chdir({str(tmp_path)!r}); open('README.md', 'w').close(); {code}"
    result = run_in_the_project(code)
    assert result.stderr.splitlines()[-1].startswith(error)


def test_other_code_finds_python_as_it_is() -> None:
    code = "import fcntl, os, signal; os.sched_getaffinity(0); signal.SIGKILL"
    assert run("-c", code).returncode == 0


def test_the_processes_that_decode_find_python_as_on_windows() -> None:
    code = (
        "from pyimagesearch.images import pool, processes\n"
        "processes.PROGRAM = processes.PROGRAM.replace('main()', 'sys.exit(worker.sys.platform)')\n"
        "processes.PROGRAM = processes.PROGRAM.replace('.worker import main', ' import worker')\n"
        "processes.Process()._process.wait()"
    )
    assert run("-c", code).stderr.strip() == "win32"


def test_training_tagging_and_gathering_work_as_on_windows(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    files = [tmp_path / name for name in ("fashion.model", "mlb.pickle", "plot.png")]
    for file in files:
        file.write_text("an old file")
    options = ("-d", tiny_dataset, "--epochs", 1, "--image-size", 32)
    trained = run(ROOT / "train.py", *options, cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    assert min(file.stat().st_size for file in files) > 100
    assert not list(tmp_path.rglob("*.unfinished-*"))

    tagged = run(ROOT / "classify.py", "-i", EXAMPLE, cwd=tmp_path)
    assert tagged.returncode == 0, tagged.stderr
    assert "%" in tagged.stdout

    with local_web() as web:
        web.routes[OPENVERSE] = Openverse(serve_photos(web, [photo(seed) for seed in range(5)]))
        gather = (ROOT / "search_bing_api.py", "-q", "red dress", "--source", "openverse")
        local = ("--endpoint", web.url(OPENVERSE), "--allow-private-addresses")
        for found in ("downloaded 5", "already here 5"):
            gathered = run(*gather, *local, cwd=tmp_path)
            assert gathered.returncode == 0, gathered.stderr
            assert found in gathered.stderr
    assert len(list((tmp_path / "photos" / "red_dress").glob("*.jpg"))) == 5
