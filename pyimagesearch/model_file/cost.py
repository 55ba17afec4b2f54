"""What a network costs for one input, and the most that it may cost."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

MAX_ACTIVATIONS = 2**28  # 1 GB of float32; SmallerVGGNet has 2e8 at 1024 pixels
MAX_MULTIPLY_ADDS = 2**36  # some seconds; SmallerVGGNet has 1e10 at 1024 pixels


def count_activations(network: "keras.Model") -> int:
    """Return how many numbers all layers together output for one input."""
    return sum(math.prod(layer.output.shape[1:]) for layer in network.layers)


def count_multiply_adds(network: "keras.Model") -> int:
    """Return how many numbers all layers together multiply, or compare, for one input."""
    return sum(math.prod(layer.output.shape[1:]) * _fan_in(layer) for layer in network.layers)


def _fan_in(layer: "keras.Layer") -> int:
    """Return how many numbers go into each number that a layer outputs."""
    if hasattr(layer, "kernel"):
        # The kernel of a depthwise convolution is (height, width, channels, multiplier).
        depthwise = type(layer).__name__ == "DepthwiseConv2D"
        return math.prod(layer.kernel.shape[:2] if depthwise else layer.kernel.shape[:-1])
    return math.prod(getattr(layer, "pool_size", ()))
