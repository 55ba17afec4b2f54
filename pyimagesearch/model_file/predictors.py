"""Networks as functions from pixels to probabilities, by onnxruntime or by Keras."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.archive import MAX_BYTES, SERVING_COPY
from pyimagesearch.model_file.artifacts import Card, load_keras, read_serving_copy
from pyimagesearch.model_file.guard import keras_network, onnx_graph

if TYPE_CHECKING:
    import keras

# Images, uint8 RGB (N, S, S, 3), or features, float32 (N, F).
Inputs = NDArray[np.uint8] | NDArray[np.float32]
# Returns float32 (N, L).
Predict = Callable[[Inputs], NDArray[np.float32]]
TOLERANCE = 1e-4


def load(path: Path, card: Card, engine: str = "auto", threads: int | None = None) -> Predict:
    """Return the network in the model file at `path`.

    `engine` is "onnx" for the copy that needs no TensorFlow, "keras" for the network itself, or
    "auto" for the copy where there is one. `threads` limits the copy, which takes every core
    otherwise. Raises CommandError where that cannot be had.
    """
    copy = None if engine == "keras" else read_serving_copy(path)
    if copy is not None:
        try:
            return onnx_predictor(copy, card, threads, path)
        except Exception as error:  # onnxruntime raises kinds of its own, not all public
            reason = str(error).partition("\n")[0]
            raise CommandError(f"{path}: its ONNX copy cannot be used ({reason})") from None
    if engine == "onnx":
        raise CommandError(f"{path}: holds no ONNX copy; use --engine keras")
    network = load_keras(path)
    shapes = network.input_shape[1:], network.output_shape[1:]
    if shapes != (card.input_shape, (len(card.labels),)):
        raise CommandError(f"{path}: its network does not fit its labels; train again")
    return keras_predictor(network, card)


def onnx_predictor(
    data: bytes, card: Card, threads: int | None = None, source: Path | str = SERVING_COPY
) -> Predict:
    """Return the graph in `data`, of the file `source`, as a function.

    Raises what onnxruntime raises, or GraphError; the function raises CommandError.
    """
    import onnxruntime

    values = onnx_graph.check(data, card.input_shape, len(card.labels))

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
        if probabilities.shape != (len(batch), len(card.labels)):
            raise CommandError(f"{source}: its ONNX copy does not judge each input by itself")
        return probabilities

    return _in_pieces(predict, values)


def keras_predictor(network: "keras.Model", card: Card) -> Predict:
    """Return a Keras network as a function."""

    def predict(batch: Inputs) -> NDArray[np.float32]:
        scaled = batch.astype(np.float32) * np.float32(card.scale if card.image_size else 1)
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


def make_copy(network: "keras.Model", card: Card, inputs: Inputs) -> bytes:
    """Return the ONNX copy of `network`, having seen that both say the same of `inputs`.

    Raises UnknownLayerError, or ValueError where they differ by more than 1e-4 or it is too large.
    """
    from pyimagesearch.model_file.onnx_export import to_onnx

    copy = to_onnx(network, card.scale)
    answers = [
        predict(inputs) for predict in (onnx_predictor(copy, card), keras_predictor(network, card))
    ]
    difference = float(np.abs(answers[0] - answers[1]).max())
    if not difference <= TOLERANCE:
        raise ValueError(f"the ONNX copy differs by {difference:.1e}")
    if len(copy) > MAX_BYTES[SERVING_COPY]:
        raise ValueError(f"the ONNX copy would have {len(copy)} bytes")
    return copy
