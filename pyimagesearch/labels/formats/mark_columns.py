"""Reads the labels of a row from columns of marks, one for each label."""

from collections.abc import Sequence

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.columns import Columns
from pyimagesearch.labels.formats.marks import MIN_PROBABILITY, Mark, MarkRules, rules_for
from pyimagesearch.labels.formats.table import Table, where
from pyimagesearch.labels.formats.text import require_decoded
from pyimagesearch.labels.rows import Labels

MAX_REMEMBERED = 100_000  # different rows of marks of which the labels are kept

Said = tuple[Labels, Labels, Labels]  # yes, no and uncertain


class MarkColumns:
    """The columns of marks of a table."""

    def __init__(self, table: Table, columns: Columns) -> None:
        """Raises CommandError if two columns have the same name."""
        self._names = [column.name for column in columns.marks]
        self._places = [column.index for column in columns.marks]
        for place, name in zip(self._places, self._names, strict=True):
            require_decoded(table.path, table.header_line, name)
            if self._names.count(name) > 1:
                raise CommandError(f"{where(table)}: two columns are called {name!r}; rename one")
            if not name:
                raise CommandError(f"{where(table, place)}: holds marks and has no name")
        self._rules, self._note = rules_for([column.cells for column in columns.marks])
        if any(column.kind == "probabilities" for column in columns.marks):
            self._rules = MarkRules(are_probabilities=True)
            self._note = f"probabilities from {MIN_PROBABILITY} on are yes"
        self._known: dict[tuple[str, ...], Said] = {}

    def read(self, cells: Sequence[str]) -> Said:
        """Return the labels that a line says yes, no and uncertain to.

        Raises ValueError for a cell that is not a mark.
        """
        marks = tuple([cells[place] for place in self._places])
        if marks in self._known:
            return self._known[marks]
        said = self._read(marks)
        if len(self._known) < MAX_REMEMBERED:
            self._known[marks] = said
        return said

    def notes(self) -> list[str]:
        """Return what numbers were taken for, if that is not plain."""
        return [self._note] if self._note else []

    def _read(self, marks: Sequence[str]) -> Said:
        said: dict[Mark, list[str]] = {"yes": [], "no": [], "uncertain": [], "blank": []}
        for name, cell in zip(self._names, marks, strict=True):
            mark = self._rules.read(cell.strip())
            if mark is None:
                raise ValueError(f"column {name!r} holds {cell[:50]!r}, not a mark such as 0 or 1")
            said[mark].append(name)
        return tuple(said["yes"]), tuple(said["no"]), tuple(said["uncertain"])
