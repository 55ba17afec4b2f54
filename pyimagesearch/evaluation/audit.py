"""Find labels that may be wrong, with cleanlab, from cross-validated predictions."""

import importlib.util
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.evaluation import contact_sheet
from pyimagesearch.labels import Sample, count_labels, join_labels, write_rows
from pyimagesearch.tagger import Predictions

FOLDS = 5
SHOWN = 30  # photos on the contact sheet
HEADER = ("path", "labels", "suggested", "score")


@dataclass(frozen=True)
class LabelIssue:
    """A sample whose labels may be wrong."""

    sample: Sample
    suggested: tuple[str, ...]  # empty if no label was predicted
    score: float  # quality of its labels, from 0 (certainly wrong) to 1


def check(path: Path, known: Collection[str] = ()) -> None:
    """Raise CommandError if an audit of the labels `known` could not be written to `path`.

    This is so if cleanlab is not installed, if a label cannot be written to a CSV file, or if there
    is a file at `path` that is not an earlier audit.
    """
    join_labels((), known)
    if importlib.util.find_spec("cleanlab") is None:
        raise CommandError(
            "--audit: cleanlab is not installed; run: pip install -r requirements-audit.txt"
        )
    if _is_audit(path):
        return
    for place in (path, sheet_next_to(path)):
        if place.exists():
            raise CommandError(
                f"--audit {path}: {place} exists and is not from an earlier audit; choose another "
                "file"
            )


def _is_audit(path: Path) -> bool:
    header = ",".join(HEADER).encode()
    try:
        with path.open("rb") as file:
            return file.read(len(header)) == header
    except FileNotFoundError:
        return False


def find(
    samples: Sequence[Sample],
    predictions: Predictions,
    targets: NDArray[np.floating],
    classes: Sequence[str],
) -> list[LabelIssue]:
    """Return the samples whose labels may be wrong, most suspicious first.

    `predictions` for the N samples come from networks that were not trained on them; `targets`
    (N, L) are their labels in the order `classes`. A sample is suspicious if other labels are
    predicted than the ones it has. They are ranked by cleanlab's label quality score (Thyagarajan,
    Snorrason, Northcutt, Mueller 2022, "Identifying incorrect annotations in multi-label
    classification data", https://arxiv.org/abs/2211.13895).
    """
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

    given = [np.flatnonzero(row).tolist() for row in targets > 0]
    scores = get_label_quality_scores(given, predictions.probabilities.astype(np.float64))
    is_suspicious = (predictions.predicted != (targets > 0)).any(axis=1)
    names = np.array(classes, object)
    return [
        LabelIssue(
            samples[index], tuple(sorted(names[predictions.predicted[index]])), float(scores[index])
        )
        for index in np.argsort(scores, kind="stable")
        if is_suspicious[index]
    ]


def write(issues: Sequence[LabelIssue], path: Path, max_pixels: int) -> list[Path]:
    """Write all issues as CSV to `path`, and the first SHOWN as a picture next to it.

    Returns the paths of the files written. Paths in the CSV are relative to its folder. If there
    are no issues, an older picture is removed. Raises CommandError if a file cannot be written.
    """
    known = count_labels([issue.sample for issue in issues])
    known.update(label for issue in issues for label in issue.suggested)
    rows = [
        (
            os.path.relpath(issue.sample.path, path.parent),
            join_labels(issue.sample.labels, known),
            join_labels(issue.suggested, known),
            f"{issue.score:.4f}",
        )
        for issue in issues
    ]
    write_rows([HEADER, *rows], path)
    pictures = [
        contact_sheet.Picture(
            issue.sample.path,
            (
                f"{number}. {' '.join(issue.sample.labels) or 'no label'}",
                f"suggested: {' '.join(issue.suggested) or 'no label'}",
            ),
        )
        for number, issue in enumerate(issues[:SHOWN], 1)
    ]
    sheet = sheet_next_to(path)
    if not pictures:
        sheet.unlink(missing_ok=True)
        return [path]
    contact_sheet.write(pictures, sheet, max_pixels)
    return [path, sheet]


def sheet_next_to(path: Path) -> Path:
    """Return the path of the contact sheet that belongs to the CSV at `path`."""
    return path.with_suffix(".png")
