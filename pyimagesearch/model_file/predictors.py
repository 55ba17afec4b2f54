"""A network as a function from inputs to probabilities, run by onnxruntime or by Keras."""

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
from pyimagesearch.model_file.cost import MAX_ACTIVATIONS, count_activations
from pyimagesearch.model_file.guard import OnnxExport, onnx_graph
from pyimagesearch.model_file.guard.refused import shortened

if TYPE_CHECKING:
    import keras

# Returns float32 (N, L).
Predict = Callable[[Inputs], NDArray[np.float32]]
TOLERANCE = 1e-4  # between the probabilities of the ONNX export and those of the network


def onnx_predictor(
    export: OnnxExport, config: TaggerConfig, threads: int | None = None, source: Path | str = ONNX
) -> Predict:
    """Return the ONNX export as a function; it runs on `threads`, by default one per core.

    Here and when it is called, raises CommandError, which names the file `source`, if onnxruntime
    fails.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Spinning threads keep busy the cores that decode the next photos, which halves the speed.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    options.intra_op_num_threads = threads or 0  # 0: one thread per core
    try:
        session = onnxruntime.InferenceSession(
            export.graph, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises its own exceptions, not all of them public
        raise CommandError(
            f"{source}: its ONNX export cannot be loaded ({shortened(error)}); use --engine keras "
            "or train again"
        ) from None
    name = session.get_inputs()[0].name

    def predict(batch: Inputs) -> NDArray[np.float32]:
        try:
            probabilities: NDArray[np.float32] = session.run(None, {name: batch})[0]
        except Exception as error:  # as above
            raise CommandError(
                f"{source}: its ONNX export fails ({shortened(error)}); use --engine keras or "
                "train again"
            ) from None
        if probabilities.shape != (len(batch), len(config.labels)):
            raise CommandError(
                f"{source}: its ONNX export does not predict each input separately; use --engine "
                "keras or train again"
            )
        return probabilities

    return _in_parts(predict, export.activations)


def keras_predictor(network: "keras.Model", config: TaggerConfig) -> Predict:
    """Return a Keras network as a function."""

    def predict(batch: Inputs) -> NDArray[np.float32]:
        scaled = batch.astype(np.float32) * np.float32(config.scale if config.image_size else 1)
        probabilities: NDArray[np.float32] = network(scaled, training=False).numpy()
        return probabilities

    return _in_parts(predict, count_activations(network))


def _in_parts(predict: Predict, activations: int) -> Predict:
    """Return `predict` for batches of any size; `activations` are those of one input."""
    size = max(1, MAX_ACTIVATIONS // max(1, activations))

    def predict_in_parts(batch: Inputs) -> NDArray[np.float32]:
        if len(batch) <= size:
            return predict(batch)
        starts = range(0, len(batch), size)
        return np.concatenate([predict(batch[start : start + size]) for start in starts])

    return predict_in_parts


def export_onnx(network: "keras.Model", config: TaggerConfig, inputs: Inputs) -> bytes:
    """Return the ONNX export of `network`, checked to predict the same for `inputs`.

    Raises UnsupportedLayerError, or ValueError if `guard` would refuse the export, or if its
    probabilities differ by more than `TOLERANCE`.
    """
    from pyimagesearch.model_file.onnx_export import to_onnx

    graph = to_onnx(network, config.scale)
    if len(graph) > MAX_BYTES[ONNX]:
        raise ValueError(f"the ONNX export would have {len(graph)} bytes")
    export = OnnxExport(graph, onnx_graph.check(graph, config.input_shape, len(config.labels)))
    exported = onnx_predictor(export, config)(inputs)
    difference = float(np.abs(exported - keras_predictor(network, config)(inputs)).max())
    if not difference <= TOLERANCE:
        raise ValueError(f"the probabilities of the ONNX export differ by {difference:.1e}")
    return graph


def try_export(network: "keras.Model", config: TaggerConfig, inputs: Inputs) -> bytes | None:
    """Return the ONNX export of `network`, checked on `inputs`, or None with a warning."""
    try:
        return export_onnx(network, config, inputs)
    except Exception as error:  # whatever is wrong with the export, the trained network is kept
        console.warn(f"{error}; saved without an ONNX export, so classify.py will use Keras")
        return None
