import pytest
from support.models import LABELS, SIDE, onnx_bytes, untrained_network

from pyimagesearch.model_file.cost import count_activations
from pyimagesearch.model_file.guard import onnx_graph
from pyimagesearch.model_file.guard.refused import RefusedError


def test_the_export_of_a_network_passes_and_its_activations_are_counted() -> None:
    activations = onnx_graph.check(onnx_bytes(), (SIDE, SIDE, 3), {"probabilities": (len(LABELS),)})
    # Some layers become several nodes.
    assert 1 < activations / count_activations(untrained_network()) < 2


def test_a_graph_for_another_number_of_labels_is_refused() -> None:
    with pytest.raises(RefusedError, match="its outputs do not fit the labels"):
        onnx_graph.check(onnx_bytes(), (SIDE, SIDE, 3), {"probabilities": (len(LABELS) + 1,)})


def test_a_graph_for_photos_of_another_size_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"its input is \(48, 48, 3\), not \(80, 48, 3\)"):
        onnx_graph.check(onnx_bytes(), (80, SIDE, 3), {"probabilities": (len(LABELS),)})
