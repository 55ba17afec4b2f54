"""Which images train and which judge."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError

Indices = NDArray[np.intp]


def stratified_split(
    combinations: Sequence[Hashable], share: float, seed: int
) -> tuple[Indices, Indices]:
    """Return (training, validation) indices with `share` of each label combination held out.

    A function of the order of `combinations` and of `seed` alone. A combination too small to
    give a whole image stays in training. Raises CommandError where nothing can be held out.
    """
    wanted = {key: share * count for key, count in Counter(combinations).items()}
    held: Counter[Hashable] = Counter()
    validation = []
    for index in np.random.default_rng(seed).permutation(len(combinations)):
        key = combinations[index]
        if held[key] + 0.5 <= wanted[key]:
            held[key] += 1
            validation.append(index)
    if not validation:
        raise CommandError(
            f"{len(combinations)} images are too few to hold out {share:.0%} for validation; "
            "add photos or raise --validation"
        )
    validation_indices = np.sort(np.array(validation, dtype=np.intp))
    return np.setdiff1d(np.arange(len(combinations)), validation_indices), validation_indices
