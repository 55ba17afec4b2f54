"""config.json and model.weights.h5 as an attacker would write them, made from good ones."""

import io
import json
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]


def layers(config: bytes, change: Callable[[Config], None]) -> bytes:
    """The configuration with every layer changed."""
    network = json.loads(config)
    for layer in network["config"]["layers"]:
        change(layer)
    return json.dumps(network).encode()


def huge(config: bytes) -> bytes:
    """A layer of 400 million units."""

    def change(layer: Config) -> None:
        layer.pop("build_config", None)  # it has the old shapes
        if layer["class_name"] == "Dropout":
            config = {"name": layer["config"]["name"], "units": 400_000_000}
            layer.update(class_name="Dense", config=config)

    return layers(config, change)


def running(config: bytes) -> bytes:
    """A layer that is a program."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "Rescaling":
            code = "open('canary', 'w')"
            function = {"class_name": "__lambda__", "config": {"code": code, "defaults": None}}
            layer.update(class_name="Lambda", config={"name": "rescaling", "function": function})

    return layers(config, change)


def foreign(config: bytes) -> bytes:
    """A function of another module in place of a layer."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "Dropout":
            layer.update(module="os", class_name="system", registered_name=None)

    return layers(config, change)


def stretching(config: bytes) -> bytes:
    """A layer without weights that can make a million pixels of each."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "MaxPooling2D":
            layer.update(class_name="UpSampling2D")

    return layers(config, change)


def searching(config: bytes) -> bytes:
    """A layer without weights that compares 4 million numbers for each number of its output."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "MaxPooling2D":
            layer["config"].update(pool_size=[2000, 2000], strides=[1, 1], padding="same")

    return layers(config, change)


def nested(config: bytes) -> bytes:
    """A network within the network."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "Dropout":
            layer.update(class_name="Functional", config={"name": layer["config"]["name"]})

    return layers(config, change)


def compiled(config: bytes) -> bytes:
    """Training settings that allocate over 1 GB: a metric with 40 million thresholds."""
    network = json.loads(config)
    metric = {"num_thresholds": 40_000_000}
    network["compile_config"] = {
        "optimizer": "sgd",
        "metrics": [{"module": "keras.metrics", "class_name": "AUC", "config": metric}],
    }
    return huge(json.dumps(network).encode())


# What to make of a good config.json, and why it is refused.
CONFIGS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not JSON": (lambda config: b"{", "Keras cannot load its network (Expecting property name"),
    "nested lists": (
        lambda config: b"[" * 1_000_000,
        "Keras cannot load its network (maximum recursion depth exceeded",
    ),
    "a list": (lambda config: b"[1]", "its network is refused (its config.json does not describe"),
    "a layer that runs code": (running, "its network is refused (has a 'Lambda'"),
    "a function of another module": (foreign, "its network is refused (has a 'system'"),
    "a layer that no tagger has": (stretching, "its network is refused (has a 'UpSampling2D'"),
    "a layer with too many comparisons": (searching, "multiply-adds for one photo"),
    "a network within a network": (nested, "its network is refused (has a network within"),
    "a layer of 400 million units": (huge, "weights, but its weights file"),
    "training settings that take 1 GB": (compiled, "weights, but its weights file"),
}


def weights(write: Callable[[h5py.File], None]) -> bytes:
    """Return an HDF5 file."""
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        write(h5)
    return file.getvalue()


def external_link(file: h5py.File) -> None:
    file["layers"] = h5py.ExternalLink("/etc/passwd", "/")


def circular(file: h5py.File) -> None:
    file["a"] = file["/"]


def in_another_file(file: h5py.File) -> None:
    file.create_dataset("a", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def never_written(file: h5py.File) -> None:
    file.create_dataset("a", (2**17, 2**17), "f4")


def compressed(file: h5py.File) -> None:
    file.create_dataset("a", data=np.zeros((4096, 4096), "f4"), compression="gzip")


# What to write in place of model.weights.h5, and why it is refused.
WEIGHTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "not HDF5": (lambda: b"not HDF5", "Keras cannot load its network ("),
    "a link to another file": (
        lambda: weights(external_link),
        "its network is refused (its weights file has a link, 'layers'",
    ),
    "a group that contains itself": (
        lambda: weights(circular),
        "its network is refused (its weights file has too many objects",
    ),
    "numbers in another file": (
        lambda: weights(in_another_file),
        "its network is refused (its weights file does not contain 'a' in full",
    ),
    "64 GB that were never written": (
        lambda: weights(never_written),
        "its network is refused (its weights file does not contain 'a' in full",
    ),
    "64 MB compressed to 64 KB": (
        lambda: weights(compressed),
        "its network is refused (its weights file does not contain 'a' in full",
    ),
    "no weights": (lambda: weights(lambda file: None), "weights, but its weights file 0"),
}
