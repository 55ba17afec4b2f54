"""What classify.py prints of each photo: text, JSON or CSV, a row at a time and every row whole."""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pyimagesearch import labels
from pyimagesearch.console import escaped
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.tagger import NOTHING, Tagged

Write = Callable[[Path, Tagged | ImageError], None]


def text_writer(in_detail: bool, top_k: int | None) -> Write:
    """Return what prints the tags that count on one line and, `in_detail`, all percentages below.

    Of a photo that cannot be read it prints nothing. Names are escaped, for people read this form.
    """

    def write(path: Path, result: Tagged | ImageError) -> None:
        if isinstance(result, ImageError):
            return
        shown = [f"{tag} {result.probabilities[tag]:.1%}" for tag in result.tags[:top_k]]
        tags = ", ".join(shown) or NOTHING
        new = " (new combination: never seen together in training)"
        print(escaped(f"{path}: {tags}{new if result.is_new_combination else ''}"))
        if in_detail:
            for label, probability in _likeliest(result, top_k).items():
                print(escaped(f"{label}: {probability:.2%}"))

    return write


def json_writer(top_k: int | None) -> Write:
    """Return what prints one JSON object on a line: image and tags, or image and error."""

    def write(path: Path, result: Tagged | ImageError) -> None:
        row: dict[str, object] = {"image": str(path)}
        if isinstance(result, ImageError):
            row["error"] = str(result)
        else:
            row["tags"] = result.tags
            row["new_combination"] = result.is_new_combination
            row["probabilities"] = {k: round(v, 6) for k, v in _likeliest(result, top_k).items()}
        print(json.dumps(row, ensure_ascii=False))

    return write


def csv_writer(known: Sequence[str]) -> Write:
    """Print the header and return what prints a row: image, tags, a column a label, error."""
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(("image", "tags", *known, "error"))

    def write(path: Path, result: Tagged | ImageError) -> None:
        if isinstance(result, ImageError):
            rows.writerow((path, "", *("" for _ in known), result))
            return
        values = (f"{result.probabilities[label]:.6f}" for label in known)
        rows.writerow((path, labels.join_labels(result.tags, known), *values, ""))

    return write


def _likeliest(tagged: Tagged, count: int | None) -> dict[str, float]:
    """Return the probabilities by label: all in label order, or the `count` likeliest first."""
    if count is None:
        return tagged.probabilities
    ranked = sorted(tagged.probabilities.items(), key=lambda item: -item[1])
    return dict(ranked[:count])
