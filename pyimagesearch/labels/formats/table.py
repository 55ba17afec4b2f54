"""A table of cells with the names of its columns, from CSV text or from JSON records."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import SUFFIXES
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.paths import is_image_name

DELIMITERS = ",;\t|"
MAX_LINE = 1_000_000  # letters; a line of a million columns would be split into as many cells
MAX_MEMORY = 2**30  # bytes that the cells may take: about 150 for a row and 10 for a cell
_ENDINGS = "|".join(sorted(re.escape(suffix) for suffix in SUFFIXES))
# "my photo.jpg red dress": a path with spaces in it, up to its ending, and the rest of the line.
_PATH_FIRST = re.compile(rf"\s*(.+?(?:{_ENDINGS}))(?:\s+(.*))?$", re.IGNORECASE)

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
    lines = _lines_of(text)
    start = 0
    told = re.fullmatch(r"sep=(.)\r?", lines[0], re.IGNORECASE)  # Excel's own first line
    if told:
        start = 1
    some = [line for line in lines[start : start + 50] if line.strip()]
    if not some:
        raise CommandError(f"{path}: is empty; expected a header such as path,labels and rows")
    delimiter = told[1] if told else _choose_delimiter(some, is_photo)
    reader = _read_cells if delimiter else _read_words
    body = list(reader(path, lines[start:], start, delimiter))
    if not delimiter and len(body) > 1 and len(body[0][1]) == 1 and body[0][1][0].isdigit():
        del body[0]  # CelebA's list begins with the number of photos
    first_number, first = body[0]
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
    lines = _lines_of(text)
    first = next((line for line in lines if line.strip()), "")
    return list(_read_cells(path, lines, 0, max(DELIMITERS, key=first.count)))


def _lines_of(text: str) -> list[str]:
    return (text if "\n" in text else text.replace("\r", "\n")).split("\n")


def _read_cells(path: Path, lines: Sequence[str], start: int, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(_checked(path, lines, start), delimiter=delimiter, skipinitialspace=True)
    used = 0
    try:
        for cells in reader:
            if any(cells):
                used += 150 + 10 * len(cells)
                _limit(path, used)
                yield reader.line_num + start, cells
    except csv.Error as error:
        number = reader.line_num + start
        if "field larger" in str(error):
            raise CommandError(
                f"{path}, line {number}: a cell has over 100,000 letters; is a quote not closed?"
            ) from None
        raise CommandError(f"{path}, line {number}: is not CSV ({error})") from None


def _read_words(path: Path, lines: Sequence[str], start: int, _: str) -> Iterator[Line]:
    used = 0
    for number, line in enumerate(_checked(path, lines, start), start + 1):
        words = _words_of(line)
        if words:
            used += 150 + 10 * len(words)
            _limit(path, used)
            yield number, words


def _words_of(line: str) -> list[str]:
    """Return the path at the beginning of a line, which may hold spaces, and the other words."""
    if found := _PATH_FIRST.match(line[:4096]):
        return [found[1], *line[found.end(1) :].split()]
    return line.split()


def _checked(path: Path, lines: Iterable[str], start: int) -> Iterator[str]:
    for number, line in enumerate(lines, start + 1):
        if len(line) > MAX_LINE:
            raise CommandError(f"{path}, line {number}: has over {MAX_LINE:,} letters")
        yield line.rstrip("\r") + "\n"


def _limit(path: Path, used: int) -> None:
    if used > MAX_MEMORY:
        raise CommandError(
            f"{path}: has more cells than fit into 1 GB; split it into several files"
        )


def _choose_delimiter(lines: Sequence[str], is_photo: Callable[[str], bool]) -> str:
    """Return what separates the cells in the first `lines`; "" for spaces.

    If the first line begins with a photo, it is what ends the path there; else what occurs most
    often in the first line.
    """
    splits = {}
    for delimiter in DELIMITERS:
        cells = next(csv.reader(lines[:1], delimiter=delimiter, skipinitialspace=True), [])
        if len(cells) > 1:
            splits[delimiter] = cells
    if len(_words_of(lines[0])) > 1 and is_photo(_words_of(lines[0])[0]):
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
