"""Folders named after labels: red_dress/ -> red, dress."""

from collections.abc import Iterable
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.labels.samples import Sample

NO_LABEL = "_none"


def read_folders(root: Path, paths: Iterable[Path]) -> list[Sample]:
    """Return the images at `paths`, each labelled by its folder's name: red_dress -> red, dress.

    They lie below `root`, where folders may nest; the one that holds the image counts. A folder
    `_none` means no label. Raises CommandError where there is none, or one outside any folder.
    """
    samples = [Sample(path, labels_of_folder(path.parent.name)) for path in paths]
    for sample in samples:
        if sample.path.parent == root:
            raise CommandError(
                f"{sample.path}: an image outside any label folder; move it into one such as "
                f"{root / 'red_dress'}"
            )
    if not samples:
        raise CommandError(f"{root}: no images found in its folders; expected red_dress/photo.jpg")
    return samples


def labels_of_folder(name: str) -> tuple[str, ...]:
    """Return the labels in a folder's name, sorted, each once."""
    return () if name == NO_LABEL else tuple(sorted({part for part in name.split("_") if part}))
