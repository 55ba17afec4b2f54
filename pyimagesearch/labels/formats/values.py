"""The labels in a list or object, as Python, NumPy, JSON and annotation tools write them."""

import ast
import json
import re
from typing import Any

from pyimagesearch.labels.formats import known_names

MAX_TEXT = 100_000
MAX_DEPTH = 20
_QUOTED = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")
_QUOTED_LIST = re.compile(rf"[\[({{]\s*(?:(?:{_QUOTED.pattern})[\s,]*)*[\])}}]")
_CALL = re.compile(
    r"(?:array|Index|Series|frozenset|set|list|tuple)\((.*?)(?:,\s*dtype=[^,()]*)?\)", re.DOTALL
)
_CLOSING = {"[": "]", "(": ")", "{": "}"}


def is_no_label(text: str) -> bool:
    """Return whether `text` says that there is no label."""
    text = text.strip()
    return text.lower() in known_names.NO_LABEL or text == "NA"


def simplify(name: str) -> str:
    """Return the letters and digits of a column or key in small letters: File Name, file_name."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def is_list(text: str) -> bool:
    """Return whether `text` is written as a list or object: in brackets."""
    text = text.strip()
    if found := _CALL.fullmatch(text):
        text = found[1].strip()
    return len(text) > 1 and _CLOSING.get(text[0]) == text[-1]


def parse_list(text: str) -> list[str] | None:
    """Return the labels in a list as Python, NumPy, JSON or PostgreSQL write it.

    Returns None if it cannot be read, or holds objects without labels.
    """
    text = text.strip()
    if found := _CALL.fullmatch(text):
        text = found[1].strip()
    if not is_list(text) or len(text) > MAX_TEXT:
        return None
    if _QUOTED_LIST.fullmatch(text):  # NumPy has no commas; Python would join such texts
        return [one or other for one, other in _QUOTED.findall(text)]
    try:
        return labels_in(json.loads(text), depth=1)
    except (ValueError, RecursionError):
        pass
    if text.count("[") + text.count("(") + text.count("{") < 100:  # deep ones exhaust the parser
        try:
            return labels_in(ast.literal_eval(text), depth=1)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    inside = text[1:-1].strip()
    if any(letter in inside for letter in "[]{}():"):
        return None
    return [part.strip(" '\"") for part in (inside.split(",") if "," in inside else inside.split())]


def labels_in(value: Any, depth: int = 0) -> list[str]:
    """Return the labels in a JSON value of an annotation tool.

    Texts and numbers are labels; a list has those of its items; an object has them under certain
    keys, or a mark for each label: {"red": true}. A list in a list is an item of a taxonomy: its
    last name is the label. Raises ValueError for anything else.
    """
    if depth > MAX_DEPTH:
        raise ValueError("is nested too deeply")
    if value is None:
        return []
    if isinstance(value, str):
        return [value.strip()]
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, list | tuple | set | frozenset):
        return [label for item in value for label in _labels_of_item(item, depth + 1)]
    if isinstance(value, dict):
        return _labels_of_object(value, depth)
    raise ValueError("is not a label")


def _labels_of_item(item: Any, depth: int) -> list[str]:
    if isinstance(item, list) and item and all(isinstance(part, str) for part in item):
        return [item[-1].strip()]
    return labels_in(item, depth)


def _labels_of_object(value: dict[Any, Any], depth: int) -> list[str]:
    keys = {simplify(str(key)): key for key in value}
    lists = [keys[key] for key in keys if key in known_names.LABELS_KEYS]
    name = next((keys[key] for key in known_names.LABEL_KEYS if key in keys), None)
    if name is not None and (simplify(str(name)) != "name" or not lists):
        lists.append(name)
    if lists:
        return [label for key in lists for label in labels_in(value[key], depth + 1)]
    if all(mark in (0, 1) for mark in value.values() if not isinstance(mark, list | dict)):
        marks = [str(label) for label, mark in value.items() if mark is True or mark == 1]
        inner = [inner for inner in value.values() if isinstance(inner, dict)]
        return marks + [label for one in inner for label in labels_in(one, depth + 1)]
    if depth and all(isinstance(inner, str | dict) for inner in value.values()):
        # Attributes under their own names, as VGG's annotator has them: {"colour": "red"}.
        return [label for inner in value.values() if inner for label in labels_in(inner, depth + 1)]
    raise ValueError("holds nothing that is known to be a label")
