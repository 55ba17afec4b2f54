"""Finds out where the labels of a folder of photos are."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.images.find import find_images, is_skipped_folder
from pyimagesearch.labels import sidecars
from pyimagesearch.labels.formats import label_lists, yolo
from pyimagesearch.labels.formats.folders import label_folders
from pyimagesearch.labels.keywords import read_keywords
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.splits import split_of_file

Kind = Literal["files", "lists", "folders", "sidecars", "yolo", "voc", "keywords"]

MAX_FILES = 1000  # label files of one data set
LOOKED_AT = 20
FILE_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".manifest", ".xml")
# Label files that tools write into the folders of the photos.
_OF_TOOLS = re.compile(
    r"_classes\.csv|_annotations\.(csv|coco\.json|createml\.json)|metadata\.(csv|jsonl)"
)
_PROVENANCE = "sources.csv"  # where search_bing_api.py found the photos
_PER_PHOTO = (".xml", ".json", ".xmp", *sidecars.TEXTS)


@dataclass(frozen=True)
class Source:
    """Where labels are: in label files, or in `pairs` of photos and their own files."""

    kind: Kind
    root: Path
    files: tuple[Path, ...] = ()
    photos: tuple[Path, ...] = ()
    pairs: tuple[tuple[Path, Path], ...] = ()


def find_source(dataset: Path, labels: Path | None) -> Source:
    """Return where the labels of the photos in the folder `dataset` are.

    `labels` is a label file, a folder with a file for each photo or with label files, or one of
    the words folders, sidecars and keywords. Without it that is found out. Raises CommandError if
    there are none.
    """
    if labels is None:
        return _discover(dataset)
    if labels.is_dir():
        return _in_folder(dataset, labels)
    if labels.is_file():
        is_yolo = labels.suffix.lower() in (".yaml", ".yml")
        return _discover(dataset) if is_yolo else Source("files", dataset, (labels,))
    if str(labels) not in ("folders", "sidecars", "keywords"):
        raise CommandError(f"{labels}: no such file or folder (--labels)")
    photos = find_images(dataset)
    if str(labels) == "sidecars":
        if (source := _with_sidecars(dataset, photos)) is None:
            raise CommandError(f"{dataset}: few photos have a file of their own, such as photo.txt")
        return source
    kind: Kind = "folders" if str(labels) == "folders" else "keywords"
    return Source(kind, dataset, photos=tuple(photos))


def _discover(dataset: Path) -> Source:
    photos = find_images(dataset)
    if not photos:
        raise CommandError(f"{dataset}: no images found in it or its folders")
    if source := _with_sidecars(dataset, photos):
        return source
    folders = label_folders(dataset, photos)
    names = {name for name, _ in folders.values()}
    found = list(_label_files(dataset))
    if of_tools := _with_files_of_tools(dataset, found):
        return of_tools
    if None not in names and len(names) > 1:
        if found and found[0].parent == dataset:
            console.warn(f"{found[0]} is not used; to take the labels from it, use --labels")
        return Source("folders", dataset, photos=tuple(photos))
    if source := _with_label_files(dataset, photos, found):
        return source
    if 2 * sum(map(_has_keywords, photos[:100])) > len(photos[:100]):
        return Source("keywords", dataset, photos=tuple(photos))
    if None not in names:
        return Source("folders", dataset, photos=tuple(photos))
    lonely = next(photo for photo in photos if folders[photo.parent][0] is None)
    raise CommandError(
        f"{lonely}: is not in a folder with the name of a label, and there are no other labels; "
        f"move it into one such as {dataset / 'red_dress'}, put a text file with its labels next "
        "to it, or name a label file with --labels"
    )


def _with_sidecars(dataset: Path, photos: Sequence[Path]) -> Source | None:
    """Return the source if more than half of the photos have a file of their own with labels."""
    for folder_of in (yolo.text_folder_of, lambda folder: folder):
        pairs = sidecars.find_sidecars(photos, folder_of)
        if pairs and sidecars.hold_labels(pairs):
            return Source(_kind_of(pairs), dataset, pairs=tuple(pairs))
    return None


def _kind_of(pairs: Sequence[tuple[Path, Path]]) -> Kind:
    own = (path for _, path in pairs if path.is_file())
    return "yolo" if pairs[0][1].suffix == ".txt" and yolo.holds_boxes(own) else "sidecars"


def _in_folder(dataset: Path, folder: Path) -> Source:
    """Return the source if the labels are in the files of a folder of their own."""
    there = [path for path in _walk(folder) if path.suffix.lower() in (*FILE_SUFFIXES, *_PER_PHOTO)]
    if not there:
        raise CommandError(f"{folder}: holds no label files such as .csv, .json, .xml or .txt")
    suffix = Counter(path.suffix.lower() for path in there).most_common(1)[0][0]
    same = [path for path in there if path.suffix.lower() == suffix]
    if suffix in _PER_PHOTO:
        resolver = PathResolver([dataset])
        names = [str(path.relative_to(folder).with_suffix("")) for path in same]
        matches = [resolver.find(name) for name in names[:LOOKED_AT]]
        if 2 * sum(bool(match.photo or match.reason) for match in matches) > len(matches):
            return _pairs(dataset, same, names, resolver)
    if len(same) > MAX_FILES:
        raise CommandError(
            f"{folder}: the {suffix} files are not called like the photos in {dataset}"
        )
    if suffix == ".txt" and label_lists.are_lists(same):
        return Source("lists", dataset, tuple(same))
    return Source("files", dataset, tuple(same))


def _pairs(
    dataset: Path, own: Sequence[Path], names: Sequence[str], resolver: PathResolver
) -> Source:
    if own[0].suffix.lower() == ".xml":
        return Source("voc", dataset, tuple(own))
    pairs = tuple(
        (Path(photo), path)
        for path, name in zip(own, names, strict=True)
        if (photo := resolver.find(name).photo) is not None
    )
    if not pairs:
        raise CommandError(f"{own[0]}: {resolver.explain(names[0])}")
    return Source(_kind_of(pairs), dataset, pairs=pairs)


def _with_files_of_tools(dataset: Path, found: Sequence[Path]) -> Source | None:
    """Return the source if there are label files with the names that tools give them."""
    of_tools = [path for path in found if _OF_TOOLS.fullmatch(path.name)]
    same = [path for path in of_tools if path.name == of_tools[0].name]
    return Source("files", dataset, tuple(same)) if same else None


def _with_label_files(
    dataset: Path, photos: Sequence[Path], found: Sequence[Path]
) -> Source | None:
    """Return the source if there are label files that can only be meant for these photos."""
    voc = [path for path in found if path.suffix.lower() == ".xml"]
    stems = {photo.stem for photo in photos}
    if 2 * sum(path.stem in stems for path in voc) > len(photos):
        return Source("voc", dataset, tuple(voc))
    if len(found) == 1 or (found and all(map(split_of_file, found))):
        return Source("files", dataset, tuple(found))
    if found:
        listed = ", ".join(map(str, found[:4])) + (" and others" if len(found) > 4 else "")
        raise CommandError(f"{dataset}: has several label files ({listed}); choose with --labels")
    return None


def _has_keywords(photo: Path) -> bool:
    try:
        return bool(read_keywords(photo))
    except OSError:
        return False


def _label_files(root: Path) -> Iterator[Path]:
    return (
        path
        for path in _walk(root)
        if path.suffix.lower() in FILE_SUFFIXES and path.name != _PROVENANCE
    )


def _walk(root: Path) -> Iterator[Path]:
    """Yield the files below a folder that are not hidden, in order."""
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not is_skipped_folder(name))
        yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))
