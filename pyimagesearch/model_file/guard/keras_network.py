"""Look through a stranger's Keras network before Keras builds it.

A few words of config.json can ask for a layer of 400,000,000 units, and Keras makes room for it
before it looks at the weights. So the layers are those that taggers have, the weights lie in the
weights file as plain arrays, both agree on their number, and what a photo would cost is counted
before anything is allocated.
"""

import json
import math
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyimagesearch.model_file.archive import CONFIG, WEIGHTS

if TYPE_CHECKING:
    import keras

MAX_LAYERS = 500
MAX_OBJECTS = 20_000  # in the weights file
MAX_DEPTH = 8
MAX_VALUES = 2**28  # of all layers for one photo: 1 GB; SmallerVGGNet at 1024 pixels has 2e8
MAX_PRODUCTS = 2**36  # of all layers for one photo, some seconds; SmallerVGGNet at 1024 has 1e10

_LAYERS = frozenset(
    {"Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D"}
    | {"Dense", "DepthwiseConv2D", "Dropout", "Flatten", "GlobalAveragePooling1D", "InputLayer"}
    | {"GlobalAveragePooling2D", "GlobalMaxPooling2D", "LayerNormalization", "MaxPooling2D"}
    | {"Multiply", "Normalization", "ReLU", "Rescaling", "Reshape", "Softmax"}
)
_NETWORKS = frozenset({"Functional", "Sequential"})
_OTHERS = frozenset(
    {"__keras_tensor__", "DTypePolicy", "Zeros", "Ones", "L2"}
    | {"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "RandomNormal", "RandomUniform"}
)


class NetworkError(ValueError):
    """The network is not of the kind that train.py writes; the text says what is odd about it."""


def check(archive: zipfile.ZipFile) -> None:
    """Raise NetworkError for a network that takes more than its file holds; loads Keras.

    Raises KeyError or ValueError, too, where its files are damaged.
    """
    config = json.loads(archive.read(CONFIG))
    check_kinds(config)
    held = count_weights(archive)
    declared, values, products = measure(config)
    if declared != held:
        raise NetworkError(f"its layers have {declared} weights and its weights file {held}")
    if values > MAX_VALUES:
        raise NetworkError(f"its layers put out {values} numbers for one photo")
    if products > MAX_PRODUCTS:
        raise NetworkError(f"its layers take {products} dtype_policy for one photo")


def check_kinds(config: Any) -> None:
    """Raise NetworkError for kinds of layers, or other things, that taggers do not have."""
    layers = networks = 0
    for thing in _things({key: value for key, value in config.items() if key != "compile_config"}):
        kind, module = thing["class_name"], str(thing.get("module", "keras"))
        if kind not in _LAYERS | _NETWORKS | _OTHERS or module.partition(".")[0] != "keras":
            raise NetworkError(f"it has a {kind!r}, which no tagger needs")
        layers += kind in _LAYERS
        networks += kind in _NETWORKS
    if layers > MAX_LAYERS:
        raise NetworkError(f"it has {layers} layers")
    if networks > 1:  # within it, where its layers would not be counted
        raise NetworkError("it has a network within a network")


def _things(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every object with a class name in a configuration."""
    left = [config]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            left += value.values()
        elif isinstance(value, list):
            left += value


def count_weights(archive: zipfile.ZipFile) -> int:
    """Return how many numbers the weights file holds.

    Raises NetworkError for links to elsewhere, and for arrays that do not lie there in full:
    compressed, virtual, in other files, or never written.
    """
    import h5py

    count = objects = 0
    with archive.open(WEIGHTS) as member, h5py.File(member, "r") as file:
        left = [(file["/"], 0)]
        while left:
            group, depth = left.pop()
            for name in group:
                objects += 1
                if objects > MAX_OBJECTS or depth > MAX_DEPTH:
                    raise NetworkError("its weights file is of absurd size")
                if type(group.get(name, getlink=True)) is not h5py.HardLink:
                    raise NetworkError(f"its weights file has a link, {name!r}")
                thing = group[name]
                if isinstance(thing, h5py.Group):
                    left.append((thing, depth + 1))
                    continue
                stored = thing.id.get_storage_size()
                size = math.prod(thing.shape) * thing.dtype.itemsize
                if thing.external or thing.is_virtual or thing.chunks or stored != size:
                    raise NetworkError(f"its weights file does not hold {name!r} in full")
                count += math.prod(thing.shape)
    return count


def measure(config: Any) -> tuple[int, int, int]:
    """Return how many weights a network has, and `count_values` and `count_products` of it.

    Keras works out all shapes and allocates nothing: variables made in this scope have no values.
    """
    import keras

    with keras.StatelessScope(initialize_variables=False):
        network = keras.saving.deserialize_keras_object(config, safe_mode=True)
    return network.count_params(), count_values(network), count_products(network)


def count_values(network: "keras.Model") -> int:
    """Return how many numbers all layers together put out for one input."""
    return sum(math.prod(layer.output.shape[1:]) for layer in network.layers)


def count_products(network: "keras.Model") -> int:
    """Return how many numbers all layers together multiply, or compare, for one input."""
    return sum(math.prod(layer.output.shape[1:]) * _window(layer) for layer in network.layers)


def _window(layer: "keras.Layer") -> int:
    """Return how many numbers go into each one that a layer puts out."""
    if hasattr(layer, "kernel"):
        # The kernel of a depthwise convolution is (height, width, channels, multiplier).
        depthwise = type(layer).__name__ == "DepthwiseConv2D"
        return math.prod(layer.kernel.shape[:2] if depthwise else layer.kernel.shape[:-1])
    return math.prod(getattr(layer, "pool_size", ()))
