"""The files of a model, fashion.model and mlb.pickle: written together, loaded together."""

import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.model_file import guard
from pyimagesearch.model_file.archive import ONNX, TAGGER_JSON, digests
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import Predict, keras_predictor, onnx_predictor

if TYPE_CHECKING:
    import keras
    from sklearn.preprocessing import MultiLabelBinarizer


def save(
    model: "keras.Model",
    config: TaggerConfig,
    onnx_bytes: bytes | None,
    binarizer: "MultiLabelBinarizer",
    new_model: Path,
    new_labelbin: Path,
) -> None:
    """Write the model as a .keras archive with two additional members, and the binarizer.

    The members are `config` and, if there is one, the ONNX export; see archive.py. The paths should
    be those of `files.atomic_writes`, with the suffix .keras, which Keras requires.
    """
    model.save(new_model)
    with zipfile.ZipFile(new_model, "a") as archive:
        if onnx_bytes is not None:
            archive.writestr(ONNX, onnx_bytes)
        saved_digests = digests(archive) if onnx_bytes is not None else {}
        archive.writestr(TAGGER_JSON, config.to_json(saved_digests))
    new_labelbin.write_bytes(pickle.dumps(binarizer))


def load(
    model: Path, labelbin: Path, engine: str = "auto", threads: int | None = None
) -> tuple[TaggerConfig, Predict]:
    """Return the config and the network in the files `model` and `labelbin`.

    For `engine` see `guard.open_model`; `threads` limits those of onnxruntime. Raises CommandError
    if the files cannot be used.
    """
    opened = guard.open_model(model, labelbin, engine)
    if isinstance(opened.network, guard.OnnxExport):
        return opened.config, onnx_predictor(opened.network, opened.config, threads, model)
    return opened.config, keras_predictor(opened.network, opened.config)
