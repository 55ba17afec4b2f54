"""A file next to each photo with its labels: photo.txt, photo.jpg.txt, photo.caption and so on."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.existing import Existing, merge_labels
from pyimagesearch.labels.formats.cells import label_reader
from pyimagesearch.labels.formats.json_files import load_json
from pyimagesearch.labels.formats.text import read_bytes, read_text, require_decoded
from pyimagesearch.labels.formats.values import labels_in
from pyimagesearch.labels.formats.xml_files import read_voc
from pyimagesearch.labels.keywords.xmp import keywords_in_xmp
from pyimagesearch.labels.rows import Labels, ParsedFile, Row, SkippedRows

MAX_TEXT = 65_536
MAX_BYTES = 64 * 2**20  # of a .json, which may hold the picture itself
TEXTS = (".txt", ".caption", ".tags")
ENDINGS = (*TEXTS, ".json", ".xml", ".xmp")
LOOKED_AT = 20  # files that show whether they hold labels
MAX_WORDS = 6  # of a list of labels separated by spaces; longer texts are sentences
_SEPARATORS = "\n|;"


def sidecar_of(photo: Path) -> Path:
    """Return the place of the text file next to a photo: photo.txt."""
    return photo.with_suffix(".txt")


def find_sidecars(
    photos: Sequence[Path], folder_of: Callable[[Path], Path] = lambda folder: folder
) -> list[tuple[Path, Path]]:
    """Return each photo with its file, if more than half of the photos have one; else [].

    A file is called like the photo with or without its ending, photo.txt or photo.jpg.txt, and
    lies in the folder that `folder_of` returns for that of the photo. Each folder is listed once.
    """
    folders = {photo.parent: folder_of(photo.parent) for photo in photos}
    listed = {folder: _names_in(place) for folder, place in folders.items()}
    for ending in ENDINGS:
        for with_name in (False, True):
            pairs = []
            count = 0
            for photo in photos if any(listed.values()) else ():
                name = (photo.name if with_name else photo.stem) + ending
                count += name in listed[photo.parent]
                pairs.append((photo, folders[photo.parent] / name))
            if 2 * count > len(photos):
                return pairs
    return []


def read_sidecars(root: Path, photos: Sequence[tuple[Path, Path]]) -> ParsedFile:
    """Return the rows of photos and the files with their labels, which all have one ending.

    A text has its labels one a line or separated by comma, bar or semicolon; by spaces only if
    the words of different files combine, see `label_reader`. An empty one means no label. A photo
    without a file is reported and skipped.
    """
    ending = photos[0][1].suffix.lower()
    read = _READERS.get(ending, _read_text)
    skipped = SkippedRows(root, "photo")
    contents: list[tuple[int, Path, str | Labels]] = []
    for number, (photo, sidecar) in enumerate(photos, 1):
        if not sidecar.is_file():
            skipped.skip(number, f"{photo} has no {sidecar.name}")
            continue
        try:
            contents.append((number, photo, read(sidecar)))
        except CommandError as error:
            skipped.skip(number, str(error))
        except ValueError as error:
            skipped.skip(number, f"{sidecar}: {error}")
    texts = Counter(content for *_, content in contents if isinstance(content, str))
    are_words = all(len(text.split()) <= MAX_WORDS for text in texts)
    labels_of = label_reader(f"{root}: *{ending}", texts, None if are_words else False)
    rows = []
    for number, photo, content in contents:
        labels = labels_of(content) if isinstance(content, str) else content
        if labels is None:
            skipped.skip(number, f"the file of {photo} is not a list of labels")
        else:
            rows.append(Row(number, str(photo), labels))
    return ParsedFile(rows, skipped, [f"labels from the {ending} files of the photos"])


def write_sidecar(photo: Path, labels: Sequence[str], existing: Existing = "keep") -> bool:
    """Write `labels`, one a line, into photo.txt and return whether the file was changed.

    `existing` says what happens to a file that is there: "keep" leaves it as it is, "append" adds
    the labels that it does not have, "replace" writes a new one. Raises CommandError if it cannot
    be written, or a label holds what separates labels.
    """
    sidecar = sidecar_of(photo)
    for label in labels:
        if any(separator in label for separator in (*_SEPARATORS, ",", "\r", "\t")):
            raise CommandError(f"{sidecar}: the label {label!r} holds a separator; rename it")
    is_there = sidecar.exists()
    text = read_text(sidecar, MAX_TEXT) if is_there and existing == "append" else ""
    require_decoded(sidecar, 1, text)
    there = [label for part in _with_commas(text).split(",") if (label := part.strip())]
    wanted = merge_labels(there, labels, existing, is_there)
    if wanted is None:
        return False
    if there:
        separator = ", " if "," in text and "\n" not in text.strip() else "\n"
        new = f"{text.rstrip()}{separator}{separator.join(wanted[len(there) :])}\n"
    else:
        new = "".join(f"{label}\n" for label in wanted)
    with files.atomic_write(sidecar) as new_file:
        new_file.write_text(new, encoding="utf-8")
    return True


def _names_in(folder: Path) -> frozenset[str]:
    """Return the names of the files in a folder that can have labels."""
    try:
        return frozenset(
            name
            for name in os.listdir(folder)  # noqa: PTH208
            if name.endswith(ENDINGS)
        )
    except OSError:
        return frozenset()


def _with_commas(text: str) -> str:
    for separator in _SEPARATORS:
        text = text.replace(separator, ",")
    return text


def _read_text(sidecar: Path) -> str:
    text = read_text(sidecar, MAX_TEXT)
    require_decoded(sidecar, 1, text)
    return _with_commas(text.replace("\r\n", "\n").strip())


def _read_json(sidecar: Path) -> Labels:
    """Return the labels in a file of LabelMe or Supervisely, or in a JSON list."""
    found = labels_in(load_json(sidecar, read_text(sidecar, MAX_BYTES)))
    return tuple(sorted(set(filter(None, found))))


def _read_xml(sidecar: Path) -> Labels:
    return read_voc(sidecar)[1]


def _read_xmp(sidecar: Path) -> Labels:
    return keywords_in_xmp(read_bytes(sidecar, MAX_BYTES))


_READERS: dict[str, Callable[[Path], str | Labels]] = {
    ".json": _read_json,
    ".xml": _read_xml,
    ".xmp": _read_xmp,
}


def hold_labels(pairs: Sequence[tuple[Path, Path]]) -> bool:
    """Return whether one of the first files holds labels, unlike other data about a photo."""
    there = list(islice((sidecar for _, sidecar in pairs if sidecar.is_file()), LOOKED_AT))
    if there[0].suffix.lower() in TEXTS:
        return True
    read = _READERS[there[0].suffix.lower()]
    for sidecar in there:
        try:
            if read(sidecar):
                return True
        except (CommandError, ValueError):
            continue
    return False
