"""Score a saved model on labelled photos."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pyimagesearch import metrics
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample
from pyimagesearch.loading import load_samples
from pyimagesearch.tagger import Tagger

MAX_UNREADABLE = 0.1


def evaluate(tagger: Tagger, samples: Sequence[Sample], max_pixels: int) -> metrics.Scores:
    """Return the scores of `tagger` on `samples`.

    Raises CommandError where they carry a label that the model does not know, or where more than
    a tenth of them cannot be read.
    """
    known = tagger.card.labels
    for sample in samples:
        for label in sample.labels:
            if label not in known:
                raise CommandError(
                    f"{sample.path}: has the label {label!r}, which the model does not know; it "
                    f"knows {', '.join(known)}"
                )
    side = tagger.card.image_size
    with tempfile.TemporaryDirectory() as cache:
        kept, pixels = load_samples(samples, side, max_pixels, MAX_UNREADABLE, Path(cache))
        judged = tagger.judge(pixels)
    targets = np.array([[label in sample.labels for label in known] for sample in kept])
    return metrics.score(
        judged.probabilities, judged.decided, targets, known, uncalibrated=judged.uncalibrated
    )
