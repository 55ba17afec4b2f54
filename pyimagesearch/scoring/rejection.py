"""Rejection of unknown images: an image unlike anything the network has learned gets no tags."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.labels.groups import LabelGroup, colour_columns

REJECTED = 0.02  # of the labelled validation images, at most, by their energy
REJECTED_BY_DISTANCE = 0.002  # the same by each of their distances
REJECTED_COLOURS = 0.005  # the same by the probability of their colour
FEW = 100  # labelled inputs
MARGIN_OF_FEW = 0.5  # standard deviations beyond the largest distance
LARGEST_DISTANCE = 1e30
# Keras and an ONNX export differ by rounding. The threshold is below the energy of the validation
# image that determines it by more than that, so that neither rejects this image.
_ROUNDING = 1e-4
# The float32 probability nearest to 1 whose logit is finite.
_CERTAIN = 1 - 2.0**-24


def joint_energy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N,) how much of anything known is in each image, 0 or more, from (N, L).

    The sum over labels of log(1 + exp(logit)), which is -log(1 - probability): Wang, Liu,
    Bocchieri, Li 2021, "Can multi-label classification networks know what they don't know?",
    https://arxiv.org/abs/2109.14162.
    """
    certain = np.minimum(probabilities.astype(np.float64), _CERTAIN)
    return np.asarray(-np.log1p(-certain).sum(axis=1))


def energy_threshold(probabilities: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """Return the energy that all but 2 % of the labelled validation images reach, (N, L) each.

    It is 0, which every image reaches, if none is labelled. docs/results.md says which other
    scores and limits were tried.
    """
    labelled = probabilities[(targets > 0).any(axis=1)]
    if not len(labelled):
        return 0.0
    lowest_kept = np.quantile(joint_energy(labelled), REJECTED, method="lower")
    return float(lowest_kept * (1 - _ROUNDING))


def distance_limits(
    distances: NDArray[np.floating], targets: NDArray[np.floating]
) -> tuple[float, ...]:
    """Return for each column of `distances` (N, D) the limit beyond which inputs are unknown.

    All but 0.2 % of the labelled inputs, by `targets` (N, L), are within the limits. With fewer
    than a hundred, the limit is larger than any of their distances.
    """
    labelled = distances[(targets > 0).any(axis=1)].astype(np.float64)
    if not len(labelled):
        return (LARGEST_DISTANCE,) * int(distances.shape[1])
    spread = labelled.std(axis=0)
    few = labelled.max(axis=0) + spread * MARGIN_OF_FEW
    many = np.quantile(labelled, 1 - REJECTED_BY_DISTANCE, axis=0)
    return tuple(map(float, few if len(labelled) < FEW else many))


def colour_threshold(best: NDArray[np.floating]) -> float:
    """Return the threshold that all but 0.5 % of the largest colour probabilities (N,) reach.

    An unknown colour, such as white among black, blue and red, often gets only low probabilities.
    With fewer than a hundred, the threshold is lower than any of them.
    """
    return float(np.quantile(best, REJECTED_COLOURS)) if len(best) >= FEW else float(best.min() / 2)


def reject(
    applies: NDArray[np.bool_],
    is_far: NDArray[np.bool_],
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
) -> NDArray[np.bool_]:
    """Return which of the labels that apply, (N, L), are left for inputs that are far (N, D).

    An input with a large first distance keeps no label, and one with a large second distance no
    colour. A colour alone, without a label of another group, is dropped, too.
    """
    kept = np.asarray(applies & ~is_far[:, :1])
    colours = colour_columns(groups, classes)
    if is_far.shape[1] > 1:
        kept[:, colours] &= ~is_far[:, 1:2]
    place = {label: column for column, label in enumerate(classes)}
    for group in groups:
        if colours and not group.is_colour:
            columns = [place[label] for label in group.labels]
            kept &= kept[:, columns].any(axis=1, keepdims=True)
    return kept
