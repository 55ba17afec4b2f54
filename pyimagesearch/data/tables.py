"""Feature tables instead of photos: ARFF with Mulan's label XML, CSV, NPZ.

Mulan: https://mulan.sourceforge.net/format.html.
"""

import csv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.csv_files import read_lines
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.formats.xml_files import iter_elements
from pyimagesearch.labels.samples import Sample

SUFFIXES = (".arff", ".csv", ".npz")
LOOKED_AT = 100  # rows that show whether a CSV holds features
MARKS = {"0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0}


@dataclass(frozen=True)
class Table:
    """Named columns; `values` is (N, C) float32, `rows` are the numbers of the rows in the file."""

    path: Path
    names: tuple[str, ...]
    values: NDArray[np.float32]
    rows: tuple[int, ...]

    def columns(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return the columns `names`, (N, len(names)). Raises CommandError if one is missing."""
        if missing := [name for name in names if name not in self.names]:
            raise CommandError(
                f"{self.path}: has no column {missing[0]!r} ({len(missing)} of {len(names)} are "
                "missing)"
            )
        place = {name: column for column, name in enumerate(self.names)}
        return np.ascontiguousarray(self.values[:, [place[name] for name in names]])

    def targets(self, names: Sequence[str]) -> NDArray[np.float32]:
        """Return the label columns `names`; raises CommandError for values other than 0 and 1."""
        targets = self.columns(names)
        known = np.isin(targets, (0, 1))
        if not known.all():
            row, column = np.argwhere(~known)[0]
            raise CommandError(
                f"{self.path}, row {self.rows[row]}: label {names[column]!r} is "
                f"{targets[row, column]:g}, not 0 or 1"
            )
        return targets


@dataclass(frozen=True)
class LabelledTable:
    """`features` (N, F) float32 with their names, and a sample, table:row, for each row."""

    names: tuple[str, ...]
    features: NDArray[np.float32]
    samples: list[Sample]


def is_table(
    dataset: Path,
    labels: Path | None,
    label_columns: Sequence[str] | None,
    path_column: str | None = None,
) -> bool:
    """Return whether `dataset` is a table of features rather than photos or their labels.

    A CSV is one if the label columns are named, here or in an XML file, and its other columns
    hold numbers only: a label file of photos has a column of paths. Raises CommandError if the
    CSV cannot be read.
    """
    suffix = dataset.suffix.lower()
    if suffix != ".csv" or not dataset.is_file():
        return suffix in (".arff", ".npz")
    if labels is not None and labels.suffix.lower() == ".xml":
        return True
    return path_column is None and label_columns is not None and _is_numeric(dataset, label_columns)


def _is_numeric(path: Path, label_columns: Sequence[str]) -> bool:
    """Return whether the columns of a CSV that are not labels hold features."""
    (_, names), *lines = read_lines(path) or [(0, [])]
    labels = {simplify(name) for name in label_columns}
    others = [index for index, name in enumerate(names) if simplify(name) not in labels]
    if len(others) == 1 and simplify(names[others[0]]) in known_names.PATHS:
        return False  # the photos have numbers as their names
    for index in others:
        cells = [cells[index] for _, cells in lines[:LOOKED_AT] if index < len(cells)]
        numbers = sum(not np.isnan(_number(cell)) for cell in cells)
        if 2 * numbers < len(cells):
            return False
    return True


def read_labelled(
    path: Path, labels: Path | None, label_columns: Sequence[str] | None
) -> LabelledTable:
    """Return the table at `path` with its labels.

    They are the columns `label_columns`, else those in the Mulan XML at `labels` or next to the
    table (scene.xml for scene.arff and scene-train.arff), else an NPZ's array `targets` (N, L)
    with its names in `labels`. Raises CommandError if these do not fit the table.
    """
    table = read(path)
    if label_columns is None:
        xml = labels or find_xml(path)
        marked = [name for name in table.names if name.startswith(TARGET)]
        if xml is not None:
            label_columns = read_xml(xml)
        elif marked:
            label_columns = marked
        else:
            raise CommandError(
                f"{path}: which columns are labels? Name Mulan's XML with --labels, or the columns "
                "with --label-columns"
            )
    targets = table.targets(label_columns)
    names = tuple(name for name in table.names if name not in set(label_columns))
    if not names:
        raise CommandError(f"{path}: has labels and no features")
    shown = [name.removeprefix(TARGET) for name in label_columns]
    samples = [
        Sample(Path(f"{path}:{row}"), tuple(sorted(shown[i] for i in np.flatnonzero(marks))))
        for row, marks in zip(table.rows, targets, strict=True)
    ]
    return LabelledTable(names, table.columns(names), samples)


TARGET = "label:"  # before the names of an NPZ's targets, which may be those of features too


def read(path: Path) -> Table:
    """Return the table at `path`. Rows with cells that are not finite numbers are skipped.

    Raises CommandError if it cannot be read or no row is left.
    """
    reader = {".arff": _read_arff, ".csv": _read_csv, ".npz": _read_npz}.get(path.suffix.lower())
    if reader is None:
        raise CommandError(
            f"{path}: is not a feature table; they are read from {', '.join(SUFFIXES)}"
        )
    if not path.is_file():
        raise CommandError(f"{path}: no such file")
    try:
        names, values, rows = reader(path)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    for name in names:
        if names.count(name) > 1:
            raise CommandError(f"{path}: two columns are named {name!r}")
    finite = np.isfinite(values)
    good = finite.all(axis=1)
    for row in np.flatnonzero(~good)[:20]:
        name = names[int(np.argmin(finite[row]))]
        console.warn(f"{path}, row {rows[row]}: column {name!r} does not hold a number; skipped")
    if not good.any():
        raise CommandError(f"{path}: none of its {len(values)} rows can be used")
    if not good.all():
        console.status(f"{path}: {(~good).sum()} of {len(values)} rows skipped")
    kept = tuple(row for row, is_good in zip(rows, good, strict=True) if is_good)
    return Table(path, tuple(names), values[good], kept)


Columns = tuple[list[str], NDArray[np.float32], Sequence[int]]


def _read_arff(path: Path) -> Columns:
    from scipy.io import arff

    limit = csv.field_size_limit()
    try:
        data, meta = arff.loadarff(path)
        names = list(meta.names())
        columns = [_numbers(data[name]) for name in names]
    except (ValueError, NotImplementedError, StopIteration, arff.ArffError, IndexError) as error:
        reason = str(error).partition("\n")[0] or "it has no data"
        raise CommandError(f"{path}: is not a dense ARFF file with numbers ({reason})") from None
    finally:
        csv.field_size_limit(limit)  # SciPy lifts it for every reader of this process
    values = np.stack(columns, axis=1).astype(np.float32) if names else np.zeros((0, 0), "f4")
    return names, values, range(1, len(values) + 1)


def _numbers(column: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return an ARFF column as numbers; nominal values must be 0 and 1."""
    if column.dtype.kind != "S":
        return column.astype(np.float64)
    return np.array([MARKS.get(value.decode().lower(), np.nan) for value in column.tolist()])


def _read_csv(path: Path) -> Columns:
    lines = read_lines(path)
    if len(lines) < 2:
        raise CommandError(f"{path}: expected a header and rows of numbers")
    names = [name.strip() for name in lines[0][1]]
    values = np.full((len(lines) - 1, len(names)), np.nan, np.float32)
    for row, (_, cells) in enumerate(lines[1:]):
        if len(cells) == len(names):
            values[row] = [_number(cell) for cell in cells]
    return names, values, [number for number, _ in lines[1:]]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return MARKS.get(cell.strip().lower(), float("nan"))


def _read_npz(path: Path) -> Columns:
    """Read `features` (N, F), and if they are there, `names`, `targets` and `labels`."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        values = arrays["features"].astype(np.float32)
        count, width = values.shape
        names = list(map(str, arrays.get("names", [f"feature {n}" for n in range(1, width + 1)])))
        if "targets" in arrays:
            targets = arrays["targets"].astype(np.float32)
            labels = arrays.get("labels", [f"label {n}" for n in range(1, targets.shape[1] + 1)])
            names += [f"{TARGET}{label}" for label in labels]
            values = np.concatenate([values, targets], axis=1)
        if len(names) != values.shape[1]:
            raise ValueError("names and columns differ in number")
    except KeyError:
        raise CommandError(f"{path}: has no array called features") from None
    except (ValueError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).partition("\n")[0]
        raise CommandError(f"{path}: is not an NPZ file with features (N, F) ({reason})") from None
    return names, values, range(1, count + 1)


def find_xml(path: Path) -> Path | None:
    """Return the label XML next to a table: scene.xml for scene.arff and scene-train.arff."""
    stems = (path.stem, path.stem.rpartition("-")[0])
    candidates = [path.with_name(f"{stem}.xml") for stem in stems if stem]
    return next((xml for xml in candidates if xml.is_file()), None)


def read_xml(path: Path) -> list[str]:
    """Return the names in a label XML of Mulan, in its order; raises CommandError."""
    names = [
        name
        for outer in iter_elements(path, ("label",))
        for element in outer.iter()
        if element.tag.endswith("label") and (name := element.get("name"))
    ]
    if not names:
        raise CommandError(
            f'{path}: has no names of labels; expected <label name="..."> in <labels>'
        )
    return names
