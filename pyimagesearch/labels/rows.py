"""What a label file says, row by row, before its photos are found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.samples import Split

MAX_REPORTED = 20  # rows of one file that are reported one by one; the others are only counted

Labels = tuple[str, ...]


class Row(NamedTuple):
    """What one row of a label file says about one photo; `number` is its line or entry.

    It says nothing about labels that are neither in `yes`, `no` nor `uncertain`.
    """

    number: int
    path: str
    yes: Labels
    no: Labels = ()
    uncertain: Labels = ()
    split: Split | None = None


class SkippedRows:
    """The rows of one label file that cannot be used: reported, counted, limited."""

    def __init__(self, source: Path, unit: str) -> None:
        """`unit` is what the numbers of the rows count: "line", "image", "task"."""
        self.source = source
        self.unit = unit
        self.count = 0
        self._reported = 0
        self._last = ""

    def warn(self, number: int, text: str) -> None:
        """Report something odd about a row that is used all the same."""
        self._reported += 1
        if self._reported <= MAX_REPORTED:
            console.warn(f"{self.source}, {self.unit} {number}: {text}")
        elif self._reported == MAX_REPORTED + 1:
            console.warn(f"{self.source}: only the first {MAX_REPORTED} problems are reported")

    def skip(self, number: int, reason: str | Callable[[], str]) -> None:
        """Report and count a row that is left out; a function tells a reason that takes time."""
        self.count += 1
        if self._reported < MAX_REPORTED or not self._last:
            self._last = reason if isinstance(reason, str) else reason()
        self.warn(number, f"{self._last}; skipped")

    def check(self, used: int, max_fraction: float) -> None:
        """Raise CommandError if no row is used, or more than `max_fraction` of them is skipped."""
        total = used + self.count
        why = f", for example: {self._last}" if self._last else ""
        if not used:
            raise CommandError(f"{self.source}: none of its {total} {self.unit}s can be used{why}")
        if self.count > max_fraction * total:
            raise CommandError(
                f"{self.source}: {self.count} of {total} {self.unit}s cannot be used{why}; fix "
                "them, or allow more with train.py --max-unreadable"
            )
        if self.count:
            console.status(f"{self.source}: {self.count} of {total} {self.unit}s skipped")


@dataclass
class ParsedFile:
    """The rows of one label file, and what its reader has to say about them.

    `notes` say in a few words what was taken for what. `groups` are label groups that the file
    itself shows: the labels of a column or a question, by its name.
    """

    rows: Iterable[Row]
    skipped: SkippedRows
    notes: list[str] = field(default_factory=list)
    groups: dict[str, Labels] = field(default_factory=dict)
