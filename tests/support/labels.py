"""A small labelled set that tests write down in many forms and read back.

Twelve photos have a colour and a thing each; they are empty files, for labels are read without
opening photos.
"""

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pyimagesearch import labels
from pyimagesearch.labels import LabelledSamples

COLOURS, THINGS = ("amber", "plum", "teal"), ("lamp", "sofa", "vase")
ALL = (*COLOURS, *THINGS)
_PAIRS = [pair for pair in product(COLOURS, THINGS) if pair[0] != "amber"]
# The labels, sorted, by the stem of the photo.
TRUTH: dict[str, tuple[str, ...]] = {
    f"n{i:02d}": tuple(sorted(_PAIRS[i // 2] if i < 8 else ("amber", THINGS[i % 2])))
    for i in range(12)
}
Labelset = Sequence[str]


def touch(folder: Path, pattern: str = "{stem}.png") -> list[Path]:
    """Make the photos; `pattern` may have folders."""
    paths = [folder / pattern.format(stem=stem) for stem in TRUTH]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def write_rows(path: Path, rows: Iterable[Sequence[object]], delimiter: str = ",") -> Path:
    """Write a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return path


def write_lists(
    path: Path,
    header: Sequence[str] = ("path", "labels"),
    name: str = "{stem}.png",
    cell: Callable[[Labelset], object] = "|".join,
    delimiter: str = ",",
) -> Path:
    """Write path,labels of the set, paths by `name` and labels by `cell`."""
    rows = [(name.format(stem=stem), cell(there)) for stem, there in TRUTH.items()]
    return write_rows(path, [header, *rows] if header else rows, delimiter)


def write_marks(path: Path, yes: object = 1, no: object = 0, header: str = "path") -> Path:
    """Write a column of marks for each label."""
    rows = [
        (f"{stem}.png", *(yes if label in there else no for label in ALL))
        for stem, there in TRUTH.items()
    ]
    return write_rows(path, [(header, *ALL), *rows])


def write_json(path: Path, data: Any) -> Path:
    """Write a JSON file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def coco(name: str = "{stem}.png") -> dict[str, Any]:
    """Return the set as COCO, with a box for each label."""
    return {
        "images": [
            {"id": i, "file_name": name.format(stem=stem)} for i, stem in enumerate(TRUTH, 100)
        ],
        "annotations": [
            {"id": 1, "image_id": i, "category_id": ALL.index(label) + 1, "bbox": [0, 0, 5, 5]}
            for i, there in enumerate(TRUTH.values(), 100)
            for label in there
        ],
        "categories": [{"id": i, "name": label} for i, label in enumerate(ALL, 1)],
    }


def by_stem(read: LabelledSamples) -> dict[str, tuple[str, ...]]:
    """Return the labels that were read, by the stem of the photo."""
    found = {sample.path.name.split(".")[0].lower(): sample.labels for sample in read.samples}
    assert len(found) == len(read.samples)
    assert all(sample.path.is_file() for sample in read.samples)
    return found


def read(dataset: Path, source: Path | None = None, **options: Any) -> dict[str, tuple[str, ...]]:
    """Read labels and return them by the stem of the photo."""
    return by_stem(labels.read(dataset, source, **options))
