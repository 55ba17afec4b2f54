"""A list of photos for each label, in a file called like it: Pascal VOC's ImageSets/Main."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyimagesearch.labels.formats.text import read_text
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Split
from pyimagesearch.labels.splits import parse_split

_LINE = re.compile(r"(\S+)(?:\s+(-1|0|1))?")
LOOKED_AT = 20  # lines that show whether a file is such a list


def are_lists(paths: Sequence[Path]) -> bool:
    """Return whether text files, of which there must be two or more, are lists of photos."""
    return len(paths) > 1 and all(map(_is_list, paths))


def read_lists(path: Path) -> ParsedFile:
    """Return a row for each line of a list: a photo, and a mark if the list has marks.

    Without marks, the photos listed have the label. 1 is yes, -1 is no, and 0 is uncertain, as
    Pascal VOC marks what is difficult to see. The label is the name of the file without _train,
    _val and _trainval.
    """
    skipped = SkippedRows(path, "line")
    label, split = _label_of(path)
    return ParsedFile(_rows(path, label, split, skipped), skipped, [f"photos of {label!r}"])


def _rows(path: Path, label: str, split: Split | None, skipped: SkippedRows) -> Iterator[Row]:
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            skipped.skip(number, f"{line.strip()[:50]!r} is not a photo with 1, 0 or -1")
            continue
        photo, mark = found.groups()
        yield Row(
            number,
            photo,
            yes=(label,) if mark in (None, "1") else (),
            no=(label,) if mark == "-1" else (),
            uncertain=(label,) if mark == "0" else (),
            split=split,
        )


def _is_list(path: Path) -> bool:
    lines = [line.strip() for line in read_text(path).split("\n", LOOKED_AT)[:LOOKED_AT]]
    return all(_LINE.fullmatch(line) for line in lines if line)


def _label_of(path: Path) -> tuple[str, Split | None]:
    name, _, last = path.stem.rpartition("_")
    split = parse_split(last) if name else None
    return (name if split or last == "trainval" else path.stem), split
