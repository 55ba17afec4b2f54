"""Where labels come from: folders of images -> samples."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.folders import find_images

NO_LABEL = "_none"


@dataclass(frozen=True)
class Sample:
    """One image file and the labels that hold for it, sorted."""

    path: Path
    labels: tuple[str, ...]


def read_folders(root: Path) -> list[Sample]:
    """Return the images below `root`, each labelled by its folder's name: red_dress -> red, dress.

    Folders may nest; the one that holds the image counts. A folder `_none` means no label.
    Hidden files and files that are no images are passed over. Sorted by path, so that the
    order does not depend on the file system. Raises CommandError where nothing can be read.
    """
    if not root.is_dir():
        raise CommandError(f"{root}: no such folder; name one with --dataset")
    samples = [Sample(path, labels_of_folder(path.parent.name)) for path in find_images(root)]
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


def check_labels(samples: Sequence[Sample]) -> None:
    """Raise CommandError unless there are two labels or more to tell apart."""
    labels = sorted({label for sample in samples for label in sample.labels})
    if len(labels) < 2:
        found = f"only the label {labels[0]!r}" if labels else "no label at all"
        raise CommandError(f"the folders give {found}; a tagger needs two labels or more")


def count_labels(samples: Sequence[Sample]) -> Counter[str]:
    """Return how many samples carry each label."""
    return Counter(label for sample in samples for label in sample.labels)


def count_combinations(samples: Sequence[Sample]) -> Counter[tuple[str, ...]]:
    """Return how many samples carry each set of labels."""
    return Counter(sample.labels for sample in samples)
