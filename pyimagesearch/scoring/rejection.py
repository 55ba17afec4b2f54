"""None of these: an image that is nothing the network has learned gets no tags."""

import numpy as np
from numpy.typing import NDArray

REFUSED = 0.02  # of the known, at most
# The nearest to 1 that the logit of a float32 probability can be told from infinity.
_CERTAIN = 1 - 2.0**-24


def joint_energy(probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return (N,) how much of anything known is in each image, 0 or more, of (N, L).

    The sum over labels of log(1 + exp(logit)), which is -log(1 - probability): Wang, Liu,
    Bocchieri, Li 2021, "Can multi-label classification networks know what they don't know?",
    https://arxiv.org/abs/2109.14162.
    """
    certain = np.minimum(probabilities.astype(np.float64), _CERTAIN)
    return np.asarray(-np.log1p(-certain).sum(axis=1))


def energy_threshold(probabilities: NDArray[np.floating], targets: NDArray[np.floating]) -> float:
    """Return the energy that all but 2 % of the labelled validation images reach, (N, L) each.

    0, which every image reaches, where none is labelled. benchmarks/README.md says what other
    scores and shares were tried.
    """
    labelled = probabilities[(targets > 0).any(axis=1)]
    if not len(labelled):
        return 0.0
    return float(np.quantile(joint_energy(labelled), REFUSED, method="lower"))
