"""What classify.py writes for each photo: text, JSON or CSV rows, and text files next to photos."""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pyimagesearch import labels
from pyimagesearch.console import escaped
from pyimagesearch.images.headers import ImageError
from pyimagesearch.tagger import NOTHING, Tagged

RowWriter = Callable[[Path, Tagged | ImageError], None]


def make_writer(options: argparse.Namespace, known: Sequence[str], is_detailed: bool) -> RowWriter:
    """Return a function that prints the result for one photo in the form asked for.

    `known` are the labels of the model; `is_detailed` adds their probabilities to plain text.
    """
    if options.csv:
        return csv_writer(known)
    return json_writer(options.top_k) if options.json else text_writer(is_detailed, options.top_k)


def text_writer(is_detailed: bool, top_k: int | None) -> RowWriter:
    """Return what prints the tags on one line and, if `is_detailed`, all probabilities below.

    It prints nothing for a photo that cannot be read. Control characters in names are escaped.
    """

    def write(path: Path, result: Tagged | ImageError) -> None:
        if isinstance(result, ImageError):
            return
        shown = [f"{tag} {result.probabilities[tag]:.1%}" for tag in result.tags[:top_k]]
        tags = ", ".join(shown) or NOTHING
        new = " (new combination: never seen together in training)"
        unknown = "".join(f" ({group}: nothing known)" for group in result.unknown_groups)
        print(escaped(f"{path}: {tags}{unknown}{new if result.is_new_combination else ''}"))
        if is_detailed:
            for label, probability in _most_likely(result, top_k).items():
                print(escaped(f"{label}: {probability:.2%}"))

    return write


def json_writer(top_k: int | None) -> RowWriter:
    """Return what prints one JSON object on a line: image and tags, or image and error."""

    def write(path: Path, result: Tagged | ImageError) -> None:
        row: dict[str, object] = {"image": str(path)}
        if isinstance(result, ImageError):
            row["error"] = str(result)
        else:
            row["tags"] = result.tags
            row["new_combination"] = result.is_new_combination
            row["unknown_groups"] = result.unknown_groups
            row["probabilities"] = {k: round(v, 6) for k, v in _most_likely(result, top_k).items()}
        print(json.dumps(row, ensure_ascii=False))

    return write


def csv_writer(known: Sequence[str]) -> RowWriter:
    """Print the header and return what prints a row: image, tags, a column per label, error."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("image", "tags", *known, "error"))

    def write(path: Path, result: Tagged | ImageError) -> None:
        if isinstance(result, ImageError):
            rows.writerow((path, "", *("" for _ in known), result))
            return
        values = (f"{result.probabilities[label]:.6f}" for label in known)
        rows.writerow((path, labels.join_labels(result.tags, known), *values, ""))

    return write


def _most_likely(tagged: Tagged, count: int | None) -> dict[str, float]:
    """Return the probabilities by label: in label order, or only the `count` most likely ones."""
    if count is None:
        return tagged.probabilities
    ranked = sorted(tagged.probabilities.items(), key=lambda item: -item[1])
    return dict(ranked[:count])
