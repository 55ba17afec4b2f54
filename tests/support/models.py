"""The files of a model whose network was never trained, and what the files of a run hold."""

import functools
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch import files
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file import guard, predictors, save_load
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.networks.factored import FactoredNet

SIDE = 48
LABELS = ("black", "blue", "dress", "jeans", "red", "shirt")
COLOURS = (0, 1, 4)
GROUPS = (
    LabelGroup("colour", ("black", "blue", "red"), is_colour=True),
    LabelGroup("garment", ("dress", "jeans", "shirt"), is_colour=False),
)
CONFIG = TaggerConfig(
    "factored", SIDE, LABELS, (0.5,) * 6, GROUPS, ((0, 3), (1, 2)), (1.5,) * 6, 2.5
)


@functools.cache
def untrained_network() -> keras.Model:
    """A network for `CONFIG`."""
    return FactoredNet.build(SIDE, COLOURS, len(LABELS))


@functools.cache
def onnx_bytes() -> bytes:
    """The ONNX export of `untrained_network`."""
    images = np.random.default_rng(0).integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    return predictors.export_onnx(untrained_network(), CONFIG, images)


def save_untrained(folder: Path, config: TaggerConfig = CONFIG) -> None:
    """Write fashion.model and mlb.pickle into `folder` as train.py does."""
    binarizer = MultiLabelBinarizer().fit([config.labels])
    paths = (folder / "fashion.model", folder / "mlb.pickle")
    with files.atomic_writes(paths, ".keras") as (model, labelbin):
        save_load.save(untrained_network(), config, onnx_bytes(), binarizer, model, labelbin)


def weights(folder: Path) -> list[np.ndarray]:
    """The weights of the Keras network in the fashion.model of `folder`."""
    opened = guard.open_model(folder / "fashion.model", folder / "mlb.pickle", "keras")
    assert isinstance(opened.network, keras.Model)
    found: list[np.ndarray] = opened.network.get_weights()
    return found


def scores(folder: Path) -> dict[str, Any]:
    """The overall scores in the metrics.json of `folder`."""
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text())["scores"]["overall"]
    return found
