"""Folders named after labels: red_dress/ -> red, dress."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.table import few
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Split
from pyimagesearch.labels.splits import is_container, names_below, parse_split

NO_LABEL = "_none"


def labels_of_folder(name: str) -> tuple[str, ...]:
    """Return the labels in the name of a folder, sorted, each once."""
    return () if name == NO_LABEL else tuple(sorted({part for part in name.split("_") if part}))


def label_folders(
    root: Path, photos: Sequence[Path]
) -> dict[Path, tuple[str | None, Split | None]]:
    """Return the name of the label folder of each folder with photos, and the split it is in.

    That is the folder itself, unless it and all its neighbours only divide the photos: train,
    valid, test, images, split_1 and the like. Then it is the one above. None if there is none.
    """
    children: dict[Path, set[str]] = defaultdict(set)
    for folder in {photo.parent for photo in photos}:
        place = root
        for name in names_below(root, folder):
            children[place].add(name)
            place = place / name
    containers = {place for place, names in children.items() if all(map(is_container, names))}
    found: dict[Path, tuple[str | None, Split | None]] = {}
    for folder in {photo.parent for photo in photos}:
        label: str | None = None
        split: Split | None = None
        place = root
        for name in names_below(root, folder):
            if place in containers:
                split = split or parse_split(name)
            else:
                label = name
            place = place / name
        found[folder] = label, split
    return found


def read_folders(root: Path, photos: Sequence[Path]) -> ParsedFile:
    """Return a row for each photo below `root`, labelled by its label folder.

    A photo that lies in several label folders, as a copy or a link, has the labels of all of
    them. Raises CommandError if a photo is in no label folder, or there are none.
    """
    folders = label_folders(root, photos)
    if not photos:
        raise CommandError(f"{root}: no images found in its folders; expected red_dress/photo.jpg")
    for photo in photos:
        if folders[photo.parent][0] is None:
            raise CommandError(
                f"{photo}: is not in a folder with the name of a label; move it into one such as "
                f"{root / 'red_dress'}, or name a label file with --labels"
            )
    originals = find_copies(photos, {photo: folders[photo.parent][0] or "" for photo in photos})
    rows = []
    for number, photo in enumerate(photos, 1):
        name, split = folders[photo.parent]
        original = str(originals.get(photo, photo))
        rows.append(Row(number, original, labels_of_folder(name or ""), split=split))
    notes = ["labels from the names of the folders"]
    if above := _names_above(root, folders):
        notes.append(f"the folders above them are not used: {few(above)}")
    if originals:
        notes.append(f"{len(originals)} copies of photos in other label folders")
    return ParsedFile(rows, SkippedRows(root, "photo"), notes)


def _names_above(root: Path, folders: Mapping[Path, tuple[str | None, Split | None]]) -> list[str]:
    """Return the names of folders above the label folders, except those that only divide photos."""
    above = {
        name
        for folder, (label, _) in folders.items()
        for name in names_below(root, folder)
        if name != label and not is_container(name)
    }
    return sorted(above)


def find_copies(photos: Sequence[Path], labels: dict[Path, str]) -> dict[Path, Path]:
    """Return the photos that are copies of an earlier one, if the copies have different labels.

    Of photos of the same size a few bytes are compared, and the whole files if these are equal.
    """
    copies: dict[Path, Path] = {}
    for same_size in _alike(photos, lambda photo: photo.stat().st_size or None):
        if len({labels[photo] for photo in same_size}) < 2:
            continue
        for same_middle in _alike(same_size, _middle):
            for original, *others in _alike(same_middle, _digest):
                if {labels[original]} != {labels[photo] for photo in others}:
                    copies.update(dict.fromkeys(others, original))
    return copies


def _alike(photos: Iterable[Path], key: Callable[[Path], Hashable | None]) -> list[list[Path]]:
    """Return the photos of the same key, if there are several; None and errors are left out."""
    groups: dict[Hashable, list[Path]] = defaultdict(list)
    for photo in photos:
        try:
            value = key(photo)
        except OSError:  # it is reported when it is decoded
            continue
        if value is not None:
            groups[value].append(photo)
    return [group for group in groups.values() if len(group) > 1]


def _middle(photo: Path) -> bytes:
    with photo.open("rb") as file:
        file.seek(photo.stat().st_size // 2)
        return file.read(256)


def _digest(photo: Path) -> bytes:
    with photo.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
