"""From the lines of a table to rows with labels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.columns import Columns, choose_columns
from pyimagesearch.labels.formats.list_columns import ListColumns
from pyimagesearch.labels.formats.mark_columns import MarkColumns
from pyimagesearch.labels.formats.marks import MIN_PROBABILITY, MarkRules
from pyimagesearch.labels.formats.table import Line, Table, few
from pyimagesearch.labels.formats.text import UNDECODABLE, require_decoded
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Split
from pyimagesearch.labels.splits import parse_split


@dataclass(frozen=True)
class ColumnOptions:
    """The columns that the user names; the others are recognised by their names and cells."""

    path_column: str | None = None
    label_columns: Sequence[str] | None = None


def read_table(table: Table, resolver: PathResolver, options: ColumnOptions) -> ParsedFile:
    """Return the rows of a table; raises CommandError if its columns are not understood."""
    skipped = SkippedRows(table.path, table.unit)
    table = replace(table, lines=list(_whole_lines(table, skipped)))
    if not table.lines:
        skipped.check(0, 1.0)
    columns = choose_columns(table, resolver, options.path_column, options.label_columns)
    lists, marks = ListColumns(table, columns), MarkColumns(table, columns)
    rows = _rows(table, columns, lists, marks, skipped, resolver)
    notes = [*_describe(table, columns), *lists.notes(), *marks.notes()]
    return ParsedFile(rows, skipped, notes, lists.groups())


def _whole_lines(table: Table, skipped: SkippedRows) -> Iterator[Line]:
    """Yield the lines with a cell for each column; further cells of lists are joined.

    Empty cells at the end do not count, and cells of columns without a name may be missing there.
    """
    width = len(table.names)
    named = max((index + 1 for index, name in enumerate(table.names) if name), default=width)
    for number, found in table.lines:
        cells = found
        if len(cells) > width:
            cells = cells[: max(width, *(i + 1 for i, cell in enumerate(cells) if cell), 0)]
        if len(cells) == width:
            yield number, cells
        elif len(cells) > width and table.rest and table.has_header:
            yield number, [*cells[: width - 1], table.rest.join(cells[width - 1 :])]
        elif len(cells) < width and (len(cells) >= named or not table.has_header):
            yield number, [*cells, *[""] * (width - len(cells))]
        else:
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            skipped.skip(number, f"{count}, {width} expected")


def _rows(
    table: Table,
    columns: Columns,
    lists: ListColumns,
    marks: MarkColumns,
    skipped: SkippedRows,
    resolver: PathResolver,
) -> Iterator[Row]:
    for number, cells in table.lines:
        if columns.error is not None and cells[columns.error]:
            skipped.skip(number, f"has the error {cells[columns.error]!r}")
            continue
        path = _path_in(cells, columns, resolver)
        if UNDECODABLE.search(path) and not resolver.find(path).photo:
            require_decoded(table.path, number, path)
        try:
            yes, no = lists.read(number, cells)
            marked, unmarked, uncertain = marks.read(cells)
        except ValueError as error:
            skipped.skip(number, str(error))
            continue
        split = _split_in(columns, cells) if columns.splits else None
        yield Row(number, path, yes + marked, no + unmarked, uncertain, split)


def _path_in(cells: Sequence[str], columns: Columns, resolver: PathResolver) -> str:
    path = cells[columns.path].strip()
    if columns.folder is None:
        return path
    folder = cells[columns.folder].strip()
    for both in (f"{folder}/{path}", f"{path}/{folder}"):
        if resolver.find(both).photo:
            return both
    return path


def _split_in(columns: Columns, cells: Sequence[str]) -> Split | None:
    other: Split | None = None
    for column in columns.splits:
        cell = cells[column.index].strip(" []\"'")
        if (split := parse_split(cell)) is not None:
            return split
        if column.key in known_names.SPLIT_MARKS:
            named = parse_split(column.key)
            if MarkRules().read(cell) == "yes":
                return named
            other = "validation" if named == "train" else other or "train"
    return other


def _describe(table: Table, columns: Columns) -> list[str]:
    """Return in a few words which columns are used for what, and which are not used."""
    if not table.has_header:
        return ["no header: labels follow the path"]
    paths = [index for index in (columns.folder, columns.path) if index is not None]
    notes = [f"photos from {' and '.join(repr(table.names[index]) for index in paths)}"]
    if columns.lists:
        notes.append(f"labels from {few([repr(column.name) for column in columns.lists])}")
    if columns.marks:
        notes.append(f"labels from {len(columns.marks)} columns of marks")
    if columns.confidence is not None:
        notes.append(f"{columns.confidence.name!r} below {MIN_PROBABILITY} is no")
    if columns.splits:
        notes.append(f"split from {few([repr(column.name) for column in columns.splits])}")
    if unused := [column.name for column in columns.others if column.name]:
        notes.append(f"not used: {few(unused, 12)}")
    if nameless := [one for one in columns.others if not one.name and one.kind != "empty"]:
        notes.append(f"not used: {len(nameless)} columns without a name")
    return notes
