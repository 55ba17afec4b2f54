"""JSON files, and files with a JSON object on each line: which of the known forms they have."""

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

    A file may also have an object on each line. Raises CommandError if it is not JSON, or of a
    kind that is not known.
    """
    text = read_text(path)
    data: Any = _load_lines(path, text) if _has_lines(text) else load_json(path, text)
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
    if isinstance(data, dict) and isinstance(data.get("items"), list) and "categories" in data:
        return _read_datumaro(path, data)
    return _read_records(path, data, resolver, options)


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


def _has_lines(text: str) -> bool:
    """Return whether a text has a JSON object on each line."""
    first, _, rest = text.lstrip().partition("\n")
    return first[:1] == "{" and first.rstrip()[-1:] == "}" and rest.lstrip()[:1] == "{"


def _load_lines(path: Path, text: str) -> list[Any]:
    _check_memory(path, text)
    lines = enumerate(text.split("\n"), 1)
    return [load_json(path, line, number) for number, line in lines if line.strip()]


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


def _read_datumaro(path: Path, data: dict[str, Any]) -> ParsedFile:
    """Read Datumaro's JSON: items with the numbers of their labels."""
    skipped = SkippedRows(path, "item")
    try:
        names = [str(label["name"]) for label in data["categories"]["label"]["labels"]]
    except (KeyError, TypeError):
        raise CommandError(f"{path}: has items, but no names of labels in categories") from None
    rows = []
    for number, item in enumerate(data["items"], 1):
        try:
            photo = item["image"]["path"] if item.get("image") else item["id"]
            labels = {names[one["label_id"]] for one in item["annotations"]}
        except (AttributeError, KeyError, IndexError, TypeError):
            skipped.skip(number, "has no id, or a label that is not listed")
            continue
        rows.append(Row(number, str(photo), tuple(sorted(labels))))
    return ParsedFile(rows, skipped, ["Datumaro labels"])


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
