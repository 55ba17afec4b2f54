"""Check a Keras network before Keras builds it.

A few words of config.json can ask for a layer of 400,000,000 units, and Keras allocates it before
it reads the weights. So only the kinds of layers that taggers have are allowed, the weights have to
be in the weights file in full, both have to agree on the number of weights, and the cost of one
photo is counted before anything is allocated.
"""

import copy
import json
import math
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyimagesearch.model_file.archive import NETWORK_CONFIG, WEIGHTS
from pyimagesearch.model_file.cost import (
    MAX_ACTIVATIONS,
    MAX_MULTIPLY_ADDS,
    count_activations,
    count_multiply_adds,
)
from pyimagesearch.model_file.guard.refused import RefusedError

if TYPE_CHECKING:
    import keras

MAX_LAYERS = 500
MAX_OBJECTS = 20_000  # in the weights file
MAX_DEPTH = 8

_LAYERS = frozenset(
    {"Activation", "Add", "AveragePooling2D", "BatchNormalization", "Concatenate", "Conv2D"}
    | {"Dense", "DepthwiseConv2D", "Dropout", "Flatten", "GlobalAveragePooling1D"}
    | {"GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "InputLayer"}
    | {"LayerNormalization", "MaxPooling2D", "Multiply", "Normalization", "ReLU", "Rescaling"}
    | {"Reshape", "Softmax", "UnitNormalization"}
)
_NETWORKS = frozenset({"Functional", "Sequential"})
_OTHERS = frozenset(
    {"__keras_tensor__", "DTypePolicy", "Zeros", "Ones", "L2"}
    | {"GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "RandomNormal", "RandomUniform"}
)


def load(
    archive: zipfile.ZipFile, input_shape: Sequence[int], output_shapes: Sequence[Sequence[int]]
) -> "keras.Model":
    """Return the uncompiled network in `archive`, checked before it is built; imports Keras.

    Raises RefusedError unless it is a network such as train.py writes, with these shapes of one
    input and its outputs, and whatever Keras raises if its files are damaged.
    """
    config = json.loads(archive.read(NETWORK_CONFIG))
    if not isinstance(config, dict):
        raise RefusedError("its config.json does not describe a network")
    # How it was compiled is not needed, and could ask for any object of Keras.
    config.pop("compile_config", None)
    check_kinds(config)
    check_size(config, input_shape, output_shapes, count_weights(archive))

    import keras

    network = keras.saving.deserialize_keras_object(config, safe_mode=True)
    # Keras reads weights only from a path with this name. Windows cannot delete a file that is
    # still open, which it is if Keras fails.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        weights = Path(folder) / WEIGHTS
        with archive.open(WEIGHTS) as member, weights.open("wb") as file:
            shutil.copyfileobj(member, file)
        network.load_weights(weights)
    return network


def check_kinds(config: Any) -> None:
    """Raise RefusedError for layers, or other objects, of a kind that taggers do not have."""
    layers = networks = 0
    for item in _objects(config):
        kind, module = item["class_name"], str(item.get("module", "keras"))
        if kind not in _LAYERS | _NETWORKS | _OTHERS or module.partition(".")[0] != "keras":
            raise RefusedError(f"has a {kind!r}, which no tagger needs")
        layers += kind in _LAYERS
        networks += kind in _NETWORKS
    if layers > MAX_LAYERS:
        raise RefusedError(f"has {layers} layers")
    if networks > 1:  # the layers of the inner one would not be counted
        raise RefusedError("has a network within a network")


def _objects(config: Any) -> Iterator[dict[str, Any]]:
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
    """Return how many numbers the weights file contains.

    Raises RefusedError for links, and for arrays that are not in the file in full: compressed,
    virtual, in another file, or never written.
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
                    raise RefusedError("its weights file has too many objects")
                if type(group.get(name, getlink=True)) is not h5py.HardLink:
                    raise RefusedError(f"its weights file has a link, {name!r}")
                item = group[name]
                if isinstance(item, h5py.Group):
                    left.append((item, depth + 1))
                    continue
                stored = item.id.get_storage_size()
                size = math.prod(item.shape) * item.dtype.itemsize
                if item.external or item.is_virtual or item.chunks or stored != size:
                    raise RefusedError(f"its weights file does not contain {name!r} in full")
                count += math.prod(item.shape)
    return count


def check_size(
    config: Any, input_shape: Sequence[int], output_shapes: Sequence[Sequence[int]], stored: int
) -> None:
    """Raise RefusedError unless the network has these shapes, `stored` weights, and a fair cost.

    Keras computes all shapes and allocates nothing: variables created in this scope have no values.
    """
    import keras

    as_read = copy.deepcopy(config)  # Keras empties what it reads
    with keras.StatelessScope(initialize_variables=False):
        network = keras.saving.deserialize_keras_object(as_read, safe_mode=True)
    if (count := network.count_params()) != stored:
        raise RefusedError(f"its layers have {count} weights, but its weights file {stored}")
    if (activations := count_activations(network)) > MAX_ACTIVATIONS:
        raise RefusedError(f"its layers output {activations} numbers for one photo")
    if (multiply_adds := count_multiply_adds(network)) > MAX_MULTIPLY_ADDS:
        raise RefusedError(f"its layers take {multiply_adds} multiply-adds for one photo")
    found = [tuple(output.shape[1:]) for output in network.outputs]
    if network.input_shape[1:] != tuple(input_shape) or found != list(map(tuple, output_shapes)):
        raise RefusedError("its shapes do not fit the labels or the image size")
