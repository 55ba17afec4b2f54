"""YOLO: a text file for each photo with a line "class x y width height" for each box."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.text import read_text
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows

MAX_BYTES = 500_000
LOOKED_AT = 20  # files that show whether they hold boxes
_BOX = re.compile(r"\d+(\.0*)?(\s+-?\d*\.?\d+([eE][-+]?\d+)?){4,}")
# One name a line, the first is class 0.
_NAME_LISTS = (
    "classes.txt",
    "obj.names",
    "_darknet.labels",
    "labels.txt",
    "predefined_classes.txt",
)


def text_folder_of(folder: Path) -> Path:
    """Return where the text files of the photos in `folder` are: there, or in labels for images.

    The last folder called images is replaced, as Ultralytics has it: images/train/a.jpg has
    labels/train/a.txt.
    """
    parts = folder.parts
    places = [number for number, part in enumerate(parts) if part.lower() == "images"]
    return Path(*parts[: places[-1]], "labels", *parts[places[-1] + 1 :]) if places else folder


def holds_boxes(text_files: Iterable[Path]) -> bool:
    """Return whether text files hold boxes of YOLO, by the first few that are not empty."""
    looked_at = 0
    for path in text_files:
        try:
            lines = read_text(path, MAX_BYTES).split("\n")
        except CommandError:
            return False
        filled = [line.strip() for line in lines if line.strip()]
        if not all(map(_BOX.fullmatch, filled)):
            return False
        looked_at += bool(filled)
        if looked_at >= LOOKED_AT:
            break
    return looked_at > 0


def read_boxes(root: Path, photos: Sequence[tuple[Path, Path]]) -> ParsedFile:
    """Return the rows of photos and their text files, with the names of the classes of the boxes.

    A photo without a text file has no boxes and so no label, as YOLO defines it. Raises
    CommandError if no file has the names of the classes.
    """
    skipped = SkippedRows(root, "photo")
    source, names = find_names(root, [text_file for _, text_file in photos[:1]])
    rows, without = [], 0
    for number, (photo, text_file) in enumerate(photos, 1):
        if not text_file.is_file():
            without += 1
            rows.append(Row(number, str(photo), ()))
            continue
        try:
            numbers = _classes_in(text_file)
            labels = {names[one] for one in numbers}
        except CommandError as error:
            skipped.skip(number, str(error))
        except (ValueError, OverflowError):
            skipped.skip(number, f"{text_file}: is not a list of YOLO boxes")
        except KeyError as error:
            skipped.skip(
                number, f"{text_file}: has the class {error}, which {source} does not name"
            )
        else:
            rows.append(Row(number, str(photo), tuple(sorted(labels))))
    notes = [f"YOLO boxes, names of {len(names)} classes from {source}"]
    if without:
        notes.append(f"{without} photos without a text file have no label")
    return ParsedFile(rows, skipped, notes)


def find_names(root: Path, text_files: Sequence[Path]) -> tuple[Path, dict[int, str]]:
    """Return the file that names the classes, and their names by number.

    It is looked for in `root`, above it, and in the folders of the text files.
    """
    folders = [root, root.absolute().parent, *(path.parent for path in text_files)]
    folders += [path.parent.parent for path in text_files]
    for folder in dict.fromkeys(folders):
        yaml_files = [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*.yml"))]
        for path in sorted(yaml_files, key=lambda path: path.stem not in ("data", "dataset")):
            if names := read_yaml_names(path):
                return path, names
        for name in _NAME_LISTS:
            if (path := folder / name).is_file():
                lines = read_text(path, MAX_BYTES).split("\n")
                return path, dict(enumerate(line.strip() for line in lines if line.strip()))
    raise CommandError(
        f"{root}: the text files hold YOLO boxes, classes by number, and their names are "
        f"missing; write them into {root / 'classes.txt'}, one a line, class 0 first"
    )


def read_yaml_names(path: Path) -> dict[int, str]:
    """Return the names of the classes in a data.yaml, empty if it has none."""
    import yaml  # classify.py imports this package too, and has no use for YAML

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        data: Any = yaml.load(read_text(path, MAX_BYTES), loader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError, CommandError):
        return {}
    names = data.get("names") if isinstance(data, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    # A list in the place of a name may hold itself many times over, and its text fill the memory.
    return {
        number: str(name).strip()
        for number, name in names.items()
        if isinstance(number, int) and isinstance(name, str | int | float)
    }


def _classes_in(text_file: Path) -> set[int]:
    lines = read_text(text_file, MAX_BYTES).split("\n")
    filled = [line.strip() for line in lines if line.strip()]
    if not all(map(_BOX.fullmatch, filled)):
        raise ValueError("not a box")
    return {int(float(line.split()[0])) for line in filled}
