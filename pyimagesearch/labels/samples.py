"""Samples, and rows of label files on their way to samples."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pyimagesearch import console
from pyimagesearch.console import CommandError

LONGEST_LABEL = 1000  # it may be drawn on a picture, which becomes as wide
MAX_REPORTED = 20  # skipped of a file that are named one by one; the others are counted


@dataclass(frozen=True)
class Sample:
    """One image file, or a row of a table as table:row, and its labels, sorted."""

    path: Path
    labels: tuple[str, ...]


class Row(NamedTuple):
    """What a label file says of one image; `number` is its line, or which entry it is."""

    number: int
    path: str
    labels: tuple[str, ...]


class SkippedRows:
    """Rows of one label file that cannot be used: named, counted, and at last too many."""

    def __init__(self, source: Path, unit: str) -> None:
        """`unit` is what the numbers of the rows count: "line" or "image"."""
        self.source = source
        self.unit = unit
        self.skipped = 0
        self.reported = 0

    def warn(self, number: int, text: str) -> None:
        """Name something odd about a row that costs nothing."""
        self.reported += 1
        if self.reported <= MAX_REPORTED:
            console.warn(f"{self.source}, {self.unit} {number}: {text}")
        elif self.reported == MAX_REPORTED + 1:
            console.warn(f"{self.source}: more of that; only the first {MAX_REPORTED} are named")

    def skip(self, number: int, text: str) -> None:
        """Name a row that is left out."""
        self.skipped += 1
        self.warn(number, f"{text}; skipped")

    def check(self, kept: int, max_share: float) -> None:
        """Raise CommandError where nothing is left, or more than `max_share` is left out."""
        total = kept + self.skipped
        if not kept:
            raise CommandError(f"{self.source}: none of its {total} {self.unit}s can be used")
        if self.skipped > max_share * total:
            raise CommandError(
                f"{self.source}: {self.skipped} of {total} {self.unit}s cannot be used; mend them "
                "(train.py --max-unreadable takes more)"
            )
        if self.skipped:
            console.status(f"{self.source}: {self.skipped} of {total} {self.unit}s skipped")


class PathResolver:
    """Finds files below the first of several folders that has them.

    Each folder is listed once: a million rows would be a million questions to the disk.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        """`roots` are the folders that relative paths may start from."""
        self.roots = roots
        self._names: dict[str, frozenset[str]] = {}

    def find(self, path: str) -> str | None:
        """Return the path of the file that `path` names, None where there is none."""
        if not path:
            return None
        if "./" in path or "//" in path:  # two ways to write one path
            path = str(Path(path))
        for root in self.roots:
            full = path if path.startswith("/") else f"{root}/{path}"
            folder, _, name = full.rpartition("/")
            # The question to the disk helps on file systems that take A.JPG for a.jpg.
            if name in self._list(folder) or _is_file(full):
                return full
        return None

    def _list(self, folder: str) -> frozenset[str]:
        if folder not in self._names:
            try:
                with os.scandir(folder or "/") as entries:
                    self._names[folder] = frozenset(entry.name for entry in entries)
            except (OSError, ValueError):
                self._names[folder] = frozenset()
        return self._names[folder]


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False


def name_labels(labels: Sequence[str]) -> str:
    """Return `labels` as people write them."""
    return ", ".join(labels) or "no label"


def to_samples(rows: Iterable[Row], resolver: PathResolver, skipped: SkippedRows) -> list[Sample]:
    """Return the samples that `rows` describe, in their order.

    A row whose file is missing is left out. Rows that say the same of a file count once; rows
    that contradict each other are all left out, for nobody can tell which is right.
    """
    first: dict[str, Row] = {}  # by path; a million Paths would take seconds to hash
    contradicted: set[str] = set()
    unit, without_labels = skipped.unit, []
    for row in rows:
        path = resolver.find(row.path)
        if path is None:
            skipped.skip(row.number, f"{row.path!r}: no such file")
        elif path not in first:
            first[path] = row
            if not row.labels:
                without_labels.append(row.number)
        elif row.labels == first[path].labels:
            skipped.warn(row.number, f"{row.path} again, as in {unit} {first[path].number}")
        else:
            other = first[path]
            skipped.skip(
                row.number,
                f"{row.path} has {name_labels(row.labels)}, but {name_labels(other.labels)} in "
                f"{unit} {other.number}; neither is used",
            )
            skipped.skipped += path not in contradicted
            contradicted.add(path)
    if without_labels:
        console.status(
            f"{skipped.source}: {len(without_labels)} {unit}s without labels (the first: {unit} "
            f"{without_labels[0]}); taken as photos to which none applies"
        )
    return [
        Sample(Path(path), row.labels) for path, row in first.items() if path not in contradicted
    ]


def is_label(text: str) -> bool:
    """Return whether `text` can be a label: UTF-8 (OpenCV crashes on others), not too wide."""
    is_text = not any("\ud800" <= letter <= "\udfff" for letter in text)
    return is_text and len(text) <= LONGEST_LABEL


def check_labels(samples: Sequence[Sample]) -> None:
    """Raise CommandError unless there are two labels or more to tell apart, all fit to draw."""
    labels = sorted({label for sample in samples for label in sample.labels})
    for label in labels:
        if not is_label(label):
            raise CommandError(
                f"the label {label[:50]!r} is no UTF-8 or over {LONGEST_LABEL} letters; rename it"
            )
    if len(labels) < 2:
        found = f"only the label {labels[0]!r}" if labels else "no label at all"
        raise CommandError(f"the data has {found}; a tagger needs two labels or more")


def count_labels(samples: Sequence[Sample]) -> Counter[str]:
    """Return how many samples carry each label."""
    return Counter(label for sample in samples for label in sample.labels)


def count_labelsets(samples: Sequence[Sample]) -> Counter[tuple[str, ...]]:
    """Return how many samples carry each set of labels."""
    return Counter(sample.labels for sample in samples)
