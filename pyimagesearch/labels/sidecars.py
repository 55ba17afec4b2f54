"""A file next to each photo with its labels: photo.txt, photo.jpg.txt, photo.caption and so on."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
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
# In the order in which they are looked for; {stem} is photo, {name} photo.jpg.
PATTERNS = (
    *("{stem}.txt", "{name}.txt", "{stem}.caption", "{stem}.tags", "{stem}.json", "{name}.json"),
    *("{stem}.xml", "{stem}.xmp", "{name}.xmp"),
)
TEXTS = (".txt", ".caption", ".tags")
MAX_WORDS = 6  # of a list of labels separated by spaces; longer texts are sentences
_SEPARATORS = "\n|;"


def sidecar_of(photo: Path, pattern: str = "{stem}.txt") -> Path:
    """Return the place of the file next to a photo, by default photo.txt."""
    return photo.with_name(pattern.format(stem=photo.stem, name=photo.name))


def find_pattern(photos: Sequence[Path]) -> str | None:
    """Return the pattern by which more than half of the photos have a file next to them."""
    listed = {folder: _names_in(folder) for folder in {photo.parent for photo in photos}}
    counts = Counter(
        pattern
        for photo in photos
        for pattern in PATTERNS
        if sidecar_of(photo, pattern).name in listed[photo.parent]
    )
    return next((pattern for pattern in PATTERNS if 2 * counts[pattern] > len(photos)), None)


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
    try:
        return frozenset(os.listdir(folder))  # noqa: PTH208
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


def hold_labels(pairs: Sequence[tuple[Path, Path]], looked_at: int = 20) -> bool:
    """Return whether the first of the files hold labels, unlike other data about a photo."""
    there = [sidecar for _, sidecar in pairs if sidecar.is_file()][:looked_at]
    read = _READERS[there[0].suffix.lower()]
    for sidecar in there:
        try:
            if read(sidecar):
                return True
        except (CommandError, ValueError):
            continue
    return False
