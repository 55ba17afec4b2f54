"""Where labels come from: folders, text files beside the images, CSV, COCO, Label Studio."""

from pathlib import Path

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.images.find import find_images
from pyimagesearch.labels.csv_files import read_csv, write_csv, write_rows
from pyimagesearch.labels.folders import labels_of_folder, read_folders
from pyimagesearch.labels.json_files import read_json
from pyimagesearch.labels.label_text import join_labels
from pyimagesearch.labels.samples import (
    Sample,
    check_labels,
    count_labels,
    count_labelsets,
)
from pyimagesearch.labels.sidecars import has_sidecars, read_sidecars, sidecar_of, write_sidecar

__all__ = [
    "Sample",
    "check_labels",
    "count_labels",
    "count_labelsets",
    "join_labels",
    "labels_of_folder",
    "read",
    "sidecar_of",
    "write_csv",
    "write_rows",
    "write_sidecar",
]

READERS = {".csv": read_csv, ".tsv": read_csv, ".json": read_json}


def read(dataset: Path, labels: Path | None = None, max_unreadable: float = 0.1) -> list[Sample]:
    """Return the samples of a data set, whichever way it is labelled.

    `dataset` is a folder of photos, or a label file whose paths are relative to its own folder.
    `labels` is the label file of a folder: CSV, or the JSON of COCO or Label Studio; without it
    the text files beside most of the photos count, else the names of the folders. Paths not found
    there are looked for below the current folder. Raises CommandError where that cannot be read,
    or more than the share `max_unreadable` of the rows is unusable.
    """
    if labels is None and dataset.is_file():
        dataset, labels = dataset.parent, dataset
    if not dataset.is_dir():
        raise CommandError(f"{dataset}: no such folder or file")
    if labels is None:
        paths = find_images(dataset)
        if has_sidecars(paths):
            console.status(f"{dataset}: labels are read from the text files beside the photos")
            return read_sidecars(dataset, paths, max_unreadable)
        return read_folders(dataset, paths)
    reader = READERS.get(labels.suffix.lower())
    if reader is None:
        raise CommandError(f"{labels}: labels are read from {', '.join(READERS)}")
    if not labels.is_file():
        raise CommandError(f"{labels}: no such file; name one with --labels")
    return reader(labels, (dataset, Path()), max_unreadable)
