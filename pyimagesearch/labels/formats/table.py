"""A table of cells with the names of its columns, from CSV text or from JSON records."""

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import SUFFIXES
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.paths import is_image_name

DELIMITERS = ",;\t|"
MAX_LINE = 1_000_000  # letters; a line of a million columns would be split into as many cells
MAX_COLUMNS = 20_000
MAX_MEMORY = 900 * 2**20  # bytes that the text and its cells may take
ROW_MEMORY, CELL_MEMORY = 320, 12  # about as many bytes
_ENDINGS = "|".join(sorted(re.escape(suffix) for suffix in SUFFIXES))
# "my photo.jpg red dress", "a.jpg: red, dress": a path, up to its ending, and the rest.
_PATH_FIRST = re.compile(rf"\s*(.+?(?:{_ENDINGS}))(?:\s*(?:[:=]|[-=]>)\s*|\s+|$)", re.IGNORECASE)

Line = tuple[int, list[str]]  # its number and its cells


@dataclass(frozen=True)
class Table:
    """Lines of cells. `names` are those of the columns, all empty if there is no header.

    `rest` tells that a line may have more cells than there are columns: then the last column has
    them all, separated by this text.
    """

    path: Path
    names: tuple[str, ...]
    lines: list[Line]
    header_line: int = 0
    rest: str = ""
    unit: str = "line"

    @property
    def has_header(self) -> bool:
        """Whether the columns have names."""
        return any(self.names)

    def column(self, index: int) -> Iterator[str]:
        """Yield the cells of one column, without the space around them."""
        return (cells[index].strip() for _, cells in self.lines if index < len(cells))

    def count(self, index: int) -> Counter[str]:
        """Return how often each cell occurs in one column."""
        return Counter(self.column(index))


def parse_csv(path: Path, text: str, is_photo: Callable[[str], bool]) -> Table:
    """Return the table in the text of a CSV file.

    Cells are separated by comma, semicolon, tab, bar or, in lists of photos, spaces. The first
    line is a header unless it begins with a photo, as `is_photo` says. Raises CommandError if the
    text is empty or not a table.
    """
    lines = _Lines(path, text)
    separator = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)  # Excel's own first line
    if separator:
        lines.skip_one()
    first_line = lines.peek()
    while first_line.startswith("#") and not any(one in first_line for one in DELIMITERS):
        lines.skip_one()  # a comment of the program that wrote the file
        first_line = lines.peek()
    delimiter = separator[1] if separator else _choose_delimiter(first_line, is_photo)
    body = list(_read_cells(lines, delimiter) if delimiter else _read_words(lines))
    if not delimiter and len(body) > 1 and len(body[0][1]) == 1 and body[0][1][0].isdigit():
        del body[0]  # CelebA's list begins with the number of photos
    if not body:
        raise CommandError(f"{path}: is empty; expected a header such as path,labels and rows")
    first_number, first = body[0]
    if len(first) > MAX_COLUMNS:
        raise CommandError(f"{path}, line {first_number}: has over {MAX_COLUMNS:,} columns")
    second = body[1][1] if len(body) > 1 else first
    is_split = len(first) > 1 and is_image_name(first[1])  # Google's TRAIN,gs://bucket/a.jpg,red
    if is_image_name(first[0]) or is_split or (is_photo(first[0]) and is_photo(second[0])):
        width = max(len(cells) for _, cells in body)
        return Table(path, ("",) * width, body, rest=delimiter or " ")
    names = tuple(name.strip().strip("\"'") for name in first)
    if len(body) > 1 and len(body[1][1]) == len(names) + 1 and not delimiter:
        names = ("path", *names)  # R and CelebA leave out the name of the first column
    if len(body) == 1:
        raise CommandError(f"{path}: has a header and no rows")
    rest = (delimiter or " ") if len(names) == 2 else ""
    return Table(path, names, body[1:], first_number, rest)


def where(table: Table, index: int | None = None) -> str:
    """Return the beginning of a message about a table or one of its columns."""
    line = f", line {table.header_line}" if table.header_line else ""
    if index is None:
        return f"{table.path}{line}"
    name = table.names[index]
    return f"{table.path}{line}: column {name!r}" if name else f"{table.path}: column {index + 1}"


def few(names: Sequence[str], most: int = 8) -> str:
    """Return the first of `names`, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def find_column(table: Table, name: str, option: str) -> int:
    """Return the number of the column called `name`; raises CommandError, which names `option`."""
    for same in (str, str.lower, simplify):
        found = [i for i, other in enumerate(table.names) if other and same(other) == same(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise CommandError(f"{where(table)}: {len(found)} columns are called {name!r}; rename")
    listed = few([name for name in table.names if name]) or "no names of columns"
    raise CommandError(f"{where(table)}: has no column {name!r} ({option}); there are {listed}")


def read_cells(path: Path, text: str) -> list[Line]:
    """Return the lines of a CSV text that are not empty; raises CommandError."""
    lines = _Lines(path, text)
    return list(_read_cells(lines, max(DELIMITERS, key=lines.peek().count)))


class _Lines:
    """The lines of a text one after another, for a list of them would take more than the text."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self._at = self._number = 0
        self._left = MAX_MEMORY - sys.getsizeof(text)

    def skip_one(self) -> None:
        """Leave out the next line."""
        self._at = self._text.find("\n", self._at) + 1
        self._number += 1

    def peek(self) -> str:
        """Return the beginning of the next line that is not blank; "" if there is none."""
        found = re.compile(r"\S").search(self._text, self._at)
        if found is None:
            return ""
        start = self._text.rfind("\n", 0, found.start()) + 1
        end = self._text.find("\n", start)
        return self._text[start : min(end if end >= 0 else len(self._text), start + 100_000)]

    def number(self) -> int:
        """Return the number of the last line, from 1."""
        return self._number

    def keep(self, cells: Sequence[str]) -> None:
        """Raise CommandError if the cells of all lines no longer fit into memory."""
        self._left -= ROW_MEMORY + CELL_MEMORY * len(cells)
        if self._left < 0:
            raise CommandError(
                f"{self.path}: has more cells than fit into {MAX_MEMORY // 2**20} MB; split it "
                "into several files in one folder and give that to --labels"
            )

    def __iter__(self) -> Iterator[str]:
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            end = end if end >= 0 else len(self._text)
            self._number += 1
            if end - self._at > MAX_LINE:
                raise CommandError(
                    f"{self.path}, line {self._number}: has over {MAX_LINE:,} letters"
                )
            line = self._text[self._at : end]
            self._at = end + 1
            yield f"{line}\n"


def _read_cells(lines: _Lines, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        for cells in reader:
            if any(cells):
                lines.keep(cells)
                yield lines.number(), cells
    except csv.Error as error:
        if "field larger" in str(error):
            raise CommandError(
                f"{lines.path}, line {lines.number()}: a cell has over 100,000 letters; is a "
                "quote not closed?"
            ) from None
        raise CommandError(f"{lines.path}, line {lines.number()}: is not CSV ({error})") from None


def _read_words(lines: _Lines) -> Iterator[Line]:
    for line in lines:
        if words := _words_of(line):
            lines.keep(words)
            yield lines.number(), words


def _words_of(line: str) -> list[str]:
    """Return the path at the beginning of a line, which may hold spaces, and the other words."""
    if found := _PATH_FIRST.match(line[:4096]):
        return [found[1], *line[found.end() :].split()]
    return line.split()


def _choose_delimiter(line: str, is_photo: Callable[[str], bool]) -> str:
    """Return what separates the cells in the first line; "" for spaces.

    If it begins with a photo, that is what ends the path there; else what occurs most often.
    """
    splits = {}
    for delimiter in DELIMITERS:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
        if len(cells) > 1:
            splits[delimiter] = cells
    words = _words_of(line)
    if len(words) > 1 and is_photo(words[0]):
        for delimiter, cells in splits.items():
            if any(is_photo(cell) for cell in cells[:2]):
                return delimiter
        return ""
    if not splits:
        return ""
    for delimiter, cells in splits.items():
        if is_photo(cells[0]) or is_image_name(cells[1]):
            return delimiter
    return max(splits, key=lambda delimiter: len(splits[delimiter]))
