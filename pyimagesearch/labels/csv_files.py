"""CSV files: `path,labels` with several labels in a cell, or one column a label with 0 and 1."""

import csv
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import SUFFIXES
from pyimagesearch.labels.label_text import find_separator, join_labels, split_labels
from pyimagesearch.labels.samples import (
    PathResolver,
    SkippedRows,
    Row,
    Sample,
    count_labels,
    to_samples,
)

PATH_NAMES = ("path", "image", "file", "filename", "file_name", "image_path", "photo", "picture")
LIST_NAMES = ("labels", "tags", "label", "tag", "classes", "categories", "genres", "genre")
ZERO_OR_ONE = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}
UNDECODABLE = re.compile("[\udc80-\udcff]")  # a byte that is no UTF-8, as Python keeps it
LOOKED_AT = 100  # rows from which a column's kind is told

Line = tuple[int, list[str]]  # its number and its cells


def read_csv(path: Path, roots: Sequence[Path], max_unreadable: float) -> list[Sample]:
    """Return the samples in the CSV file at `path`; relative paths start from one of `roots`.

    Its first line is a header unless it names an image. A column of lists (labels, tags, ...)
    counts; without one, the columns of 0 and 1 are the labels. Cells are separated by comma,
    semicolon or tab, labels in a cell by |, comma or space, the strongest that occurs. Single rows
    that cannot be used are named and left out. Raises CommandError for a file that cannot be
    read, has no such columns, more than the share `max_unreadable` of unusable rows, or bytes that
    are no UTF-8 elsewhere than in the names of photos that are there.
    """
    lines = read_lines(path, "surrogateescape")
    if not lines:
        raise CommandError(f"{path}: is empty; expected a header such as path,labels and rows")
    skipped = SkippedRows(path, "line")
    if _names_image(lines[0][1][0]):
        rows = _listed(lines, 0, 1, 2, skipped)
    else:
        header, *lines = lines
        if not lines:
            raise CommandError(f"{path}: has a header and no rows")
        if any(map(UNDECODABLE.search, header[1])):
            raise _not_utf8(path, header[0])
        rows = _with_header(path, header, lines, skipped)
    resolver = PathResolver(roots)
    samples = to_samples(_in_utf8(path, rows, resolver), resolver, skipped)
    skipped.check(len(samples), max_unreadable)
    return samples


def read_lines(path: Path, errors: str = "strict") -> list[Line]:
    """Return the lines of a CSV file that are not empty; raises CommandError.

    `errors` says what is done with bytes that are no UTF-8, as in `open`.
    """
    try:
        with path.open(encoding="utf-8-sig", errors=errors, newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = max(",;\t", key=first.count)
            reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
            try:
                return [(reader.line_num, cells) for cells in reader if any(cells)]
            except csv.Error as error:
                raise CommandError(f"{path}, line {reader.line_num}: {error}") from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _not_utf8(path, _first_undecodable(path)) from None


def _in_utf8(path: Path, rows: Iterable[Row], resolver: PathResolver) -> Iterator[Row]:
    """Yield `rows`; bytes that are no UTF-8 are in order in the name of a file that is there."""
    for row in rows:
        is_odd_name = UNDECODABLE.search(row.path) and resolver.find(row.path) is None
        if is_odd_name or any(map(UNDECODABLE.search, row.labels)):
            raise _not_utf8(path, row.number)
        yield row


def _not_utf8(path: Path, number: int) -> CommandError:
    return CommandError(f"{path}, line {number}: is not UTF-8; save the file as UTF-8")


def _first_undecodable(path: Path) -> int:
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return number
    return 1


def _names_image(cell: str) -> bool:
    return Path(cell).suffix.lower() in SUFFIXES


def _with_header(
    path: Path, header: Line, lines: Sequence[Line], skipped: SkippedRows
) -> Iterator[Row]:
    number, names = header[0], [name.strip() for name in header[1]]
    for column, name in enumerate(names, 1):
        if not name:
            raise CommandError(f"{path}, line {number}: column {column} has no name")
        if names.index(name) != column - 1:
            raise CommandError(f"{path}, line {number}: two columns are named {name!r}")
    lower = [name.lower() for name in names]
    image = _find_path_column(lower, lines)
    if image is None:
        raise CommandError(
            f"{path}, line {number}: no column names images among {_few(names)}; call it path"
        )
    listed = next((lower.index(name) for name in LIST_NAMES if name in lower), None)
    if listed is not None:
        if "error" in lower:  # classify.py says there why it has no tags for a photo
            lines = list(_without_errors(lines, lower.index("error"), skipped))
        others = [name for i, name in enumerate(names) if i not in (image, listed)]
        if others:
            console.warn(f"{path}, line {number}: columns not used: {_few(others)}")
        return _listed(lines, image, listed, len(names), skipped)
    columns = _find_label_columns(path, names, image, lines)
    if not columns:
        raise CommandError(
            f"{path}, line {number}: no column holds labels among {_few(names)}; call one labels, "
            "or give each label a column of 0 and 1"
        )
    return _marked(lines, image, columns, len(names), skipped)


def _without_errors(lines: Sequence[Line], column: int, skipped: SkippedRows) -> Iterator[Line]:
    for number, cells in lines:
        if column < len(cells) and cells[column]:
            skipped.skip(number, f"has the error {cells[column]!r}")
        else:
            yield number, cells


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _find_path_column(names: Sequence[str], lines: Sequence[Line]) -> int | None:
    known = [names.index(name) for name in PATH_NAMES if name in names]
    _, first = lines[0]
    return next(iter([*known, *(i for i, cell in enumerate(first) if _names_image(cell))]), None)


def _find_label_columns(
    path: Path, names: Sequence[str], image: int, lines: Sequence[Line]
) -> dict[int, str]:
    """Return the columns that hold 0 and 1 in most of the first rows; name the others."""
    columns = {}
    for column, name in enumerate(names):
        cells = [
            (number, cells[column]) for number, cells in lines[:LOOKED_AT] if column < len(cells)
        ]
        wrong = [(number, cell) for number, cell in cells if _mark(cell) is None]
        if column == image:
            continue
        if 2 * len(wrong) < len(cells):
            columns[column] = name
        elif wrong:
            number, cell = wrong[0]
            console.warn(
                f"{path}, line {number}: column {name!r} holds {cell!r}, not 0 or 1; not used"
            )
    return columns


def _mark(cell: str) -> bool | None:
    return ZERO_OR_ONE.get(cell.strip().lower())


def _listed(
    lines: Sequence[Line], image: int, listed: int, width: int, skipped: SkippedRows
) -> Iterator[Row]:
    """Yield rows of `path,labels`; in two columns, labels may also lie in cells beyond."""
    two_columns = width == 2 and (image, listed) == (0, 1)

    def text(cells: list[str]) -> str:
        return ",".join(cells[1:]) if two_columns else cells[listed]

    whole = []
    for number, cells in lines:
        if not two_columns and len(cells) != width:
            skipped.skip(number, f"{len(cells)} cells, {width} expected")
        elif len(cells) < 2:
            skipped.skip(number, "1 cell, 2 expected: a path and its labels")
        else:
            whole.append((number, cells))
    separator = find_separator(text(cells) for _, cells in whole)
    known: dict[str, tuple[str, ...]] = {}
    for number, cells in whole:
        together = text(cells)
        if together not in known:
            known[together] = split_labels(together, separator)
        yield Row(number, cells[image].strip(), known[together])


def _marked(
    lines: Sequence[Line], image: int, columns: dict[int, str], width: int, skipped: SkippedRows
) -> Iterator[Row]:
    """Yield rows of one column a label."""
    for number, cells in lines:
        if len(cells) != width:
            skipped.skip(number, f"{len(cells)} cells, {width} expected")
            continue
        wrong = [column for column in columns if _mark(cells[column]) is None]
        if wrong:
            name, cell = columns[wrong[0]], cells[wrong[0]]
            skipped.skip(number, f"column {name!r} holds {cell!r}, not 0 or 1")
            continue
        marked = (name for column, name in columns.items() if _mark(cells[column]))
        yield Row(number, cells[image].strip(), tuple(sorted(marked)))


def write_csv(samples: Sequence[Sample], path: Path) -> None:
    """Write `samples` as `path,labels`, paths relative to the file's folder; `read_csv` reads it.

    Raises CommandError where it cannot be written.
    """
    known = count_labels(samples)
    rows = [
        (os.path.relpath(sample.path, path.parent), join_labels(sample.labels, known))
        for sample in samples
    ]
    write_rows([("path", "labels"), *rows], path)


def write_rows(rows: Iterable[Sequence[str]], path: Path) -> None:
    """Write `rows` as CSV to `path`, whole or not at all; raises CommandError.

    Names of files that are no UTF-8 keep their bytes.
    """
    with (
        files.atomic_write(path) as new_file,
        new_file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows)
