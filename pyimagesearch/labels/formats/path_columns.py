"""Which column of a table holds the paths of the photos, by its name and its cells."""

from collections.abc import Callable, Sequence

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.table import Line, Table, few, find_column, where
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.paths import PathResolver, is_image_name

LOOKED_AT = 200  # rows by which the column is recognised; fewer if there are many columns
MAX_CELLS = 20_000
HALF = 0.5  # of their cells, from which on a column is of a kind


def find_path_columns(
    table: Table, resolver: PathResolver, path_column: str | None
) -> tuple[int, int | None]:
    """Return the column of the paths, and the column of their folders if these are apart.

    `path_column` names the first of them. Raises CommandError if none holds paths.
    """
    rows = max(5, min(LOOKED_AT, MAX_CELLS // len(table.names)))
    sample = table.lines[:: max(1, len(table.lines) // rows)][:rows]
    if path_column is not None:
        path = find_column(table, path_column, "--path-column")
        is_found = _fraction(sample, path, lambda cell: bool(resolver.find(cell).photo)) >= HALF
    else:
        ranks = _rank_columns(table, sample, resolver)
        if not any(is_somewhere for _, _, is_somewhere, *_ in ranks) and resolver.widen():
            ranks = _rank_columns(table, sample, resolver)
        if not ranks:
            raise CommandError(
                f"{where(table)}: no column holds the paths of photos among "
                f"{few([name for name in table.names if name])}; name it with --path-column"
            )
        is_found, *_, place = max(ranks)
        path = -place
    folder = _find_folder(table, sample, resolver, path, is_found)
    if folder is not None and _fraction(sample, folder, is_image_name) > _fraction(
        sample, path, is_image_name
    ):
        path, folder = folder, path
    return path, folder


def _rank_columns(
    table: Table, sample: Sequence[Line], resolver: PathResolver
) -> list[tuple[bool, bool, bool, bool, int, int, int]]:
    """Return a rank for each column that may hold paths; the largest is the likeliest.

    Photos that are there count most. Names of images count more than mere ids, for a number in
    any column can happen to be the name of a photo; then known names of columns.
    """
    ranks = []
    for index, name in enumerate(map(simplify, table.names)):
        looks_right = _fraction(sample, index, is_image_name) >= HALF
        found = _fraction(sample, index, lambda cell: bool(resolver.find(cell).photo))
        unclear = _fraction(sample, index, lambda cell: bool(resolver.find(cell).reason))
        is_somewhere = found + unclear > 0
        is_known = name in known_names.PATHS
        is_other = name in known_names.OTHER or found + unclear < HALF
        if looks_right or is_known or not is_other:
            order = -known_names.PATHS.index(name) if is_known else -len(known_names.PATHS)
            different = len({cells[index] for _, cells in sample})
            rank = (found >= HALF, looks_right, is_somewhere, is_known, order, different, -index)
            ranks.append(rank)
    return ranks


def _fraction(sample: Sequence[Line], index: int, test: Callable[[str], bool]) -> float:
    """Return for which fraction of the filled cells of a column `test` is true."""
    cells = [cell for _, cells in sample if (cell := cells[index].strip())]
    return sum(map(test, cells)) / len(cells) if cells else 0.0


def _find_folder(
    table: Table, sample: Sequence[Line], resolver: PathResolver, path: int, is_found: bool
) -> int | None:
    """Return the column whose cells, joined with those of `path`, are paths of photos, if any.

    If the names alone are found, only columns that are called like folders are tried.
    """

    def is_there(folder: str, name: str) -> bool:
        match = resolver.find(f"{folder}/{name}")
        return match.photo is not None and match.is_whole

    for index, name in enumerate(map(simplify, table.names)):
        if index == path or (is_found and name not in known_names.FOLDERS):
            continue
        pairs = [(cells[index].strip(), cells[path].strip()) for _, cells in sample]
        for folders_first in (True, False):
            ordered = pairs if folders_first else [(name, folder) for folder, name in pairs]
            found = sum(bool(folder) and is_there(folder, name) for folder, name in ordered)
            if found >= HALF * len(pairs):
                return index
    return None
