"""What importing the package does to the program that imports it."""

import os
import subprocess
import sys

from support.commands import ROOT


def run_python(program: str, **environment: str) -> str:
    """Return what `program` prints when it runs in the folder of the package."""
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


def test_importing_the_tagger_does_not_change_the_environment() -> None:
    # OpenCV sets variables of its own.
    changed = run_python(
        "import cv2, os; before = dict(os.environ); import pyimagesearch.tagger; "
        "print(set(os.environ.items()) ^ set(before.items()))"
    )
    assert changed == "set()"


def test_importing_the_tagger_loads_neither_tensorflow_nor_scikit_learn() -> None:
    loaded = run_python(
        "import sys, pyimagesearch.tagger; "
        "print({'keras', 'tensorflow', 'sklearn', 'matplotlib'} & set(sys.modules))"
    )
    assert loaded == "set()"


def test_importing_the_package_does_not_choose_the_backend_of_keras() -> None:
    backend = run_python(
        "import os, pyimagesearch; print(os.environ['KERAS_BACKEND'])", KERAS_BACKEND="jax"
    )
    assert backend == "jax"
