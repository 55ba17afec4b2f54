"""A network as a function from inputs to probabilities, run by onnxruntime or by Keras."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

TOLERANCE = 1e-4  # between the probabilities of the ONNX export and those of the network


@dataclass(frozen=True)
class Outputs:
    """What a network computes for N inputs."""

    probabilities: NDArray[np.float32]  # (N, L)
    distances: NDArray[np.float32]  # (N, D); D is 0 if the network measures none


Predict = Callable[[Inputs], Outputs]


def join(parts: Sequence[Outputs]) -> Outputs:
    """Return the outputs for several batches as one."""
    return Outputs(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate([part.distances for part in parts]),
    )


def outputs_of(arrays: Sequence[NDArray[np.float32]]) -> Outputs:
    """Return the outputs of a network, of which only the first is there in every network."""
    probabilities = np.asarray(arrays[0])
    none = np.zeros((len(probabilities), 0), np.float32)
    return Outputs(probabilities, np.asarray(arrays[1]) if len(arrays) > 1 else none)


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

    wanted = [output for output in config.output_shapes if output != "maps"]

    def predict(batch: Inputs) -> Outputs:
        try:
            outputs = outputs_of(session.run(wanted, {name: batch}))
        except Exception as error:  # as above
            raise CommandError(
                f"{source}: its ONNX export fails ({shortened(error)}); use --engine keras or "
                "train again"
            ) from None
        if outputs.probabilities.shape != (len(batch), len(config.labels)):
            raise CommandError(
                f"{source}: its ONNX export does not predict each input separately; use --engine "
                "keras or train again"
            )
        return outputs

    return _in_parts(predict, export.activations)


def keras_predictor(network: "keras.Model", config: TaggerConfig) -> Predict:
    """Return a Keras network as a function."""

    def predict(batch: Inputs) -> Outputs:
        scaled = batch.astype(np.float32) * np.float32(config.scale if config.image_size else 1)
        found = network(scaled, training=False)
        return outputs_of(found if isinstance(found, list | tuple) else [found])

    return _in_parts(predict, count_activations(network))


def _in_parts(predict: Predict, activations: int) -> Predict:
    """Return `predict` for batches of any size; `activations` are those of one input."""
    size = max(1, MAX_ACTIVATIONS // max(1, activations))

    def predict_in_parts(batch: Inputs) -> Outputs:
        if len(batch) <= size:
            return predict(batch)
        starts = range(0, len(batch), size)
        return join([predict(batch[start : start + size]) for start in starts])

    return predict_in_parts


def export_onnx(network: "keras.Model", config: TaggerConfig, inputs: Inputs) -> bytes:
    """Return the ONNX export of `network`, checked to predict the same for `inputs`.

    Raises UnsupportedLayerError, or ValueError if `guard` would refuse the export, or if its
    probabilities differ by more than `TOLERANCE`.
    """
    from pyimagesearch.model_file.onnx_export import to_onnx

    graph = to_onnx(network, config.scale, tuple(config.output_shapes))
    if len(graph) > MAX_BYTES[ONNX]:
        raise ValueError(f"the ONNX export would have {len(graph)} bytes")
    export = OnnxExport(graph, onnx_graph.check(graph, config.input_shape, config.output_shapes))
    exported = onnx_predictor(export, config)(inputs).probabilities
    expected = keras_predictor(network, config)(inputs).probabilities
    difference = float(np.abs(exported - expected).max())
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
