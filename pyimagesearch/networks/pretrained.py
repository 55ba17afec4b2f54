"""Heads on a pretrained backbone: what is in the photo, where it is, and which colour it has there.

The shape pathway sees luminance only: the features of the backbone, averaged over the photo, give
the logits of all labels that are not colours. The class activation map of the labels it predicts
(Zhou et al. 2016, "Learning deep features for discriminative localization",
https://arxiv.org/abs/1512.04150) says where they are. The colour pathway judges small patches of
the photo one by one, weighted by that map. So hue cannot reach the shape labels, shape cannot reach
the colour labels, and the background hardly reaches either. If the data has no colour group, the
backbone sees the photo in colour and its head gives all labels.

The backbone is frozen: its part is computed once for each photo (training/features.py), and the
heads are trained on the result. `build_extractor` makes the frozen part, `build_heads` the heads,
and `assemble` the network for photos that is saved.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from pyimagesearch.networks import backbone
from pyimagesearch.networks.factored import LUMINANCE
from pyimagesearch.smallervggnet import MOMENTUM

REDUCTION = 4  # pixels of the photo for each pixel of the picture that the colour pathway sees
PATCH = 8  # pixels of the photo for each patch of the colour pathway
SHARPNESS = 2.0  # of the attention, for a map with standard deviation 1
COMPONENTS = 128  # principal components of the embeddings
DISTANCE_LAYERS = frozenset(
    {"components", "whitening", "label_means", "distance_to_mean", "shape_distance"}
)


@dataclass(frozen=True)
class Spec:
    """The size of the photos and the labels that the heads give."""

    image_size: int  # pixels a side, a multiple of 32
    labels: int
    colours: Sequence[int]  # the columns of the colour labels; empty if there is no colour group

    @property
    def shapes(self) -> list[int]:
        """The columns of all other labels."""
        return [column for column in range(self.labels) if column not in set(self.colours)]

    @property
    def cells(self) -> int:
        """The side of the feature map."""
        return self.image_size // backbone.STRIDE

    @property
    def patches(self) -> int:
        """The side of the grid of patches that the colour pathway judges."""
        return self.image_size // PATCH


def build_extractor(variant: str, side: int, is_luminance: bool) -> keras.Model:
    """Return the frozen part: (batch, side, side, 3) images in 0..1 -> [bottleneck, embedding].

    The bottleneck is (batch, side / 32, side / 32, 320), the embedding (batch, 1280) of length 1.
    Raises CommandError if the package with the weights is missing.
    """
    images = keras.Input((side, side, 3))
    bottleneck = backbone.bottleneck(_seen(images, is_luminance), variant)
    embedding = _embedding(backbone.features(bottleneck))
    return _with_fixed_weights(keras.Model(images, [bottleneck, embedding]), variant)


def build_heads(spec: Spec, variant: str) -> keras.Model:
    """Return the untrained heads: a dictionary of inputs -> [probabilities, distances].

    The inputs are the "embedding" and, if there are colours, the "bottleneck" and the "picture",
    (batch, side / 4, side / 4, 3) RGB in 0..1. Probabilities are (batch, labels), in the order of
    the binarizer; distances are (batch, 1 or 2), see `_shape_distance` and `_colour_distance`.
    """
    inputs = {"embedding": keras.Input((backbone.CHANNELS,), name="embedding")}
    features = picture = None
    if spec.colours:
        side = spec.image_size // REDUCTION
        inputs["bottleneck"] = keras.Input(
            (spec.cells, spec.cells, backbone.BOTTLENECK), name="bottleneck"
        )
        inputs["picture"] = picture = keras.Input((side, side, 3), name="picture")
        features = backbone.features(inputs["bottleneck"])
    outputs = _outputs(inputs["embedding"], features, picture, spec)[:2]
    return _with_fixed_weights(keras.Model(inputs, outputs), variant, spec)


def build_colour_pathway(spec: Spec) -> keras.Model:
    """Return the untrained colour pathway alone: [picture, map] -> logits (batch, colours).

    The map, (batch, cells, cells, 1), has mean 0 and standard deviation 1.
    """
    side = spec.image_size // REDUCTION
    picture, evidence = keras.Input((side, side, 3)), keras.Input((spec.cells, spec.cells, 1))
    logits = _colour_logits(picture, _attention(evidence, spec), spec)
    model = keras.Model([picture, evidence], logits)
    _set_fixed(model, spec)
    return model


def assemble(heads: keras.Model, spec: Spec, variant: str) -> keras.Model:
    """Return the network for photos: (batch, side, side, 3) in 0..1 -> the outputs of `heads`.

    A third output are the class activation maps, (batch, cells, cells, labels that are not
    colours).
    """
    images = keras.Input((spec.image_size, spec.image_size, 3))
    bottleneck = backbone.bottleneck(_seen(images, bool(spec.colours)), variant)
    features = backbone.features(bottleneck)
    picture = layers.AveragePooling2D(REDUCTION)(images) if spec.colours else None
    outputs = _outputs(_embedding(features), features, picture, spec)
    model = _with_fixed_weights(keras.Model(images, outputs, name="pretrained"), variant, spec)
    copy_weights(heads, model)
    return model


def copy_weights(
    source: keras.Model, target: keras.Model, names: Collection[str] | None = None
) -> None:
    """Give each layer of `target` the weights of the layer of `source` with the same name.

    If `names` are given, only these layers are copied.
    """
    trained = {layer.name: layer for layer in source.layers}
    for layer in target.layers:
        is_wanted = names is None or layer.name in names
        if is_wanted and layer.weights and layer.name in trained:
            layer.set_weights(trained[layer.name].get_weights())


def _seen(images: keras.KerasTensor, is_luminance: bool) -> keras.KerasTensor:
    """Return what the backbone sees of the images."""
    if not is_luminance:
        return images
    return layers.Conv2D(1, 1, use_bias=False, trainable=False, name="luminance")(images)


def _embedding(features: keras.KerasTensor) -> keras.KerasTensor:
    return layers.UnitNormalization()(layers.GlobalAveragePooling2D()(features))


def _outputs(
    embedding: keras.KerasTensor,
    features: keras.KerasTensor | None,
    picture: keras.KerasTensor | None,
    spec: Spec,
) -> list[keras.KerasTensor]:
    """Return the probabilities, the distances and, given the features, the maps."""
    logits = layers.Dense(len(spec.shapes), name="shape_head")(embedding)
    distances = _shape_distance(embedding, spec)
    maps = None
    if features is not None:
        # The kernel of this convolution is that of the head.
        maps = layers.Conv2D(len(spec.shapes), 1, use_bias=False, name="maps")(features)
    if picture is not None:
        attention = _attention(_evidence(maps, logits), spec)
        colour = _colour_logits(picture, attention, spec)
        distances = layers.Concatenate(name="distances")(
            [distances, _colour_distance(picture, attention, spec)]
        )
        # In the order of the binarizer, by a fixed permutation: stock layers cannot index.
        order = layers.Dense(spec.labels, use_bias=False, trainable=False, name="label_order")
        logits = order(layers.Concatenate()([colour, logits]))
    probabilities = layers.Activation("sigmoid", name="probabilities")(logits)
    outputs = [probabilities, distances]
    return outputs if maps is None else [*outputs, maps]


def _evidence(maps: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Return (batch, cells, cells, 1) where the predicted labels are, with standard deviation 1."""
    labels = logits.shape[-1]
    likely = layers.Reshape((1, 1, labels))(layers.Softmax()(logits))
    weighted = layers.Multiply()([maps, likely])
    summed = layers.Conv2D(1, 1, use_bias=False, trainable=False, name="map_sum")(weighted)
    standardised = layers.LayerNormalization(
        axis=[1, 2, 3], center=False, scale=False, name="evidence"
    )
    return standardised(summed)


def _attention(evidence: keras.KerasTensor, spec: Spec) -> keras.KerasTensor:
    """Return (batch, patches², 1) how much each patch counts; they sum to 1."""
    flat = layers.Reshape((spec.cells**2,))(evidence)
    fine = _fixed(spec.patches**2, "upsampling", use_bias=False)(flat)
    return layers.Reshape((spec.patches**2, 1))(layers.Softmax()(layers.Rescaling(SHARPNESS)(fine)))


def _weighted_mean(
    values: keras.KerasTensor, attention: keras.KerasTensor, spec: Spec
) -> keras.KerasTensor:
    """Return the mean (batch, C) of `values` (batch, patches, patches, C) by the attention."""
    flat = layers.Reshape((spec.patches**2, values.shape[-1]))(values)
    mean = layers.GlobalAveragePooling1D()(layers.Multiply()([flat, attention]))
    return layers.Rescaling(float(spec.patches**2))(mean)


def _colour_logits(
    picture: keras.KerasTensor, attention: keras.KerasTensor, spec: Spec
) -> keras.KerasTensor:
    """Return the logits of the colours, averaged over the patches by the attention."""
    x = picture
    for number, (kernel, pool) in enumerate(((3, PATCH // REDUCTION), (1, 1), (1, 1)), 1):
        x = layers.Conv2D(32, kernel, padding="same", use_bias=False, name=f"colour_{number}")(x)
        if pool > 1:
            x = layers.MaxPooling2D(pool)(x)
        x = layers.BatchNormalization(momentum=MOMENTUM, name=f"colour_{number}_norm")(x)
        x = layers.Activation("relu")(x)
    logits = layers.Conv2D(len(spec.colours), 1, name="colour_head")(x)
    return _weighted_mean(logits, attention, spec)


def _colour_distance(
    picture: keras.KerasTensor, attention: keras.KerasTensor, spec: Spec
) -> keras.KerasTensor:
    """Return (batch, 1) the squared Mahalanobis distance of the mean colour to the nearest label.

    Each label has a covariance of its own: blue varies more than black.
    """
    colours = len(spec.colours)
    small = layers.AveragePooling2D(PATCH // REDUCTION)(picture)
    mean = layers.Rescaling(1.0, name="mean_colour")(_weighted_mean(small, attention, spec))
    white = _fixed(3 * colours, "colour_whitening")(mean)
    lengths = _fixed(colours, "colour_lengths", use_bias=False)(layers.Multiply()([white, white]))
    nearest = layers.GlobalMaxPooling1D()(layers.Reshape((colours, 1))(lengths))
    return layers.Rescaling(-1.0)(nearest)


def _shape_distance(embedding: keras.KerasTensor, spec: Spec) -> keras.KerasTensor:
    """Return (batch, 1) how far an embedding is from those that the heads were trained on.

    The sum of the squared distance to their span (what 128 principal components leave) and the
    squared Mahalanobis distance within it to the nearest label, each standardised.
    """
    components = _fixed(COMPONENTS, "components")(embedding)
    white = _fixed(COMPONENTS, "whitening", use_bias=False)(components)
    near = _fixed(len(spec.shapes), "label_means")(white)
    parts = [
        _fixed(1, "distance_to_mean")(embedding),
        _fixed(1, "length_in_span", use_bias=False)(layers.Multiply()([components, components])),
        _fixed(1, "length_white", use_bias=False)(layers.Multiply()([white, white])),
        layers.GlobalMaxPooling1D()(layers.Reshape((len(spec.shapes), 1))(near)),
    ]
    return _fixed(1, "shape_distance")(layers.Concatenate(name="distance_parts")(parts))


def _fixed(units: int, name: str, use_bias: bool = True) -> layers.Layer:
    """Return a linear layer that gradient steps do not change."""
    return layers.Dense(units, use_bias=use_bias, trainable=False, name=name)


def _with_fixed_weights(model: keras.Model, variant: str, spec: Spec | None = None) -> keras.Model:
    """Return `model` with the weights that are not trained on the user's photos."""
    backbone.set_weights(model, backbone.read_weights(variant))
    _set_fixed(model, spec)
    return model


def _set_fixed(model: keras.Model, spec: Spec | None) -> None:
    weights = {
        "luminance": np.reshape(LUMINANCE, (1, 1, 3, 1)),
        "length_in_span": np.ones((COMPONENTS, 1)),
        "length_white": np.ones((COMPONENTS, 1)),
    }
    if spec is not None:
        weights |= {
            "map_sum": np.ones((1, 1, len(spec.shapes), 1)),
            "upsampling": upsampling(spec.cells, spec.patches),
            # Minus the squared length of each three numbers: the nearest colour is the largest.
            "colour_lengths": -np.kron(np.eye(len(spec.colours)), np.ones((3, 1))),
            "label_order": np.eye(spec.labels)[[*spec.colours, *spec.shapes]],
        }
    for layer in model.layers:
        if layer.name in weights:
            layer.set_weights([weights[layer.name].astype(np.float32)])


def upsampling(cells: int, patches: int) -> NDArray[np.float64]:
    """Return the matrix (cells², patches²) of bilinear interpolation of a square map."""
    centres = (np.arange(patches) + 0.5) * cells / patches - 0.5
    distance = np.abs(np.clip(centres, 0, cells - 1)[None] - np.arange(cells)[:, None])
    line = np.maximum(0, 1 - distance)  # (cells, patches)
    return np.asarray(np.einsum("ap,bq->abpq", line, line).reshape(cells**2, patches**2))
