"""Which embeddings are unlike those of training: what the fixed layers for distances compute."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.networks.pretrained import COMPONENTS, Spec
from pyimagesearch.training.spectrum import chunks, principal_axes

SMALLEST_SPREAD = 0.05  # of a colour, in 0..1, however few or equal its photos are
SHRINKAGE = 0.1  # of the covariance within the labelsets, towards a multiple of the identity

Floats = NDArray[np.float64]


def set_distances(model: keras.Model, data: Dataset, spec: Spec) -> None:
    """Give the layers of `model` that measure distances the statistics of the embeddings.

    The distance to the span of the training embeddings and the Mahalanobis distance to the nearest
    label complement each other (Lee et al. 2018, "A simple unified framework for detecting
    out-of-distribution samples and adversarial attacks", https://arxiv.org/abs/1807.03888; Wang et
    al. 2022, "ViM: Out-of-distribution with virtual-logit matching",
    https://arxiv.org/abs/2203.10807). Each is standardised on the validation inputs.
    """
    rows, targets = data.inputs["embedding"], data.targets[:, spec.shapes]
    mean, axes = first_axes(rows[data.training])
    coordinates = np.concatenate([(chunk - mean) @ axes for chunk in chunks(rows[data.training])])
    whitening = whiten(coordinates, targets[data.training])
    white = coordinates @ whitening
    centres = np.stack([_mean_of(white, label) for label in targets[data.training].T], axis=1)
    weights = {
        "components": [axes, -mean @ axes],
        "whitening": [whitening],
        # The nearest centre c has the largest 2 z . c - c . c.
        "label_means": [2 * centres, -np.square(centres).sum(axis=0)],
        # An embedding e has length 1, so its squared distance to the mean is 1 - 2 e . m + m . m.
        "distance_to_mean": [-2 * mean[:, None], np.array([1 + mean @ mean])],
    }
    for name, values in weights.items():
        model.get_layer(name).set_weights([value.astype(np.float32) for value in values])
    parts = keras.Model(
        {"embedding": model.input["embedding"]}, model.get_layer("distance_parts").output
    )
    to_mean, in_span, length, nearest = np.concatenate(
        [parts({"embedding": c.astype(np.float32)}).numpy() for c in chunks(rows[data.validation])]
    ).T
    kernel, bias = [], 0.0
    for distance in (to_mean - in_span, length - nearest):
        scale = 1 / max(float(distance.std()), 1e-6)
        kernel += [[scale], [-scale]]
        bias -= scale * float(distance.mean())
    model.get_layer("shape_distance").set_weights(
        [np.array(kernel, np.float32), np.array([bias], np.float32)]
    )


def first_axes(rows: NDArray[Any]) -> tuple[Floats, Floats]:
    """Return the mean (D,) and the first COMPONENTS principal axes of `rows` (N, D).

    At most half as many axes as there are rows; the others are 0.
    """
    mean, _, found = principal_axes(rows)
    count = min(COMPONENTS, max(1, len(rows) // 2), found.shape[1])
    axes = np.zeros((rows.shape[1], COMPONENTS))
    axes[:, :count] = found[:, :count]
    return mean, axes


def whiten(coordinates: Floats, targets: NDArray[np.float32]) -> Floats:
    """Return the matrix (K, K) that gives the coordinates covariance 1 within the labelsets."""
    _, labelset = np.unique(targets, axis=0, return_inverse=True)
    counts = np.bincount(labelset)
    sums = np.zeros((len(counts), coordinates.shape[1]))
    np.add.at(sums, labelset, coordinates)
    within = coordinates - (sums / counts[:, None])[labelset]
    covariance = within.T @ within / len(within)
    used = np.diag(np.any(coordinates != 0, axis=0).astype(float))
    scale = np.trace(covariance) / max(1.0, np.trace(used))
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * scale * np.eye(len(covariance))
    values, vectors = np.linalg.eigh(covariance)
    whitening: Floats = used @ vectors / np.sqrt(values)
    return whitening


def set_colour_distance(
    model: keras.Model, means: NDArray[np.float32], targets: NDArray[np.float32]
) -> None:
    """Give `model` the mean and the covariance of each colour, of mean colours (N, 3) in 0..1."""
    kernels, biases = [], []
    for has_colour in targets.T:
        own = means[has_colour > 0] if has_colour.any() else means
        centre = own.mean(axis=0)
        spread = (own - centre).T @ (own - centre) / len(own) + SMALLEST_SPREAD**2 * np.eye(3)
        inverse = np.linalg.inv(np.linalg.cholesky(spread)).T
        kernels.append(inverse)
        biases.append(-centre @ inverse)
    layer = model.get_layer("colour_whitening")
    layer.set_weights([np.hstack(kernels).astype(np.float32), np.hstack(biases).astype(np.float32)])


def _mean_of(white: Floats, has_label: NDArray[np.float32]) -> Floats:
    chosen: Floats = white[has_label > 0] if has_label.any() else white
    return np.asarray(chosen.mean(axis=0))
