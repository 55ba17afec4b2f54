"""Which images train and which judge: by label, near-duplicates never on both sides."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pyimagesearch.console import CommandError

Indices = NDArray[np.intp]
Labelset = tuple[str, ...]


def stratified_split(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, share: float, seed: int
) -> tuple[Indices, Indices]:
    """Return (training, validation) indices with `share` of the images held out.

    `labelsets` are the labels of each image, `duplicate_groups` (N,) numbers that near-duplicates
    share. A function of these and of `seed` alone. Raises CommandError where one side would be
    empty.
    """
    part = stratified_parts(labelsets, duplicate_groups, (1 - share, share), seed)
    if part.all() or not part.any():
        different = len(np.unique(duplicate_groups))
        raise CommandError(
            f"too few photos ({len(labelsets)}, without near-duplicates {different}) to hold "
            f"out {share:.0%} for validation and train on others; add photos or change --validation"
        )
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)


def stratified_folds(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, count: int, seed: int
) -> list[Indices]:
    """Return `count` folds as index arrays; see `stratified_split`.

    Raises CommandError where a fold would be empty.
    """
    part = stratified_parts(labelsets, duplicate_groups, (1 / count,) * count, seed)
    folds = [np.flatnonzero(part == number) for number in range(count)]
    if not all(map(len, folds)):
        raise CommandError(f"too few photos ({len(labelsets)}) for {count} folds")
    return folds


def stratified_parts(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, shares: Sequence[float], seed: int
) -> Indices:
    """Return (N,) the part of each image; part p gets `shares[p]` of them and of each label.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011, "On the stratification of
    multi-label data"): the rarest label's images go, one by one, where that label lacks most. A
    cluster goes as one. Combinations common enough to give each part a whole image count as
    labels too: where all are, each part gets its share of each.
    """
    labels = label_matrix(labelsets, min(shares))
    units = np.unique(duplicate_groups, return_inverse=True)[1]
    members = np.split(np.argsort(units, kind="stable"), np.cumsum(np.bincount(units))[:-1])
    ones = np.ones(len(units), np.intp)
    contents = (
        csr_matrix((ones, (units, np.arange(len(units))))) @ labels
    )  # (duplicate_groups, columns)
    holding = contents.tocsc()
    left = np.asarray(contents.sum(axis=0)).ravel()  # in the duplicate_groups that have no part yet
    wanted = np.outer(shares, left).astype(np.float64)  # (parts, columns)

    draw = np.random.default_rng(seed)
    # The big ones first, so that single images can make up for what they leave uneven.
    turns = sorted(draw.permutation(len(members)), key=lambda unit: -len(members[unit]))
    turn = np.argsort(turns)
    part = np.full(len(labelsets), -1, np.intp)
    while left[-1]:
        rarest = int(np.argmin(np.where(left > 0, left, np.inf)))
        having = holding.indices[holding.indptr[rarest] : holding.indptr[rarest + 1]]
        for unit in having[np.argsort(turn[having])]:
            if part[members[unit][0]] >= 0:
                continue
            lacking = (wanted[:, rarest], wanted[:, -1], draw.random(len(shares)))
            goal = int(np.lexsort(lacking[::-1])[-1])
            part[members[unit]] = goal
            row = slice(contents.indptr[unit], contents.indptr[unit + 1])
            wanted[goal, contents.indices[row]] -= contents.data[row]
            left[contents.indices[row]] -= contents.data[row]
    return part


def label_matrix(labelsets: Sequence[Labelset], smallest_share: float) -> csr_matrix:
    """Return the multi-hot (N, columns) of labels and common labelsets; the last is all ones."""
    common = 1 / smallest_share
    counts = Counter(labelsets)
    wholes = sorted(key for key, count in counts.items() if count >= common)
    singles = sorted({label for key in counts for label in key})
    place: dict[object, int] = {key: column for column, key in enumerate([*wholes, *singles])}
    last = len(place)
    columns = [
        [*((place[key],) if key in place else ()), *(place[label] for label in key), last]
        for key in labelsets
    ]
    starts = np.cumsum([0, *map(len, columns)])
    places = np.array([column for row in columns for column in row], np.intp)
    return csr_matrix((np.ones(len(places), np.intp), places, starts), (len(columns), last + 1))


def with_labelset(labelset: Labelset, labelsets: Sequence[Labelset]) -> Indices:
    """Return the indices of the images that carry exactly these labels."""
    return np.flatnonzero([key == labelset for key in labelsets])


def labelsets_to_leave_out(labelsets: Sequence[Labelset]) -> list[Labelset]:
    """Return, sorted, the labelsets of two labels or more that the other images still explain.

    Each of their labels must occur elsewhere, and no two labels may always occur together then:
    without blue jeans, black and jeans mean the same.
    """
    counts = Counter(labelsets)
    every = {label for key in counts for label in key}
    found = []
    for left_out in sorted(key for key in counts if len(key) > 1):
        rest = [key for key in sorted(counts) if key != left_out]
        patterns = {tuple(label in key for key in rest) for label in every}
        if len(patterns) == len(every) and all(map(any, patterns)):
            found.append(left_out)
    return found


def without(indices: Indices, held_out: Indices, duplicate_groups: Indices) -> Indices:
    """Return those of `indices` that are not `held_out` nor near-duplicates of such an image."""
    return indices[~np.isin(duplicate_groups[indices], duplicate_groups[held_out])]
