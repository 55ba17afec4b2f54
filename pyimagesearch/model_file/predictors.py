"""Networks as functions from pixels to probabilities, by onnxruntime or by Keras."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Inputs
from pyimagesearch.model_file.archive import MAX_BYTES, ONNX
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.guard import keras_network, onnx_graph
from pyimagesearch.model_file.save_load import load_keras, read_onnx

if TYPE_CHECKING:
    import keras

# Returns float32 (N, L).
Predict = Callable[[Inputs], NDArray[np.float32]]
TOLERANCE = 1e-4


def load(
    path: Path, config: TaggerConfig, engine: str = "auto", threads: int | None = None
) -> Predict:
    """Return the network in the model file at `path`.

    `engine` is "onnx" for the copy that needs no TensorFlow, "keras" for the network itself, or
    "auto" for the copy where there is one. `threads` limits the copy, which takes every core
    otherwise. Raises CommandError where that cannot be had.
    """
    copy = None if engine == "keras" else read_onnx(path)
    if copy is not None:
        try:
            return onnx_predictor(copy, config, threads, path)
        except Exception as error:  # onnxruntime raises kinds of its own, not all public
            reason = str(error).partition("\n")[0]
            raise CommandError(f"{path}: its ONNX copy cannot be used ({reason})") from None
    if engine == "onnx":
        raise CommandError(f"{path}: holds no ONNX copy; use --engine keras")
    network = load_keras(path)
    shapes = network.input_shape[1:], network.output_shape[1:]
    if shapes != (config.input_shape, (len(config.labels),)):
        raise CommandError(f"{path}: its network does not fit its labels; train again")
    return keras_predictor(network, config)


def onnx_predictor(
    data: bytes, config: TaggerConfig, threads: int | None = None, source: Path | str = ONNX
) -> Predict:
    """Return the graph in `data`, of the file `source`, as a function.

    Raises what onnxruntime raises, or GraphError; the function raises CommandError.
    """
    import onnxruntime

    values = onnx_graph.check(data, config.input_shape, len(config.labels))

    options = onnxruntime.SessionOptions()
    # Spinning threads take the cores that decode the next photos: half the speed on two cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0  # 0: a thread a core
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(batch: Inputs) -> NDArray[np.float32]:
        try:
            probabilities: NDArray[np.float32] = session.run(None, {name: batch})[0]
        except Exception as error:  # onnxruntime raises kinds of its own, not all public
            reason = str(error).partition("\n")[0]
            raise CommandError(f"{source}: its ONNX copy fails ({reason})") from None
        if probabilities.shape != (len(batch), len(config.labels)):
            raise CommandError(f"{source}: its ONNX copy does not judge each input by itself")
        return probabilities

    return _in_pieces(predict, values)


def keras_predictor(network: "keras.Model", config: TaggerConfig) -> Predict:
    """Return a Keras network as a function."""

    def predict(batch: Inputs) -> NDArray[np.float32]:
        scaled = batch.astype(np.float32) * np.float32(config.scale if config.image_size else 1)
        probabilities: NDArray[np.float32] = network(scaled, training=False).numpy()
        return probabilities

    return _in_pieces(predict, keras_network.count_values(network))


def _in_pieces(predict: Predict, values: int) -> Predict:
    """Return `predict` for batches of any size, given what one input makes on its way."""
    size = max(1, keras_network.MAX_VALUES // values)

    def predict_in_pieces(batch: Inputs) -> NDArray[np.float32]:
        if len(batch) <= size:
            return predict(batch)
        pieces = range(0, len(batch), size)
        return np.concatenate([predict(batch[start : start + size]) for start in pieces])

    return predict_in_pieces


def export_onnx(network: "keras.Model", config: TaggerConfig, inputs: Inputs) -> bytes:
    """Return the ONNX copy of `network`, having seen that both say the same of `inputs`.

    Raises UnsupportedLayerError, or ValueError if they differ by more than 1e-4 or it is too large.
    """
    from pyimagesearch.model_file.onnx_export import to_onnx

    copy = to_onnx(network, config.scale)
    answers = [
        predict(inputs)
        for predict in (onnx_predictor(copy, config), keras_predictor(network, config))
    ]
    difference = float(np.abs(answers[0] - answers[1]).max())
    if not difference <= TOLERANCE:
        raise ValueError(f"the ONNX copy differs by {difference:.1e}")
    if len(copy) > MAX_BYTES[ONNX]:
        raise ValueError(f"the ONNX copy would have {len(copy)} bytes")
    return copy


def try_export(network: "keras.Model", config: TaggerConfig, inputs: Inputs) -> bytes | None:
    """Return the ONNX export of `network`, checked on `inputs`, or None with a warning."""
    try:
        return export_onnx(network, config, inputs)
    except Exception as error:  # whatever is wrong with the export, the trained network is kept
        console.warn(f"{error}; saved without an ONNX export, so classify.py will use Keras")
        return None
