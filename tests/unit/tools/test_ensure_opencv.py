import importlib.metadata
import subprocess
import sys

import pytest
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import ensure_opencv

MISSING = "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def pip_calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []
    monkeypatch.setattr(ensure_opencv, "pip", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "5.0.0.93")
    return calls


def answers(monkeypatch: pytest.MonkeyPatch, *reasons: str) -> None:
    left = list(reasons)
    monkeypatch.setattr(ensure_opencv, "import_error", lambda: left.pop(0))


def test_a_working_opencv_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, pip_calls: list[tuple[str, ...]]
) -> None:
    answers(monkeypatch, "")
    assert ensure_opencv.main() == 0
    assert pip_calls == []


def test_headless_opencv_of_the_same_version_is_installed_if_a_display_library_is_missing(
    monkeypatch: pytest.MonkeyPatch,
    pip_calls: list[tuple[str, ...]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(monkeypatch, MISSING, "")
    assert ensure_opencv.main() == 0
    assert pip_calls == [
        ("uninstall", "--yes", "opencv-python", "opencv-python-headless"),
        ("install", "opencv-python-headless==5.0.0.93"),
    ]
    said = capsys.readouterr().err
    assert "libGL.so.1" in said
    assert "installing opencv-python-headless 5.0.0.93" in said


def test_another_failure_is_passed_on(
    monkeypatch: pytest.MonkeyPatch,
    pip_calls: list[tuple[str, ...]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    answers(monkeypatch, "ModuleNotFoundError: No module named 'cv2'")
    assert ensure_opencv.main() == 1
    assert pip_calls == []
    assert "No module named 'cv2'" in capsys.readouterr().err


def test_the_import_is_tried_in_a_fresh_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 1, "", f"Traceback ...\n{MISSING}\n")

    monkeypatch.setattr(subprocess, "run", failing)
    assert ensure_opencv.import_error() == MISSING
