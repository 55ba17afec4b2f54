"""Folders named after labels: red_dress/ -> red, dress."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Split
from pyimagesearch.labels.split_names import folders_below, is_container, parse_split

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
        for name in folders_below(root, folder / "photo"):
            children[place].add(name)
            place = place / name
    containers = {place for place, names in children.items() if all(map(is_container, names))}
    found: dict[Path, tuple[str | None, Split | None]] = {}
    for folder in {photo.parent for photo in photos}:
        label: str | None = None
        split: Split | None = None
        place = root
        for name in folders_below(root, folder / "photo"):
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
    if originals:
        notes.append(f"{len(originals)} copies of photos in other label folders")
    return ParsedFile(rows, SkippedRows(root, "photo"), notes)


def find_copies(photos: Sequence[Path], labels: dict[Path, str]) -> dict[Path, Path]:
    """Return the photos that are copies of an earlier one, if the copies have different labels.

    Only files of the same size are read.
    """
    by_size: dict[int, list[Path]] = defaultdict(list)
    for photo in photos:
        try:
            by_size[photo.stat().st_size].append(photo)
        except OSError:  # a broken link, which is reported when it is read
            continue
    copies: dict[Path, Path] = {}
    for size, same in by_size.items():
        if size == 0 or len({labels[photo] for photo in same}) < 2:
            continue
        by_content: dict[bytes, list[Path]] = defaultdict(list)
        for photo in same:
            try:
                with photo.open("rb") as file:
                    by_content[hashlib.file_digest(file, "sha256").digest()].append(photo)
            except OSError:
                continue
        for original, *others in by_content.values():
            if {labels[original]} != {labels[photo] for photo in (original, *others)}:
                copies.update(dict.fromkeys(others, original))
    return copies
