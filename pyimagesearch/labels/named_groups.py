"""Label groups that the data names itself: columns of a table, questions of an annotation tool."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pyimagesearch.labels.groups import LabelGroup, names_colours
from pyimagesearch.labels.samples import Sample


def named_groups(
    groups: Mapping[str, set[str]], samples: Sequence[Sample]
) -> tuple[LabelGroup, ...]:
    """Return the groups of labels, by name, of which no sample has two and which do not overlap.

    The first whose name or labels tell of colours is the colour group.
    """
    known = {label for sample in samples for label in sample.labels}
    sets = {name: labels & known for name, labels in groups.items()}
    often = Counter(label for labels in sets.values() for label in labels)
    made: list[LabelGroup] = []
    for name, labels in sets.items():
        is_exclusive = all(len(labels.intersection(sample.labels)) <= 1 for sample in samples)
        if len(labels) < 2 or not is_exclusive or any(often[label] > 1 for label in labels):
            continue
        listed = tuple(sorted(labels))
        is_colour = "colour" in name.lower() or "color" in name.lower() or names_colours(listed)
        is_first = not any(group.is_colour for group in made)
        made.append(LabelGroup(name, listed, is_colour and is_first))
    return tuple(made)
