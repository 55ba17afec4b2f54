"""Groups of mutually exclusive labels, detected from the data: the colours, the garments."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.samples import Sample, count_labels, count_labelsets

# A group has exactly one label on nearly every image; a few wrong folders are tolerated.
TOLERATED = 0.005
# The search is made for label sets that people write; it gives up on data without such a structure.
MAX_STEPS = 20_000
MAX_WORK = 4_000_000_000  # steps times labelsets times labels: a few seconds
MAX_SETS = 64


@dataclass(frozen=True)
class LabelGroup:
    """Labels of which an image has at most one; `is_colour` says whether they are colours."""

    name: str
    labels: tuple[str, ...]
    is_colour: bool


class AmbiguousGroupsError(Exception):
    """Several ways to group the labels fit the data; the text says which and how to choose."""


def find_groups(samples: Sequence[Sample]) -> list[LabelGroup]:
    """Return the label groups that the data shows, the colours first.

    A group is a set of two or more labels of which at least 99.5 % of the labelled images have
    exactly one and at most 0.5 % have several. Returns [] if there is none. Raises
    AmbiguousGroupsError if such sets overlap: then the data does not show what belongs together,
    for example if all jeans are black and everything black is jeans.
    """
    sets = exclusive_sets(samples)
    if sum(map(len, sets)) > len({label for labels in sets for label in labels}):
        choices = " or ".join("{" + ", ".join(labels) + "}" for labels in sets[:4])
        raise AmbiguousGroupsError(
            f"the data does not show which labels exclude each other: {choices}; choose with "
            "--label-groups, e.g. colour=black,red garment=dress,jeans"
        )
    return name_groups(sets)


def exclusive_sets(samples: Sequence[Sample]) -> list[tuple[str, ...]]:
    """Return, sorted, the sets of labels that are exclusive and complete on `samples`.

    The most common labelset without a label in the set must be covered by one of its own labels,
    or be among the few that are tolerated; the search branches on that. A set found in this way
    needs all of its labels; others are added if there is only one way to add them. Returns [] if
    the search is given up.
    """
    counted = [pair for pair in count_labelsets(samples).most_common() if pair[0]]
    names = np.array(sorted({label for labels, _ in counted for label in labels}), object)
    place = {label: column for column, label in enumerate(names)}
    holds = np.zeros((len(counted), len(names)), np.float32)  # products of float32 are fast
    for row, (labels, _) in enumerate(counted):
        holds[row, [place[label] for label in labels]] = 1
    counts = np.array([count for _, count in counted], np.intp)
    tolerated = TOLERATED * counts.sum()
    together = holds.T @ holds > 0

    found: set[tuple[str, ...]] = set()
    nothing = np.zeros(len(names), np.bool_)
    pending = [(nothing, nothing)]
    for _ in range(min(MAX_STEPS, MAX_WORK // max(1, holds.size))):
        if not pending or len(found) >= MAX_SETS:
            return sorted(found)
        chosen, excluded = pending.pop()
        of_chosen, is_open = holds @ chosen, holds @ ~excluded > 0
        bare, double = of_chosen == 0, counts[of_chosen > 1].sum()
        if double + counts[bare & ~is_open].sum() > tolerated:
            continue
        if double + counts[bare].sum() <= tolerated:
            for labels in holds[bare] > 0:  # rare labels join if only one of them can
                fitting = labels & ~together[chosen].any(axis=0)
                chosen = chosen | fitting if fitting.sum() == 1 else chosen
            if chosen.sum() > 1:
                found.add(tuple(names[chosen]))
            continue
        most_common = np.argmax(bare & is_open)  # the first of them
        ways = (holds[most_common] > 0) & ~excluded
        if ways.sum() > 1 or (together[ways] & chosen).any():
            pending.append((chosen, excluded | ways))
        for label in np.flatnonzero(ways):
            this = np.arange(len(names)) == label
            pending.append((chosen | this, excluded | (ways & ~this)))
    return []


def names_colours(labels: Sequence[str]) -> bool:
    """Return whether `labels` are names of colours that matplotlib knows.

    At least two must be CSS names and at least half must be known at all: XKCD's list knows
    burgundy, but also banana and pear.
    """
    from matplotlib.colors import CSS4_COLORS, XKCD_COLORS  # classify.py does not need it

    lower = [label.lower() for label in labels]
    plain = [label for label in lower if label in CSS4_COLORS]
    known = [label for label in lower if label in CSS4_COLORS or f"xkcd:{label}" in XKCD_COLORS]
    return len(plain) >= 2 and 2 * len(known) >= len(labels)


def name_groups(sets: Sequence[tuple[str, ...]]) -> list[LabelGroup]:
    """Return `sets` as groups: those that name colours first, the others numbered."""
    colours = [labels for labels in sets if names_colours(labels)]
    others = [labels for labels in sets if not names_colours(labels)]
    return [
        LabelGroup(f"{name}{number if number > 1 else ''}", labels, name == "colour")
        for name, named in (("colour", colours), ("group", others))
        for number, labels in enumerate(named, 1)
    ]


def parse_groups(arguments: Sequence[str], known: Sequence[str]) -> list[LabelGroup]:
    """Return the groups written as `name=label,label`; a single `none` turns groups off.

    A group named colour or color is the colour group. Raises CommandError if they do not fit the
    `known` labels.
    """
    if list(arguments) == ["none"]:
        return []
    groups: list[LabelGroup] = []
    for argument in arguments:
        name, _, listed = argument.partition("=")
        labels = tuple(sorted(filter(None, listed.split(","))))
        if not name or len(labels) < 2:
            raise CommandError(
                f"--label-groups {argument}: write each group as name=label,label, or only none"
            )
        for label in labels:
            if label not in known:
                raise CommandError(
                    f"--label-groups {argument}: no photo has the label {label!r}; the labels are "
                    f"{', '.join(known)}"
                )
            if labels.count(label) > 1 or any(label in group.labels for group in groups):
                raise CommandError(f"--label-groups {argument}: {label!r} is listed twice")
        groups.append(LabelGroup(name, labels, name.lower() in ("colour", "color")))
    return groups


def colour_columns(groups: Sequence[LabelGroup], classes: Sequence[str]) -> list[int]:
    """Return the columns of the colour labels in the label order `classes`."""
    colours = {label for group in groups if group.is_colour for label in group.labels}
    return [column for column, label in enumerate(classes) if label in colours]


def pathway_colours(groups: Sequence[LabelGroup], classes: Sequence[str]) -> list[int]:
    """Return the columns that a colour pathway judges: none if every label is a colour.

    Then there is no garment that would say where to look.
    """
    colours = colour_columns(groups, classes)
    return colours if len(colours) < len(classes) else []


def resolve_groups(
    samples: Sequence[Sample], asked: Sequence[str] | None, named: Sequence[LabelGroup] = ()
) -> list[LabelGroup]:
    """Return the label groups that --label-groups asks for, else those that the data shows.

    The data shows them by the names of its columns (`named`), or by which labels never occur
    together. If it shows several possible ways, a warning is printed and there are no groups.
    """
    if asked is not None:
        return parse_groups(asked, sorted(count_labels(samples)))
    if named:
        return sorted(named, key=lambda group: not group.is_colour)
    try:
        return find_groups(samples)
    except AmbiguousGroupsError as error:
        console.warn(f"{error}; continuing without label groups")
        return []
