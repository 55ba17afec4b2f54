"""Folders named after labels: red_dress/ -> red, dress."""

from collections.abc import Iterator
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.images import looks_like_image
from pyimagesearch.labels.samples import Sample

NO_LABEL = "_none"


def find_images(root: Path) -> Iterator[Path]:
    """Yield the images below `root`, sorted, so that the order is not the file system's.

    Hidden files and files that are no images are passed over.
    """
    for path in sorted(root.rglob("*")):
        if not path.name.startswith(".") and path.is_file() and looks_like_image(path):
            yield path


def read_folders(root: Path) -> list[Sample]:
    """Return the images below `root`, each labelled by its folder's name: red_dress -> red, dress.

    Folders may nest; the one that holds the image counts. A folder `_none` means no label.
    Sorted by path. Raises CommandError where nothing can be read.
    """
    if not root.is_dir():
        raise CommandError(f"{root}: no such folder; name one with --dataset")
    samples = []
    for path in find_images(root):
        if path.parent == root:
            raise CommandError(
                f"{path}: an image outside any label folder; move it into one such as "
                f"{root / 'red_dress'}"
            )
        samples.append(Sample(path, labels_of_folder(path.parent.name)))
    if not samples:
        raise CommandError(f"{root}: no images found in its folders; expected red_dress/photo.jpg")
    return samples


def labels_of_folder(name: str) -> tuple[str, ...]:
    """Return the labels in a folder's name, sorted, each once."""
    return () if name == NO_LABEL else tuple(sorted({part for part in name.split("_") if part}))
