"""What the frozen part of a pretrained network computes from each photo, kept for the next run.

A row holds a small picture for the colour pathway, the embedding, and, if there are colours, the
bottleneck of the backbone: 12 KB a photo without it and 28 KB with it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.data.cache import Conversion, Convert

VERSION = 1  # to be raised if the same photo would give other rows
REDUCTION = 4  # pixels of the photo for each pixel of the small picture
STRIDE, BOTTLENECK, CHANNELS = 32, 320, 1280  # of the backbone, whose module loads Keras


def small_side(side: int) -> int:
    """Return the side of the small picture of a photo of `side` pixels."""
    return side // REDUCTION


def row_type(side: int, has_colours: bool) -> np.dtype[Any]:
    """Return the type of the row of a photo of `side` pixels.

    The bottleneck is stored as int8 with one scale for each photo, which changes the features made
    of it by 1.4 %, and takes a quarter of the space.
    """
    small, cells = small_side(side), side // STRIDE
    fields: list[tuple[str, Any, Any]] = [
        ("picture", np.uint8, (small, small, 3)),
        ("embedding", np.float16, (CHANNELS,)),
    ]
    if has_colours:
        fields += [("bottleneck", np.int8, (cells, cells, BOTTLENECK)), ("scale", np.float32, ())]
    return np.dtype(fields)


def conversion(variant: str, side: int, has_colours: bool) -> Conversion:
    """Return how rows are computed from photos by the backbone `variant`.

    If there are colours, the backbone sees luminance only.
    """
    return Conversion(
        f"{variant} {has_colours} {VERSION}",
        side,
        row_type(side, has_colours),
        lambda: _extractor(variant, side, has_colours),
        "looking at photos",
    )


def network_inputs(rows: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
    """Return what the heads take of (N,) rows, by the names of their inputs."""
    inputs: dict[str, NDArray[np.float32]] = {"embedding": rows["embedding"].astype(np.float32)}
    if "bottleneck" in (rows.dtype.names or ()):
        scale = rows["scale"][:, None, None, None]
        inputs["bottleneck"] = rows["bottleneck"].astype(np.float32) * scale
        inputs["picture"] = rows["picture"].astype(np.float32) / np.float32(255)
    return inputs


def _extractor(variant: str, side: int, has_colours: bool) -> Convert:
    """Return the frozen part as a function from uint8 (N, side, side, 3) to rows."""
    import onnxruntime

    from pyimagesearch.model_file.onnx_export import to_onnx
    from pyimagesearch.networks import keras_settings
    from pyimagesearch.networks.pretrained import build_extractor

    keras_settings.set_defaults()
    model = build_extractor(variant, side, is_luminance=has_colours)
    graph = to_onnx(model, 1 / 255, ("bottleneck", "embedding"))
    options = onnxruntime.SessionOptions()
    # Spinning threads take the cores that decode the next photos.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    dtype = row_type(side, has_colours)

    def convert(pixels: NDArray[np.uint8]) -> NDArray[Any]:
        bottleneck, embedding = session.run(["bottleneck", "embedding"], {"images": pixels})
        rows = np.zeros(len(pixels), dtype)
        rows["picture"] = shrink(pixels)
        rows["embedding"] = embedding
        if has_colours:
            scale = np.abs(bottleneck).max(axis=(1, 2, 3)) / 127
            rows["bottleneck"] = np.rint(bottleneck / scale[:, None, None, None])
            rows["scale"] = scale
        return rows

    return convert


def shrink(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return uint8 pictures (N, S, S, 3) in a quarter of their size, as average pooling does."""
    count, side = pixels.shape[:2]
    small = side // REDUCTION
    blocks = pixels.reshape(count, small, REDUCTION, small, REDUCTION, 3)
    return np.asarray(np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)), np.uint8)
