"""sources.csv: where each photo of a folder comes from, and its licence; one row per address.

Rows of the same file are the same photo found at several addresses; the first of them is where the
file was downloaded. Rows are never deleted: `state` says what became of the photo. A spreadsheet
may reorder the columns, add some, or save with another delimiter.
"""

import csv
import io
import os
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.files import atomic_write

NAME = "sources.csv"

PRESENT = "present"  # in the folder, or moved to a folder next to it
REJECTED = "rejected"  # deleted by the user, or no photo at all: not to be fetched again
MISSING = "missing"  # broken, or never arrived: to be fetched again
_STATES = (PRESENT, REJECTED, MISSING)

SHIELD = "'"  # what a spreadsheet takes for the beginning of a text
_DELIMITERS = ",;\t|"
_REQUIRED = frozenset({"file", "url", "sha256"})
_BOM, _BOM_UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|])")


@dataclass(frozen=True)
class Row:
    """One row; all text. `fetched_at` is in ISO 8601; `extra` has the user's own columns."""

    file: str = ""
    url: str = ""
    page: str = ""
    title: str = ""
    creator: str = ""
    creator_url: str = ""
    licence: str = ""
    licence_url: str = ""
    attribution: str = ""
    query: str = ""
    source: str = ""
    rank: str = ""
    sha256: str = ""
    bytes: str = ""
    fingerprint: str = ""
    fetched_at: str = ""
    # Last, so that a line that was cut off can be told from a whole one.
    state: str = PRESENT
    extra: Mapping[str, str] = field(default_factory=dict)


COLUMNS = tuple(one.name for one in fields(Row) if one.name != "extra")


class Table:
    """The rows of a sources.csv in the form that its last editor gave it; made by `read`."""

    def __init__(
        self,
        path: Path,
        columns: Iterable[str] = COLUMNS,
        delimiter: str = ",",
        line_end: str = "\n",
        bom: bool = False,
        was_torn: bool = False,
    ) -> None:
        """Start without rows, to be written to `path` in this form."""
        self.path = path
        self.rows: list[Row] = []
        self.is_saved = False  # whether lines can be added to the file as it is
        self.was_torn = was_torn
        given = list(columns)
        self.columns = [*given, *(name for name in COLUMNS if name not in given)]
        self._delimiter, self._line_end, self._bom = delimiter, line_end, bom
        self._lock = threading.Lock()

    def append(self, one: Row) -> None:
        """Add the row `one`; it is on disk when this returns. Raises OSError if it cannot be."""
        with self._lock:
            self.rows.append(one)
            if not self.is_saved:
                self._save()
                return
            # Unbuffered: the line reaches the system in one call, so a kill leaves all or nothing.
            with self.path.open("ab", buffering=0) as file:
                file.write(self._lines([one]).encode("utf-8", "replace"))
                os.fsync(file.fileno())

    def change(self, change: Callable[[list[Row]], list[Row]]) -> None:
        """Replace all rows by what `change` makes of them, whole or not at all on disk."""
        with self._lock:
            self.rows = _compacted(change(self.rows))
            self._save()

    def _save(self) -> None:
        content = self._lines(self.rows, header=True).encode("utf-8", "replace")
        with atomic_write(self.path) as temporary:
            temporary.write_bytes(_BOM * self._bom + content)
        self.is_saved = True

    def _lines(self, rows: Iterable[Row], header: bool = False) -> str:
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self._delimiter, lineterminator=self._line_end)
        if header:
            writer.writerow(self.columns)
        for one in rows:
            writer.writerow(
                getattr(one, name) if name in COLUMNS else one.extra.get(name, "")
                for name in self.columns
            )
        return text.getvalue()


def read(path: Path) -> Table:
    """Return the table at `path`, an empty one if there is none.

    A last line that a killed run left cut off is left out: no photo gets its name before its row
    is on disk. Raises CommandError if the file is not ours, OSError if it cannot be read.
    """
    if not path.exists():
        return Table(path)
    data = path.read_bytes()
    content, tail, is_utf8 = _decode(data)
    header = next(iter(content.splitlines()), "")
    if not header:
        return Table(path, was_torn=True)
    delimiter, columns = _read_header(path, header)
    line_end = "\r\n" if "\r\n" in content else "\n"
    table = Table(path, columns, delimiter, line_end, bom=data.startswith(_BOM) or not is_utf8)
    lines = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    try:
        next(lines)
        table.rows = [_row(path, lines.line_num, columns, cells) for cells in lines if any(cells)]
        last = next(csv.reader([tail], delimiter=delimiter), [])
    except csv.Error as error:
        raise CommandError(f"{path}: line {lines.line_num}: {error}; correct it") from error
    # An editor may have left out the last line end.
    if len(last) == len(table.columns) == len(columns) and set(last) & set(_STATES):
        table.rows.append(_row(path, lines.line_num + 1, columns, last))
    table.was_torn = bool(tail) and len(last) != len(columns)
    table.is_saved = not tail and is_utf8 and table.columns == columns
    return table


def _decode(data: bytes) -> tuple[str, str, bool]:
    """Return the whole lines in `data`, what follows them, and whether they are in UTF-8.

    Spreadsheets also save as UTF-16 and in the code page of Western Europe.
    """
    if data.startswith(_BOM_UTF16):
        return data.decode("utf-16", "replace").rstrip("\0") + "\n", "", False
    end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
    try:
        return data[:end].decode("utf-8-sig"), data[end:].decode("utf-8", "replace"), True
    except UnicodeDecodeError:
        return data[:end].decode("cp1252", "replace"), data[end:].decode("cp1252", "replace"), False


def _read_header(path: Path, header: str) -> tuple[str, list[str]]:
    """Return the delimiter and the columns; raises CommandError if they are not ours."""
    for delimiter in _DELIMITERS:
        columns = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
        if _REQUIRED.issubset(columns) and len(set(columns)) == len(columns):
            return delimiter, columns
    raise CommandError(
        f"{path}: columns {header[:200]} are not those of this program ({', '.join(COLUMNS)}); "
        "move the file away or choose another --output"
    )


def _row(path: Path, line: int, columns: list[str], cells: list[str]) -> Row:
    """Return the row in `cells`; spreadsheets leave out empty ones at the end."""
    if len(cells) > len(columns) and any(cells[len(columns) :]):
        raise CommandError(
            f"{path}: line {line} has {len(cells)} cells, not {len(columns)}; correct it"
        )
    values = dict(zip(columns, cells, strict=False))
    if values.get("url") and not values.get("sha256"):
        raise CommandError(f"{path}: line {line} has no sha256; correct it or remove the line")
    ours = {name: value for name, value in values.items() if name in COLUMNS}
    ours["state"] = ours.get("state") or PRESENT
    if ours["state"] not in _STATES:
        raise CommandError(
            f"{path}: line {line}: state {ours['state'][:50]!r} is not one of "
            f"{', '.join(_STATES)}; correct it"
        )
    return Row(**ours, extra={name: values[name] for name in values if name not in COLUMNS})


def _compacted(rows: list[Row]) -> list[Row]:
    """Return `rows` without those whose place a later one for the same address has taken."""
    kept: list[Row] = []
    places: dict[str, int] = {}
    for one in reversed(rows):
        later = places.setdefault(one.url, len(kept)) if one.url else len(kept)
        if later == len(kept) or (one.state == PRESENT and one.sha256 != kept[later].sha256):
            kept.append(one)
        elif one.extra:
            cells = {name: cell for name, cell in kept[later].extra.items() if cell}
            kept[later] = replace(kept[later], extra={**one.extra, **cells})
    return kept[::-1]


def write_credits(folder: Path, path: Path) -> int:
    """Write the credits of all photos in `folder` and below it as Markdown; return their number.

    Raises CommandError if there is no sources.csv.
    """
    tables = sorted(folder.rglob(NAME))
    if not tables:
        raise CommandError(
            f"{folder}: no {NAME} in it; set --output to a folder of gathered photos"
        )
    credits: dict[str, str] = {}
    for table in tables:
        for one in read(table).rows:
            if one.state != PRESENT or Path(one.file).is_absolute():
                continue
            photo = table.parent / one.file
            place = os.path.relpath(photo, folder).replace(os.sep, "/")
            if photo.is_file() and not place.startswith(".."):
                credits.setdefault(place, _credit(one))
    lines = [f"- {_markdown(place)}: {_markdown(credit)}" for place, credit in credits.items()]
    with atomic_write(path) as temporary:
        text = "\n".join(["# Photo credits", "", *lines, ""])
        temporary.write_text(text, encoding="utf-8", errors="replace")
    return len(credits)


def _credit(one: Row) -> str:
    # Tables of earlier versions have no attribution.
    parts = one.attribution or ", ".join(filter(None, (one.creator, one.licence, one.page)))
    unknown = not one.licence or one.licence.startswith("Bing filter")
    return f"{'licence unknown: ' if unknown else ''}{parts.removeprefix(SHIELD)}"


def _markdown(text: str) -> str:
    """Return a stranger's text so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)
