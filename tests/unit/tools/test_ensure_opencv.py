"""tools/ensure_opencv.py as a process, in an environment with an OpenCV that cannot be imported.

The environment has no packages but a cv2 and a pip made here: the pip writes down how it was
called, and "installs" a cv2 that can be imported.
"""

import os
import subprocess
from pathlib import Path

import pytest
from support.commands import ROOT
from support.environments import create_environment

MISSING = "ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
PIP = """\
import pathlib, sys
packages = pathlib.Path(__file__).parents[1]
with (packages / "pip_calls.txt").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if "install" in sys.argv:
    (packages / "cv2.py").write_text("")
"""


class Environment:
    """A Python with packages of its own."""

    def __init__(self, folder: Path) -> None:
        self.python, self.packages = create_environment(folder)

    def ensure_opencv(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.python, "-I", "-B", ROOT / "tools" / "ensure_opencv.py"],
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
        )

    def pip_calls(self) -> list[str]:
        calls = self.packages / "pip_calls.txt"
        return calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    environment = Environment(tmp_path / "environment")
    files = {
        "pip/__init__.py": "",
        "pip/__main__.py": PIP,
        "opencv_python-5.0.0.93.dist-info/METADATA": "Name: opencv-python\nVersion: 5.0.0.93\n",
    }
    for name, text in files.items():
        path = environment.packages / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return environment


def test_an_opencv_that_can_be_imported_is_left_alone(environment: Environment) -> None:
    (environment.packages / "cv2.py").write_text("")
    result = environment.ensure_opencv()
    assert (result.returncode, result.stderr) == (0, "")
    assert environment.pip_calls() == []


def test_if_a_display_library_is_missing_headless_opencv_of_the_same_version_is_installed(
    environment: Environment,
) -> None:
    (environment.packages / "cv2.py").write_text(f"raise {MISSING}")
    result = environment.ensure_opencv()
    assert result.returncode == 0, result.stderr
    assert "libGL.so.1" in result.stderr
    uninstall, install = environment.pip_calls()
    assert uninstall.endswith("uninstall --yes opencv-python opencv-python-headless")
    assert install.endswith("install opencv-python-headless==5.0.0.93")


def test_any_other_failure_of_the_import_is_reported_and_nothing_is_installed(
    environment: Environment,
) -> None:
    (environment.packages / "cv2.py").write_text("import no_such_module")
    result = environment.ensure_opencv()
    assert result.returncode == 1
    assert "No module named 'no_such_module'" in result.stderr
    assert environment.pip_calls() == []
