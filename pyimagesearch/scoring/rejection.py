"""Rejection of unknown images: an image unlike anything the network has learned gets no tags."""

import numpy as np
from numpy.typing import NDArray

REJECTED = 0.02  # of the labelled validation images, at most
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
