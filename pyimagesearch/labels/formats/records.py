"""JSON lists of objects, one for each photo: JSON Lines, CreateML, Label Studio's JSON-MIN, VIA."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats import known_names
from pyimagesearch.labels.formats.table import Table
from pyimagesearch.labels.formats.values import simplify
from pyimagesearch.labels.paths import is_image_name

MAX_KEYS = 10_000  # different keys, each of which becomes a column


def find_records(data: Any) -> list[Any] | None:
    """Return the objects that describe photos in a JSON value, None if there are none.

    They are a list, the only list of objects in an object, or the values of an object whose keys
    are the photos: {"a.jpg": ["red", "dress"]}.
    """
    if isinstance(data, list):
        return [_from_pair(one) for one in data]
    if not isinstance(data, dict) or not data:
        return None
    if (inner := _find_inner(data)) is not None:
        return find_records(inner)
    if columns := _from_columns(data) or _from_labels(data):
        return columns
    lists = sum(map(_is_list_of_objects, data.values()))
    if 0 < lists < len(data):
        return None
    return [_with_path(key, value) for key, value in data.items()]


def _find_inner(data: Mapping[str, Any]) -> Any:
    """Return the value of an object that holds the photos, None if the object itself does."""
    # A project of VGG's annotator, and two versions of Microsoft's VoTT.
    for key in ("_via_img_metadata", "frames", "assets"):
        if isinstance(inner := data.get(key), dict) and inner:
            return inner
    lists = [value for value in data.values() if _is_list_of_objects(value)]
    if len(lists) == 1:
        return lists[0]
    by_name = (value for value in data.values() if isinstance(value, dict) and value)
    return next((value for value in by_name if all(map(is_image_name, value))), None)


def _from_pair(value: Any) -> Any:
    """Return a pair of a path and labels, ["a.jpg", ["red"]], as a record; others as they are."""
    is_pair = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
    return {"path": value[0], "labels": value[1]} if is_pair else value


def _from_columns(data: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the records in an object of columns, as pandas writes tables.

    {"path": {"0": "a.jpg"}, ...}, {"path": ["a.jpg"], ...}, or {"columns": ["path"], "data": ...}.
    """
    names, rows = data.get("columns"), data.get("data")
    if isinstance(names, list) and isinstance(rows, list):
        return [dict(zip(map(str, names), row, strict=False)) for row in rows if _is_row(row)]
    if not any(simplify(key) in known_names.PATHS for key in data):
        return None
    columns = [value.values() if isinstance(value, dict) else value for value in data.values()]
    sized = [column for column in columns if not isinstance(column, str | int | float | None)]
    if len(sized) < len(columns) or len({len(column) for column in sized}) != 1:
        return None
    return [dict(zip(data, row, strict=True)) for row in zip(*sized, strict=True)]


def _is_row(value: Any) -> bool:
    return isinstance(value, list)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _from_labels(data: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return a record for each photo in an object of lists by label: {"red": ["a.jpg"]}."""
    for value in data.values():
        if not isinstance(value, list):
            return None
        if not all(isinstance(one, str) and is_image_name(one) for one in value):
            return None
    return [{"path": path, "label": label} for label, paths in data.items() for path in paths]


def _with_path(key: str, value: Any) -> dict[str, Any]:
    """Return what is under a key as a record; the key is the path unless there is another one."""
    if not isinstance(value, dict):
        return {"path": key, "labels": value}
    has_path = isinstance(value.get("asset"), dict) or any(
        simplify(name) in known_names.PATHS[:16] for name in value
    )
    return value if has_path else {"path": key, **value}


def records_table(path: Path, records: Sequence[Any], unit: str = "item") -> Table:
    """Return a table with a column for each key of the records; lists become JSON text.

    The keys of an object in a record become columns too. Raises CommandError if the records are
    not objects.
    """
    flat = [_flatten(record) if isinstance(record, dict) else None for record in records]
    keys = list(dict.fromkeys(key for record in flat if record is not None for key in record))
    if not keys:
        raise CommandError(
            f"{path}: is not a list of photos with labels; see docs/labels.md for what is read"
        )
    if len(keys) > MAX_KEYS:
        raise CommandError(f"{path}: has over {MAX_KEYS:,} different keys; is it a label file?")
    last = Counter(key[-1] for key in keys)
    names = tuple(key[-1] if last[key[-1]] == 1 else ".".join(key) for key in keys)
    lines = [
        (number, [_text(record.get(key)) for key in keys] if record is not None else [])
        for number, record in enumerate(flat, 1)
    ]
    return Table(path, names, lines, unit=unit)


def _flatten(record: Mapping[str, Any]) -> dict[tuple[str, ...], Any]:
    """Return the values of a record, and those of the objects in it, by their keys."""
    flat: dict[tuple[str, ...], Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and isinstance(value.get("class-map"), dict):
            flat[key, "labels"] = list(value["class-map"].values())  # Amazon's Ground Truth
        elif key == "regions" and isinstance(value, dict):  # VGG's annotator, version 1
            flat[(key,)] = list(value.values())
        elif isinstance(value, dict) and value and not _holds_choices(value):
            for inner, content in value.items():
                flat[key, inner] = content
        else:
            flat[(key,)] = value
    return flat


def _holds_choices(value: Mapping[str, Any]) -> bool:
    """Return whether an object is an answer of Label Studio, {"choices": [...]}, and no more."""
    return set(value) <= {"choices", "taxonomy"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, int | float) for item in value):
        # Boxes and masks are long; a short list can be of class numbers.
        return json.dumps(value) if len(value) <= 1000 else "[...]"
    return json.dumps(value, ensure_ascii=False)
