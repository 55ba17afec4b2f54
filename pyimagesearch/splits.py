"""Which images train and which judge: by label, near-duplicates never on both sides."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError

Indices = NDArray[np.intp]
Combination = tuple[str, ...]


def stratified_split(
    combinations: Sequence[Combination], clusters: Indices, share: float, seed: int
) -> tuple[Indices, Indices]:
    """Return (training, validation) indices with `share` of the images held out.

    `combinations` are the labels of each image, `clusters` (N,) numbers that near-duplicates
    share. A function of these and of `seed` alone. Raises CommandError where one side would be
    empty.
    """
    part = stratified_parts(combinations, clusters, (1 - share, share), seed)
    if part.all() or not part.any():
        different = len(np.unique(clusters))
        raise CommandError(
            f"too few images ({len(combinations)}, without near-duplicates {different}) to hold "
            f"out {share:.0%} for validation and train on others; add photos or change --validation"
        )
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)


def stratified_folds(
    combinations: Sequence[Combination], clusters: Indices, count: int, seed: int
) -> list[Indices]:
    """Return `count` folds as index arrays; see `stratified_split`.

    Raises CommandError where a fold would be empty.
    """
    part = stratified_parts(combinations, clusters, (1 / count,) * count, seed)
    folds = [np.flatnonzero(part == number) for number in range(count)]
    if not all(map(len, folds)):
        raise CommandError(f"too few images ({len(combinations)}) for {count} folds")
    return folds


def stratified_parts(
    combinations: Sequence[Combination], clusters: Indices, shares: Sequence[float], seed: int
) -> Indices:
    """Return (N,) the part of each image; part p gets `shares[p]` of them and of each label.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011, "On the stratification of
    multi-label data"): the rarest label's images go, one by one, where that label lacks most. A
    cluster goes as one. Combinations common enough to give each part a whole image count as
    labels too: where all are, each part gets its share of each.
    """
    labels = label_matrix(combinations, min(shares))
    starts = np.cumsum(np.unique(clusters, return_counts=True)[1])[:-1]
    members = np.split(np.argsort(clusters, kind="stable"), starts)
    contents = np.array([labels[images].sum(axis=0) for images in members])
    wanted = np.outer(shares, contents.sum(axis=0)).astype(np.float64)  # (parts, labels)

    draw = np.random.default_rng(seed)
    # The big ones first, so that single images can make up for what they leave uneven.
    pending = sorted(draw.permutation(len(members)), key=lambda unit: -len(members[unit]))
    part = np.zeros(len(combinations), np.intp)
    while pending:
        left = contents[pending].sum(axis=0)
        rarest = int(np.argmin(np.where(left > 0, left, np.inf)))
        chosen = [unit for unit in pending if contents[unit, rarest]]
        for unit in chosen:
            lacking = (wanted[:, rarest], wanted[:, -1], draw.random(len(shares)))
            goal = int(np.lexsort(lacking[::-1])[-1])
            part[members[unit]] = goal
            wanted[goal] -= contents[unit]
        pending = [unit for unit in pending if not contents[unit, rarest]]
    return part


def label_matrix(combinations: Sequence[Combination], smallest_share: float) -> NDArray[np.intp]:
    """Return the multi-hot (N, columns) of labels and common combinations; the last is all ones."""
    common = 1 / smallest_share
    counts = Counter(combinations)
    wholes = sorted(key for key, count in counts.items() if count >= common)
    singles = sorted({label for key in counts for label in key})
    columns = [[key == whole for key in combinations] for whole in wholes]
    columns += [[label in key for key in combinations] for label in singles]
    columns += [[True] * len(combinations)]
    return np.array(columns, np.intp).T


def images_with(combination: Combination, combinations: Sequence[Combination]) -> Indices:
    """Return the indices of the images that carry exactly these labels."""
    return np.flatnonzero([key == combination for key in combinations])


def combinations_to_leave_out(combinations: Sequence[Combination]) -> list[Combination]:
    """Return, sorted, the combinations of two labels or more that the other images still explain.

    Each of their labels must occur elsewhere, and no two labels may always occur together then:
    without blue jeans, black and jeans mean the same.
    """
    counts = Counter(combinations)
    every = {label for key in counts for label in key}
    found = []
    for left_out in sorted(key for key in counts if len(key) > 1):
        rest = [key for key in sorted(counts) if key != left_out]
        patterns = {tuple(label in key for key in rest) for label in every}
        if len(patterns) == len(every) and all(map(any, patterns)):
            found.append(left_out)
    return found


def without(indices: Indices, held_out: Indices, clusters: Indices) -> Indices:
    """Return those of `indices` that are not `held_out` nor near-duplicates of such an image."""
    return indices[~np.isin(clusters[indices], clusters[held_out])]
