"""metrics.json: the scores of a run, and everything needed to repeat it."""

import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import cv2

from pyimagesearch.scoring.metrics import Scores

PACKAGES = ("tensorflow", "keras", "scikit-learn", "numpy", "onnxruntime")


def write(path: Path, scores: Scores, made_by: Mapping[str, object]) -> None:
    """Write `scores`, `made_by` and `versions` as JSON to `path`; NaN becomes null.

    Raises TypeError for a value that JSON does not have.
    """
    record = {"scores": asdict(scores), **made_by, "versions": versions()}
    path.write_text(json.dumps(_plain(record), indent=1, allow_nan=False) + "\n")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a model depends on."""
    # OpenCV is installed under one of two names.
    found = {"python": platform.python_version(), "opencv": cv2.__version__}
    return found | {name: version(name) for name in PACKAGES}


def _plain(value: object) -> object:
    """Return `value` with the types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return str(value) if isinstance(value, Path) else value
