"""CSV files, and lists of photos with their labels behind them."""

from pathlib import Path

from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.json_files import read_json
from pyimagesearch.labels.formats.table import Line, parse_csv, read_cells
from pyimagesearch.labels.formats.table_rows import ColumnOptions, read_table
from pyimagesearch.labels.formats.text import UNDECODABLE, read_text, require_decoded
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.paths import PathResolver, is_image_name
from pyimagesearch.labels.rows import ParsedFile


def read_csv(path: Path, resolver: PathResolver, options: ColumnOptions) -> ParsedFile:
    """Return the rows of a CSV file; raises CommandError if it cannot be read or understood."""

    def is_photo(cell: str) -> bool:
        """Return whether a cell of the first line is a photo and not the name of a column."""
        if is_image_name(cell):
            return True
        is_name = simplify(cell) in known_names.PATHS or not cell.strip()
        return not is_name and resolver.find(cell).photo is not None

    text = read_text(path)
    if text.lstrip()[:2] in ('{"', "[{", '["'):
        return read_json(path, resolver, options)  # under another name
    return read_table(parse_csv(path, text, is_photo), resolver, options)


def read_lines(path: Path) -> list[Line]:
    """Return the lines of a CSV file that are not empty, each a number and its cells.

    Raises CommandError if it cannot be read.
    """
    text = read_text(path)
    if found := UNDECODABLE.search(text):
        require_decoded(path, text.count("\n", 0, found.start()) + 1, found[0])
    return read_cells(path, text)
