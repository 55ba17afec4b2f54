"""config.json and model.weights.h5 as an attacker would write them, of good ones."""

import io
import json
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Config = dict[str, Any]


def layers(config: bytes, change: Callable[[Config], None]) -> bytes:
    """Return the configuration with every layer changed."""
    network = json.loads(config)
    for layer in network["config"]["layers"]:
        change(layer)
    return json.dumps(network).encode()


def huge(config: bytes) -> bytes:
    """A layer of 400 million units."""

    def change(layer: Config) -> None:
        layer.pop("build_config", None)  # of the shapes as they were
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
    """A layer out of any module."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "Dropout":
            layer.update(module="os", class_name="system", registered_name=None)

    return layers(config, change)


def stretching(config: bytes) -> bytes:
    """A layer without weights that makes a million pixels of each."""

    def change(layer: Config) -> None:
        if layer["class_name"] == "MaxPooling2D":
            layer.update(class_name="UpSampling2D")

    return layers(config, change)


def searching(config: bytes) -> bytes:
    """A layer without weights that looks for the largest of 4 million numbers, for each number."""

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


CONFIGS: dict[str, Callable[[bytes], bytes]] = {
    "no JSON": lambda config: b"{",
    "a nest": lambda config: b"[" * 1_000_000,
    "a layer that is a program": running,
    "a layer out of any module": foreign,
    "a layer that no tagger has": stretching,
    "a layer of endless comparisons": searching,
    "a network within a network": nested,
}


def weights(write: Callable[[h5py.File], None]) -> bytes:
    """Return an HDF5 file."""
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        write(h5)
    return file.getvalue()


def link(file: h5py.File) -> None:
    file["layers"] = h5py.ExternalLink("/etc/passwd", "/")


def circle(file: h5py.File) -> None:
    file["a"] = file["/"]


def elsewhere(file: h5py.File) -> None:
    file.create_dataset("a", (8,), "u1", external=[("/etc/passwd", 0, 8)])


def never_written(file: h5py.File) -> None:
    file.create_dataset("a", (2**17, 2**17), "f4")


def squeezed(file: h5py.File) -> None:
    file.create_dataset("a", data=np.zeros((4096, 4096), "f4"), compression="gzip")


WEIGHTS: dict[str, Callable[[], bytes]] = {
    "no HDF5": lambda: b"no HDF5",
    "a link to another file": lambda: weights(link),
    "a group within itself": lambda: weights(circle),
    "numbers in another file": lambda: weights(elsewhere),
    "64 GB never written": lambda: weights(never_written),
    "64 MB in 64 KB": lambda: weights(squeezed),
}
