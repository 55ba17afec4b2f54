"""Labels that may be wrong: what networks that never saw a photo say of it, by cleanlab."""

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
    suggested: tuple[str, ...]  # none: it looks like nothing known
    score: float  # of its labels, from 0, surely wrong, to 1


def check(path: Path, known: Collection[str] = ()) -> None:
    """Raise CommandError where an audit of the labels `known` could not be written to `path`.

    That is where cleanlab is missing, or `path` holds what is no earlier audit.
    """
    join_labels((), known)
    if importlib.util.find_spec("cleanlab") is None:
        raise CommandError("--audit: needs cleanlab; pip install -r requirements-audit.txt")
    if _is_audit(path):
        return
    for place in (path, sheet_next_to(path)):
        if place.exists():
            raise CommandError(
                f"--audit {path}: {place} is there and of no earlier audit; name a new file"
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
    """Return the samples whose labels may be wrong, the likeliest mistakes first.

    `predictions` is what networks that never saw them say of the N samples, `targets` (N, L) their
    labels in the order `classes`. Suspected is where they suggest other labels; the pooled
    self-confidence of the labels given ranks them (Thyagarajan, Snorrason, Northcutt, Mueller 2022,
    "Identifying incorrect annotations in multi-label classification data",
    https://arxiv.org/abs/2211.13895).
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
    """Write all as CSV to `path`, and the worst as a picture beside it; return what was written.

    Paths in the CSV are relative to its folder. Where there are none, an older picture is removed.
    Raises CommandError where it cannot be written.
    """
    known = count_labels([one.sample for one in issues])
    known.update(label for one in issues for label in one.suggested)
    rows = [
        (
            os.path.relpath(one.sample.path, path.parent),
            join_labels(one.sample.labels, known),
            join_labels(one.suggested, known),
            f"{one.score:.4f}",
        )
        for one in issues
    ]
    write_rows([HEADER, *rows], path)
    pictures = [
        contact_sheet.Picture(
            one.sample.path,
            (
                f"{number}. {' '.join(one.sample.labels) or 'no label'}",
                f"rather {' '.join(one.suggested) or 'none of these'}",
            ),
        )
        for number, one in enumerate(issues[:SHOWN], 1)
    ]
    sheet = sheet_next_to(path)
    if not pictures:
        sheet.unlink(missing_ok=True)
        return [path]
    contact_sheet.write(pictures, sheet, max_pixels)
    return [path, sheet]


def sheet_next_to(path: Path) -> Path:
    """Return the place of the contact sheet that belongs to the CSV at `path`."""
    return path.with_suffix(".png")
