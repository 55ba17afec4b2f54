"""Reads the labels of a row from columns of lists, each with its own separator."""

from collections import Counter
from collections.abc import Sequence

from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.cells import LabelReader, label_reader
from pyimagesearch.labels.formats.columns import Column, Columns
from pyimagesearch.labels.formats.marks import MarkRules
from pyimagesearch.labels.formats.table import Table, where
from pyimagesearch.labels.formats.text import require_decoded
from pyimagesearch.labels.formats.values import is_no_label
from pyimagesearch.labels.rows import Labels

MAX_REMEMBERED = 100_000  # different cells of which the labels are kept
REPEATED = 0.2  # fraction of the photos in several rows from which each row has one label


class ListColumns:
    """The columns of lists of a table."""

    def __init__(self, table: Table, columns: Columns) -> None:
        """Raises CommandError if a column holds only 0 and 1."""
        self._table, self._columns = table, columns
        self._readers: dict[int, LabelReader] = {
            column.index: label_reader(
                where(table, column.index), column.cells, self._split_spaces(column)
            )
            for column in columns.lists
        }
        self._known: dict[tuple[int, str], Labels | None] = {}

    def read(self, number: int, cells: Sequence[str]) -> tuple[Labels, Labels]:
        """Return the labels that a line says yes and no to; raises ValueError for an odd cell."""
        labels: Labels = ()
        for column in self._columns.lists:
            found = self._labels_in(column, cells[column.index].strip())
            if found is None:
                raise ValueError(f"{cells[column.index][:100]!r} is not a list of labels")
            for label in found:
                if not label.isascii():
                    require_decoded(self._table.path, number, label)
            labels = labels + found if labels else found
        sure = self._columns.confidence
        if sure is not None:
            mark = MarkRules(are_probabilities=True).read(cells[sure.index].strip())
            return ((), labels) if mark == "no" else (labels, ())
        return labels, ()

    def groups(self) -> dict[str, Labels]:
        """Return the labels of each of several columns by its name.

        Columns in which a cell holds more than one, and places for labels of any kind such as
        label_1 and label_2, are not label groups.
        """
        columns = self._columns.lists
        if len(columns) < 2 or any(
            column.key[-1:].isdigit() or not column.key for column in columns
        ):
            return {}
        groups: dict[str, Labels] = {}
        for column in columns:
            found = [self._labels_in(column, cell) or () for cell in column.cells]
            if all(len(labels) <= 1 for labels in found):
                groups[column.name] = tuple(sorted({label for one in found for label in one}))
        return groups

    def notes(self) -> list[str]:
        """Return which words were taken as no label."""
        words = {cell for column in self._columns.lists for cell in column.cells if cell}
        found = sorted(filter(is_no_label, words))
        return [f"{', '.join(map(repr, found[:4]))} taken as no label"] if found else []

    def _labels_in(self, column: Column, cell: str) -> Labels | None:
        key = (column.index, cell)
        if key in self._known:
            return self._known[key]
        labels = self._readers[column.index](cell)
        if len(self._known) < MAX_REMEMBERED:
            self._known[key] = labels
        return labels

    def _split_spaces(self, column: Column) -> bool | None:
        """Return whether a space separates the labels in a column; None if its cells decide."""
        if not self._table.has_header and len(self._columns.lists) > 1:
            return False  # each label has a cell of its own
        if self._table.has_header and column.key not in known_names.PLURALS:
            return None
        if not any(" " in cell for cell in column.cells):
            return False
        path = self._columns.path
        pairs = {(cells[path], cells[column.index]) for _, cells in self._table.lines}
        often = Counter(path for path, _ in pairs)
        return sum(count > 1 for count in often.values()) <= REPEATED * len(often)
