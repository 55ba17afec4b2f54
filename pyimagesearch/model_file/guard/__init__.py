"""The only door through which model files come in: `open_model`.

fashion.model and mlb.pickle may be from a stranger. Nothing else in the package reads them, and
each part has its own check, which runs before the part is used:

    mlb.pickle      labelbin: reads the labels without running the pickle
    fashion.model   zip_file: an archive of the known members
      tagger.json       tagger_config: values that fit each other
      serving.onnx      onnx_graph: before onnxruntime reads it
      config.json and   keras_network: before Keras builds the network
      model.weights.h5
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.archive import ONNX, TAGGER_JSON, digests
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.guard import keras_network, onnx_graph, tagger_config, zip_file
from pyimagesearch.model_file.guard.labelbin import read_labels
from pyimagesearch.model_file.guard.refused import RefusedError, shortened

if TYPE_CHECKING:
    import keras

ENGINES = ("auto", "onnx", "keras")
_MAX_LABELS_SHOWN, _MAX_CHARACTERS_SHOWN = 10, 40


@dataclass(frozen=True)
class OnnxExport:
    """The ONNX export of a network; it was checked."""

    graph: bytes
    activations: int  # how many numbers all its nodes together output for one input


@dataclass(frozen=True)
class CheckedModel:
    """What the two files of a model contain; all of it was checked."""

    config: TaggerConfig
    network: "OnnxExport | keras.Model"


def open_model(model: Path, labelbin: Path, engine: str = "auto") -> CheckedModel:
    """Return what is in the files `model` and `labelbin`, each part checked before it is used.

    The `engine` decides which network is read: the ONNX export ("onnx"), the Keras network
    ("keras"), or the ONNX export if there is one ("auto"). `model` is opened once, so that config
    and network are from the same run even if another run replaces the file in the meantime.

    Raises CommandError if a file cannot be read or is refused, and ValueError for another engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {ENGINES}. Received: {engine!r}")
    with zip_file.opened(model) as archive:
        config, saved_digests = tagger_config.read(archive.read(TAGGER_JSON))
        _check_labels(config.labels, read_labels(labelbin), model, labelbin)
        has_export = ONNX in archive.namelist()
        if engine == "keras" or (engine == "auto" and not has_export):
            return CheckedModel(config, _read_keras(archive, config, model))
        if not has_export:
            raise CommandError(f"{model}: has no ONNX export; use --engine keras")
        if digests(archive) != saved_digests:
            raise CommandError(
                f"{model}: its ONNX export and its weights were not saved together; train again, "
                "or use --engine keras"
            )
        return CheckedModel(config, _read_onnx(archive, config, model))


def _check_labels(
    labels: Sequence[str], others: Sequence[str], model: Path, labelbin: Path
) -> None:
    """Raise CommandError unless the model and the label file have the same labels."""
    if tuple(labels) != tuple(others):
        raise CommandError(
            f"{model} and {labelbin} do not belong together: one has the labels {_listed(labels)}, "
            f"the other {_listed(others)}; use the two files of one run"
        )


def _listed(labels: Sequence[str]) -> str:
    """Return the labels for an error message, not more than fit on a few lines."""
    shown = [label[:_MAX_CHARACTERS_SHOWN] for label in labels[:_MAX_LABELS_SHOWN]]
    left = len(labels) - len(shown)
    return ", ".join([*shown, f"{left} more"] if left else shown)


def _read_onnx(archive: zipfile.ZipFile, config: TaggerConfig, model: Path) -> OnnxExport:
    """Return the ONNX export in `archive`; raises CommandError if it is refused."""
    graph = archive.read(ONNX)
    try:
        activations = onnx_graph.check(graph, config.input_shape, config.output_shapes)
    except RefusedError as refused:
        raise CommandError(
            f"{model}: its ONNX export is refused ({refused}); use --engine keras or train again"
        ) from None
    return OnnxExport(graph, activations)


def _read_keras(archive: zipfile.ZipFile, config: TaggerConfig, model: Path) -> "keras.Model":
    """Return the Keras network in `archive`; raises CommandError if it is refused or damaged."""
    try:
        return keras_network.load(archive, config.input_shape, list(config.output_shapes.values()))
    except RefusedError as refused:
        raise CommandError(f"{model}: its network is refused ({refused}); train again") from None
    except Exception as error:  # Keras raises whatever its layers raise
        raise CommandError(
            f"{model}: Keras cannot load its network ({shortened(error)}); train again"
        ) from None
