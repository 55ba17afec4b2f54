"""JSON files and JSON Lines: which of the known forms a file has."""

import json
from pathlib import Path
from typing import Any

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.coco import is_coco, read_coco
from pyimagesearch.labels.formats.known_names import SHAPE_KEYS
from pyimagesearch.labels.formats.label_studio import is_label_studio, read_tasks
from pyimagesearch.labels.formats.records import find_records, records_table
from pyimagesearch.labels.formats.table_rows import ColumnOptions, read_table
from pyimagesearch.labels.formats.text import read_text
from pyimagesearch.labels.formats.values import labels_in, simplify
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows

MAX_MEMORY = 700 * 2**20  # bytes that the objects of a file may take


def read_json(path: Path, resolver: PathResolver, options: ColumnOptions) -> ParsedFile:
    """Return the rows of a JSON file: COCO, Label Studio, FiftyOne, or a list of photos.

    Raises CommandError if it is not JSON, or of a kind that is not known.
    """
    data = load_json(path, read_text(path))
    if is_coco(data):
        skipped = SkippedRows(path, "image")
        return ParsedFile(read_coco(data, skipped), skipped, ["COCO categories"])
    if isinstance(data, dict) and isinstance(data.get("data"), dict) and "annotations" in data:
        data = [data]  # one task of Label Studio
    if is_label_studio(data):
        parsed = ParsedFile([], SkippedRows(path, "task"), ["Label Studio tasks"])
        read_tasks(data, parsed)
        return parsed
    if isinstance(data, dict) and isinstance(data.get("labels"), dict) and "classes" in data:
        return _read_fiftyone(path, data)
    return _read_records(path, data, resolver, options)


def read_json_lines(path: Path, resolver: PathResolver, options: ColumnOptions) -> ParsedFile:
    """Return the rows of a file with a JSON object on each line; raises CommandError."""
    text = read_text(path)
    _check_memory(path, text)
    if text.lstrip()[:1] == "[":
        return read_json(path, resolver, options)
    records: list[Any] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            records.append(load_json(path, line, number))
    return _read_records(path, records, resolver, options)


def load_json(path: Path, text: str, line: int = 1) -> Any:
    """Return the JSON value in `text`, without outlines and boxes; raises CommandError."""
    _check_memory(path, text)
    try:
        return json.loads(text, object_hook=_without_shapes, parse_int=_parse_int)
    except json.JSONDecodeError as error:
        number = line + error.lineno - 1
        raise CommandError(f"{path}, line {number}: is not JSON ({error.msg})") from None
    except RecursionError:
        raise CommandError(f"{path}: is nested too deeply for a label file") from None


def _read_records(
    path: Path, data: Any, resolver: PathResolver, options: ColumnOptions
) -> ParsedFile:
    records = find_records(data)
    if records is None:
        raise CommandError(
            f"{path}: is JSON, but neither COCO (images, annotations, categories), nor Label "
            "Studio, nor a list of photos with labels"
        )
    if not records:
        raise CommandError(f"{path}: is an empty list")
    return read_table(records_table(path, records), resolver, options)


def _read_fiftyone(path: Path, data: dict[str, Any]) -> ParsedFile:
    """Read FiftyOne's labels.json: class numbers, names or objects by the photo's name."""
    skipped = SkippedRows(path, "photo")
    names = [str(name) for name in data["classes"] if isinstance(name, str | int)]
    rows = []
    for number, (photo, target) in enumerate(data["labels"].items(), 1):
        try:
            found = labels_in(target)
            labels = {names[int(one)] if one.isdigit() and names else one for one in found}
        except (ValueError, IndexError):
            skipped.skip(number, f"{photo}: has a label that is not one of the classes")
            continue
        rows.append(Row(number, photo, tuple(sorted(labels))))
    return ParsedFile(rows, skipped, ["FiftyOne labels"])


def _without_shapes(value: dict[str, Any]) -> dict[str, Any]:
    shapes = [key for key in value if simplify(key) in SHAPE_KEYS]
    for key in shapes:
        del value[key]
    return value


def _parse_int(digits: str) -> int | str:
    """Return a whole number; one of thousands of digits is kept as text, for it is not an id."""
    return int(digits) if len(digits) < 400 else digits[:400]


def _check_memory(path: Path, text: str) -> None:
    """Raise CommandError if the objects in a JSON text would take more than MAX_MEMORY bytes."""
    needed = (
        72 * text.count("[")
        + 240 * text.count("{")
        + 28 * text.count('"')
        + 36 * max(0, text.count(",") - text.count("."))
        + 9 * text.count(".")
    )
    if needed > MAX_MEMORY:
        raise CommandError(
            f"{path}: is too large to be read in one piece; leave out the outlines (segmentation), "
            "or split it into several files in one folder and give that to --labels"
        )
