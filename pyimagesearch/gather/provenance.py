"""sources.csv: where each photo of a folder comes from, one row for each url.

Rows that name the same file are the same photo found at several urls; the first of them is
where the file was fetched.
"""

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.files import atomic_write
from pyimagesearch.gather.results import Found

NAME = "sources.csv"

# Characters of a creator or a licence, where whole web pages have been seen, and of an address.
_LONGEST = 500
_LONGEST_ADDRESS = 8000


@dataclass(frozen=True)
class Row:
    """One row; all text, `fetched_at` in ISO 8601 with time zone."""

    file: str
    url: str
    page: str
    creator: str
    licence: str
    licence_url: str
    query: str
    source: str
    sha256: str
    fetched_at: str


COLUMNS = tuple(field.name for field in fields(Row))


def row(found: Found, file: str, sha256: str, query: str, source: str, fetched_at: str) -> Row:
    """Return the row for the photo `found`, which is now in `file`."""
    return Row(
        file,
        found.url,
        _web_address(found.page),
        _cell(found.creator),
        _cell(found.licence),
        _web_address(found.licence_url),
        _cell(query),
        source,
        sha256,
        fetched_at,
    )


def read(path: Path) -> tuple[list[Row], bool]:
    """Return the rows of `path` and whether the file ends torn, as a killed run may leave it.

    A torn last line is left out: no photo gets its name before its row is on disk. Raises
    CommandError where the file exists but is not ours.
    """
    if not path.exists():
        return [], False
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    # A spreadsheet may have put a mark in front and other line ends behind.
    lines = csv.reader(io.StringIO(whole.decode("utf-8-sig", "replace"), newline=""))
    rows = []
    try:
        header = tuple(next(lines, COLUMNS))
        if header != COLUMNS:
            raise CommandError(
                f"{path}: columns {', '.join(header)[:200]} are not those of this program; "
                "move the file away or choose another --output"
            )
        for cells in lines:
            if cells and len(cells) != len(COLUMNS):
                raise CommandError(
                    f"{path}: line {lines.line_num} has {len(cells)} cells, not {len(COLUMNS)}; "
                    "mend it or move the file away"
                )
            if cells:
                rows.append(Row(*cells))
    except csv.Error as error:
        raise CommandError(f"{path}: line {lines.line_num}: {error}; mend it") from error
    return rows, not whole or len(whole) < len(data)


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write `rows` to `path`, whole or not at all; raises CommandError if that fails."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(_lines([COLUMNS, *map(astuple, rows)]))


def append(path: Path, one: Row) -> None:
    """Add the row `one` to `path`; it is on disk when this returns."""
    # Unbuffered: the line reaches the system in one call, so a kill leaves all of it or none.
    with path.open("ab", buffering=0) as file:
        file.write(_lines([astuple(one)]))
        os.fsync(file.fileno())


def _lines(rows: Iterable[tuple[str, ...]]) -> bytes:
    """Return `rows` as CSV: UTF-8, one line each."""
    page = io.StringIO()
    csv.writer(page, lineterminator="\n").writerows(rows)
    return page.getvalue().encode("utf-8", "replace")


def _cell(value: str) -> str:
    """Return a stranger's text as one that a spreadsheet shows and does not calculate.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    value = " ".join(value.split())[:_LONGEST]
    return f"'{value}" if value.startswith(("=", "+", "-", "@")) else value


def _web_address(value: str) -> str:
    """Return `value` where it is a web address, "" for javascript: and the like."""
    short = len(value) <= _LONGEST_ADDRESS
    return value if short and value.startswith(("https://", "http://")) else ""
