"""A text file beside each image, photo.txt for photo.jpg: one label a line, or "red, dress"."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.label_text import split_labels
from pyimagesearch.labels.samples import SkippedRows, Sample

MAX_BYTES = 65_536


def has_sidecars(paths: Iterable[Path]) -> bool:
    """Return whether more than half of the images at `paths` have a text file beside them."""
    beside = [sidecar_of(path).is_file() for path in paths]
    return 2 * sum(beside) > len(beside)


def sidecar_of(path: Path) -> Path:
    """Return the place of the text file beside the image at `path`."""
    return path.with_suffix(".txt")


def read_sidecars(root: Path, paths: Iterable[Path], max_unreadable: float) -> list[Sample]:
    """Return the images at `paths`, below `root`, with the labels in the text files beside them.

    Labels stand one a line or separated by comma or |; spaces belong to a label. An empty file
    means no label. A photo without a text file is named and left out. Raises CommandError where
    that is more than the share `max_unreadable`.
    """
    skipped = SkippedRows(root, "photo")
    samples = []
    for number, path in enumerate(paths, 1):
        text_file = sidecar_of(path)
        try:
            with text_file.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if len(data) > MAX_BYTES:
                raise ValueError
            text = data.decode("utf-8-sig")
        except FileNotFoundError:
            skipped.skip(number, f"{path} has no {text_file.name} beside it")
        except OSError as error:
            skipped.skip(number, f"{text_file} cannot be read ({error.strerror})")
        except ValueError:
            skipped.skip(number, f"{text_file} is no short text in UTF-8")
        else:
            commas = text.replace("\n", ",").replace("|", ",")
            samples.append(Sample(path, split_labels(commas, ",")))
    skipped.check(len(samples), max_unreadable)
    return samples


def write_sidecar(path: Path, labels: Sequence[str]) -> Path:
    """Write `labels`, one a line, to the text file beside the image at `path`; return its path.

    Raises CommandError where it cannot be written, or a label holds what separates labels.
    """
    text_file = sidecar_of(path)
    for label in labels:
        if any(separator in label for separator in ",|\n"):
            raise CommandError(f"{text_file}: the label {label!r} holds a separator; rename it")
    with files.atomic_write(text_file) as new_file:
        new_file.write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
    return text_file
