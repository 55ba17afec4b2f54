"""What the commands print of a data set and of a run, in plain text."""

from collections.abc import Sequence

from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.labels import Sample, count_combinations, count_labels


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return `rows` under `header` in aligned columns, the first to the left, others right."""
    cells = [list(map(str, row)) for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in cells
    )


def describe_samples(samples: Sequence[Sample], groups: Sequence[LabelGroup]) -> str:
    """Return the labels with their counts, the label combinations with theirs, and the groups."""
    labels = sorted(count_labels(samples).items())
    combinations = [
        (" + ".join(names) or "(no label)", count)
        for names, count in sorted(count_combinations(samples).items())
    ]
    parts = [table(("label", "images"), labels), table(("combination", "images"), combinations)]
    if groups:
        parts.append("\n".join(f"{g.name}: one of {', '.join(g.labels)}" for g in groups))
    return "\n\n".join(parts)
