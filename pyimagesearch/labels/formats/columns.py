"""Which columns of a table hold the labels and the split, by their names and their cells."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.marks import Kind, kind_of, number_of
from pyimagesearch.labels.formats.path_columns import find_path_columns
from pyimagesearch.labels.formats.table import Table, few, find_column, where
from pyimagesearch.labels.formats.values import is_list, is_no_label, simplify
from pyimagesearch.labels.paths import PathResolver, is_image_name
from pyimagesearch.labels.splits import parse_split

MAX_CATEGORY = 60  # letters of a label, as opposed to a sentence


@dataclass(frozen=True)
class Column:
    """A column of a table; `key` is its name in the form of `simplify`."""

    index: int
    name: str
    cells: Counter[str]

    @cached_property
    def key(self) -> str:
        """The name in small letters and digits."""
        return simplify(self.name)

    @cached_property
    def base(self) -> str:
        """The key without a number at its end: label for label_2."""
        return self.key.rstrip("0123456789")

    @cached_property
    def kind(self) -> Kind:
        """What the cells hold."""
        return kind_of(self.cells)

    @property
    def is_marked(self) -> bool:
        """Whether the column can be that of one label."""
        return self.kind in ("marks", "probabilities")

    @property
    def may_be_label(self) -> bool:
        """Whether neither the name nor the cells say that the column holds something else."""
        return bool(self.name) and self.kind != "empty" and self.key not in known_names.OTHER


@dataclass(frozen=True)
class Columns:
    """What the columns of a table are used for."""

    path: int
    folder: int | None = None  # of the path, if it is in another column
    lists: Sequence[Column] = ()  # of labels
    marks: Sequence[Column] = ()  # one label each
    confidence: Column | None = None  # of the label in the row
    splits: Sequence[Column] = ()
    error: int | None = None  # classify.py says there why a photo has no tags
    others: Sequence[Column] = field(default_factory=list)  # that are not used


def choose_columns(
    table: Table,
    resolver: PathResolver,
    path_column: str | None,
    label_columns: Sequence[str] | None,
) -> Columns:
    """Return what the columns of a table hold; raises CommandError if that is unclear.

    `path_column` and `label_columns` name them. Without these, they are recognised by the
    names that label files usually have, and by their cells.
    """
    path, folder = find_path_columns(table, resolver, path_column)
    keys = [simplify(name) for name in table.names]
    error = keys.index("error") if "error" in keys else None
    used = {path, error}
    # The folder of a photo may be its label at the same time: red_dress, 1.jpg.
    if folder is not None and keys[folder] in known_names.FOLDERS:
        used.add(folder)
    free = [
        Column(index, name, table.count(index))
        for index, name in enumerate(table.names)
        if index not in used
    ]
    named = [find_column(table, name, "--label-columns") for name in label_columns or ()]
    splits = [one for one in free if one.index not in named and _is_split(table, one)]
    free = [column for column in free if column not in splits]
    if named:
        chosen = [column for column in free if column.index in named]
        if lost := set(named) - {column.index for column in chosen}:
            raise CommandError(f"{where(table, min(lost))}: holds the paths of photos, not labels")
    elif table.has_header:
        chosen = _guess(table, free)
        _check_neighbours(table, chosen, free)
    else:
        chosen = _without_header(table, free)
    marks = [column for column in chosen if column.is_marked and not _is_lone_list(chosen)]
    lists = [column for column in chosen if column not in marks]
    confidence = _find_confidence(free, lists)
    others = [column for column in free if column not in chosen and column is not confidence]
    return Columns(path, folder, lists, marks, confidence, splits, error, others)


def _is_lone_list(chosen: Sequence[Column]) -> bool:
    """Return whether there is one column, called label or so: 0 and 1 in it are not its marks."""
    names = ("", *known_names.LISTS, *known_names.WEAK_LISTS)
    return len(chosen) == 1 and chosen[0].base in names


def _is_split(table: Table, column: Column) -> bool:
    """Return whether a column says which rows are for training, validation and test."""
    if column.key in known_names.SPLIT_MARKS:
        return True
    # FiftyOne has the split among its tags.
    is_named = column.key in (*known_names.SPLITS, "tags") or column.key.endswith("mluse")
    if not (is_named if table.has_header else column.index == 0):
        return False
    words = {cell.strip("[]\"'") for cell in column.cells if not is_no_label(cell)}
    splits = {word for word in words if parse_split(word)}
    others = words - splits
    return bool(words) and others <= {"UNASSIGNED", "unassigned"}


def _guess(table: Table, free: Sequence[Column]) -> list[Column]:
    """Return the columns of labels: those with a usual name, else of marks, else of words."""
    usual = [column for column in free if column.may_be_label]
    is_label_studio = {"annotationid", "leadtime"} <= {column.key for column in free}
    if is_label_studio:  # it has a column for each question, whatever that is called
        usual = [column for column in free if column.key not in known_names.LABEL_STUDIO]
    marks = [column for column in usual if column.is_marked]
    if not is_label_studio:
        names = known_names.LISTS if len(marks) > 1 else known_names.LISTS + known_names.WEAK_LISTS
        for name in names:
            if found := [one for one in usual if one.base == name and one.kind == "text"]:
                return found
        for name in names:  # numbers of classes
            found = [column for column in usual if column.base == name]
            if found and all(mark in found for mark in marks):
                return found
    filled = [column for column in free if column.name and column.kind != "empty"]
    if len(left := usual or [one for one in filled if one.kind == "text"]) == 1:
        return left
    if marks:
        return marks
    texts = [column for column in usual if column.kind == "text"]
    if chosen := [column for column in texts if _is_category(column, len(table.lines))]:
        return chosen
    if len(texts) == 1:
        return texts
    names_there = few([column.name for column in filled]) or "columns without a name"
    raise CommandError(
        f"{where(table)}: no column holds labels among {names_there}; call one labels, give each "
        "label a column of 0 and 1, or name the columns with --label-columns"
    )


def _is_category(column: Column, rows: int) -> bool:
    """Return whether a column holds words that come again, unlike titles, paths and addresses."""
    filled = [cell for cell in column.cells if not is_no_label(cell)]
    if any(is_list(cell) for cell in filled):
        return True
    if any("://" in cell or is_image_name(cell) for cell in filled):
        return False
    return max(map(len, filled)) <= MAX_CATEGORY and len(filled) <= max(rows // 2, 3)


def _without_header(table: Table, free: Sequence[Column]) -> list[Column]:
    """Return the columns of labels in a table without a header: those of words, not of boxes."""
    filled = [column for column in free if column.kind != "empty"]
    words = [column for column in filled if column.kind == "text"]
    if not words and len(filled) > 1:
        raise CommandError(
            f"{table.path}: has columns of numbers and no header that says which labels they "
            f"mean; put a line with {len(table.names)} names above them, such as path,red,dress,..."
        )
    return words or filled or list(free[:1])


def _find_confidence(free: Sequence[Column], lists: Sequence[Column]) -> Column | None:
    """Return the column that says how certain the one label of a row is."""
    for name in known_names.CONFIDENCES if len(lists) == 1 else ():
        for column in free:
            if column.key == name and column.is_marked and column not in lists:
                return column
    return None


def _check_neighbours(table: Table, chosen: Sequence[Column], free: Sequence[Column]) -> None:
    """Raise CommandError if a column among columns of marks holds numbers of another kind."""
    marks = [column for column in chosen if column.kind == "marks"]
    if len(marks) < 2 or 2 * len(marks) <= len(chosen):
        return
    for column in filter(lambda column: column.may_be_label, free):
        filled = [cell for cell in column.cells if not is_no_label(cell)]
        is_odd = column.kind == "numbers" and len(filled) == 2 and 0 in map(number_of, filled)
        if is_odd or column.kind == "probabilities":
            raise CommandError(
                f"{where(table, column.index)}: holds {few(sorted(filled), 3)}, unlike the other "
                "columns of labels; make it 0 and 1, or leave it out with --label-columns "
                f"{','.join(mark.name for mark in marks)}"
            )
