"""Splits into training and validation images, stratified, with near-duplicates on one side."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from pyimagesearch.console import CommandError

Indices = NDArray[np.intp]
Labelset = tuple[str, ...]


def stratified_split(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, fraction: float, seed: int
) -> tuple[Indices, Indices]:
    """Return (training, validation) indices, with `fraction` of the images held out.

    `labelsets` are the labels of each image, `duplicate_groups` (N,) the number of its group of
    near-duplicates. The result depends on these and on `seed` only. Raises CommandError if one
    side would be empty.
    """
    part = stratified_parts(labelsets, duplicate_groups, (1 - fraction, fraction), seed)
    if part.all() or not part.any():
        different = len(np.unique(duplicate_groups))
        raise CommandError(
            f"too few photos ({len(labelsets)}, without near-duplicates {different}) to hold "
            f"out {fraction:.0%} for validation; add photos or change --validation"
        )
    return np.flatnonzero(part == 0), np.flatnonzero(part == 1)


def stratified_folds(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, count: int, seed: int
) -> list[Indices]:
    """Return `count` folds as index arrays; see `stratified_split`.

    Raises CommandError if a fold would be empty.
    """
    part = stratified_parts(labelsets, duplicate_groups, (1 / count,) * count, seed)
    folds = [np.flatnonzero(part == number) for number in range(count)]
    if not all(map(len, folds)):
        raise CommandError(f"too few photos ({len(labelsets)}) for {count} folds")
    return folds


def stratified_parts(
    labelsets: Sequence[Labelset], duplicate_groups: Indices, fractions: Sequence[float], seed: int
) -> Indices:
    """Return (N,) the part of each image; part p gets `fractions[p]` of them and of each label.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas 2011, "On the stratification of
    multi-label data"): the images of the rarest label go, one by one, to the part that lacks that
    label most. The images of a duplicate group go together. Labelsets common enough to give each
    part an image are treated as labels too.
    """
    labels = label_matrix(labelsets, min(fractions))
    units = np.unique(duplicate_groups, return_inverse=True)[1]
    members = np.split(np.argsort(units, kind="stable"), np.cumsum(np.bincount(units))[:-1])
    ones = np.ones(len(units), np.intp)
    # (units, columns): how many images of each duplicate group have each label
    contents = csr_matrix((ones, (units, np.arange(len(units))))) @ labels
    by_column = contents.tocsc()
    left = np.asarray(contents.sum(axis=0)).ravel()  # (columns,) in the units that have no part yet
    wanted = np.outer(fractions, left).astype(np.float64)  # (parts, columns)

    draw = np.random.default_rng(seed)
    # Large groups first, so that single images can balance what they leave uneven.
    turns = sorted(draw.permutation(len(members)), key=lambda unit: -len(members[unit]))
    turn = np.argsort(turns)
    part = np.full(len(labelsets), -1, np.intp)
    while left[-1]:
        rarest = int(np.argmin(np.where(left > 0, left, np.inf)))
        with_rarest = by_column.indices[by_column.indptr[rarest] : by_column.indptr[rarest + 1]]
        for unit in with_rarest[np.argsort(turn[with_rarest])]:
            if part[members[unit][0]] >= 0:
                continue
            lacking = (wanted[:, rarest], wanted[:, -1], draw.random(len(fractions)))
            chosen = int(np.lexsort(lacking[::-1])[-1])
            part[members[unit]] = chosen
            row = slice(contents.indptr[unit], contents.indptr[unit + 1])
            wanted[chosen, contents.indices[row]] -= contents.data[row]
            left[contents.indices[row]] -= contents.data[row]
    return part


def label_matrix(labelsets: Sequence[Labelset], smallest_fraction: float) -> csr_matrix:
    """Return (N, columns) multi-hot: common labelsets, labels, and a last column of ones."""
    common = 1 / smallest_fraction
    counts = Counter(labelsets)
    common_labelsets = sorted(key for key, count in counts.items() if count >= common)
    labels = sorted({label for key in counts for label in key})
    column_of: dict[object, int] = {
        key: column for column, key in enumerate([*common_labelsets, *labels])
    }
    last = len(column_of)
    rows = [
        [*((column_of[key],) if key in column_of else ()), *(column_of[name] for name in key), last]
        for key in labelsets
    ]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([column for row in rows for column in row], np.intp)
    return csr_matrix((np.ones(len(columns), np.intp), columns, starts), (len(rows), last + 1))


def with_labelset(labelset: Labelset, labelsets: Sequence[Labelset]) -> Indices:
    """Return the indices of the images that have exactly these labels."""
    return np.flatnonzero([key == labelset for key in labelsets])


def labelsets_to_leave_out(labelsets: Sequence[Labelset]) -> list[Labelset]:
    """Return, sorted, the labelsets of several labels that can be learned from the other images.

    Without the images of such a labelset, each label must still occur, and no two labels may always
    occur together: without blue jeans, black and jeans would be the same.
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
    """Return those of `indices` that are neither `held_out` nor near-duplicates of such images."""
    return indices[~np.isin(duplicate_groups[indices], duplicate_groups[held_out])]
