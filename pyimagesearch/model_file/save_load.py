"""The files a run leaves: fashion.model and mlb.pickle, written whole or not at all."""

import json
import pickle
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.archive import ONNX, TAGGER_JSON, WEIGHTS, digest, opened
from pyimagesearch.model_file.config import DIGESTS, TaggerConfig
from pyimagesearch.model_file.guard import keras_network

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
    """Write the model as a .keras archive with two members more, and the binarizer.

    The members are `config` and, where there is one, the ONNX copy, stored without compression so
    that classify.py need not inflate them at each start. The paths are to be those of
    `files.atomic_writes`, with the ending .keras, on which Keras insists.
    """
    model.save(new_model)
    with zipfile.ZipFile(new_model, "a") as archive:
        if onnx_bytes is not None:
            archive.writestr(ONNX, onnx_bytes)
        together = digests(archive) if onnx_bytes is not None else {}
        archive.writestr(TAGGER_JSON, config.to_json(together))
    new_labelbin.write_bytes(pickle.dumps(binarizer))


def checkpoint_of(model_path: Path) -> Path:
    """Return where the run that makes a model keeps what it goes on from when stopped."""
    return model_path.with_name(f"{model_path.name}.checkpoint")


def load_config(path: Path) -> TaggerConfig:
    """Return the config in the model file at `path`; raises CommandError where it has none."""
    with opened(path) as archive:
        return TaggerConfig.from_json(archive.read(TAGGER_JSON).decode())


def read_onnx(path: Path) -> bytes | None:
    """Return the ONNX copy in the model file at `path`, None where it holds none.

    Raises CommandError where it is not the copy of the weights beside it.
    """
    with opened(path) as archive:
        if ONNX not in archive.namelist():
            return None
        if digests(archive) != json.loads(archive.read(TAGGER_JSON))[DIGESTS]:
            raise CommandError(
                f"{path}: its ONNX copy and its weights are not those saved together; train again, "
                "or use --engine keras"
            )
        return archive.read(ONNX)


def load_keras(path: Path) -> "keras.Model":
    """Return the network in the model file at `path`, checked and with Keras's safe mode on.

    Raises CommandError where Keras cannot or will not read it.
    """
    with opened(path) as archive:
        try:
            keras_network.check(archive)
            return _load_keras(path)
        except Exception as error:  # Keras raises whatever its layers raise
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(f"{path}: Keras cannot load it ({reason}); train again") from None


def _load_keras(path: Path) -> "keras.Model":
    import keras

    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "model.keras"
        link.symlink_to(path.resolve())
        return keras.saving.load_model(link, compile=False, safe_mode=True)


def digests(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the digests of the members that belong together."""
    return {name: digest(archive, name) for name in (WEIGHTS, ONNX)}


def check_pair(
    config: TaggerConfig, labels: Sequence[str], model_path: Path, labelbin_path: Path
) -> None:
    """Raise CommandError unless the model and the binarizer speak of the same labels."""
    if config.labels != tuple(labels):
        raise CommandError(
            f"{model_path} and {labelbin_path} do not belong together: one has the labels "
            f"{', '.join(config.labels)}, the other {', '.join(labels)}; use those of one run"
        )
