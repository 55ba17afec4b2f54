"""Score a saved model on labelled photos, or on the rows of a labelled table."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.data import cache, tables
from pyimagesearch.data.cache import Conversion
from pyimagesearch.labels import Sample
from pyimagesearch.model_file.predictors import Outputs
from pyimagesearch.scoring import metrics
from pyimagesearch.tagger import Predictions, Tagger, run_network

MAX_UNREADABLE = 0.1


def evaluate(tagger: Tagger, samples: Sequence[Sample], max_pixels: int) -> metrics.Scores:
    """Return the scores of `tagger` on `samples`.

    Raises CommandError if they have a label that the model does not know, or if more than a tenth
    of them cannot be read.
    """
    known = tagger.config.labels
    for sample in samples:
        for label in sample.labels:
            if label not in known:
                raise CommandError(
                    f"{sample.path}: has the label {label!r}, which the model does not know; it "
                    f"knows {', '.join(known)}"
                )
    shapes = tagger.config.output_shapes
    labels, distances = shapes["probabilities"][0], shapes.get("distances", (0,))[0]

    def run(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        outputs = run_network(tagger.network, pixels)
        return np.concatenate([outputs.probabilities, outputs.distances], axis=1)

    # The photos are not kept, only what the network makes of them.
    dtype = np.dtype((np.float32, (labels + distances,)))
    conversion = Conversion("outputs", tagger.config.image_size, dtype, lambda: run, "tagging")
    with tempfile.TemporaryDirectory() as folder:
        kept, rows = cache.load(samples, conversion, max_pixels, MAX_UNREADABLE, Path(folder))
        predictions = tagger.decide(Outputs(rows[:, :labels], rows[:, labels:]))
    targets = np.array([[label in sample.labels for label in known] for sample in kept])
    return score(predictions, targets, known)


def evaluate_table(tagger: Tagger, path: Path) -> metrics.Scores:
    """Return the scores of `tagger` on the rows of the feature table at `path`.

    The columns of features and labels are found by the names that the model has for them. Raises
    CommandError if a column is missing, or a label is not 0 or 1.
    """
    table = tables.read(path)
    known = tagger.config.labels
    marked = [f"{tables.TARGET}{label}" for label in known]  # their names in an NPZ file
    targets = table.targets(marked if set(marked) <= set(table.names) else known)
    predictions = tagger.predict(table.columns(tagger.config.features))
    return score(predictions, targets, known)


def score(
    predictions: Predictions, targets: ArrayLike, classes: Sequence[str], seed: int = 0
) -> metrics.Scores:
    """Return the scores of the predictions for N inputs; `targets` (N, L) are 0 and 1."""
    return metrics.score(
        predictions.probabilities,
        predictions.predicted,
        targets,
        classes,
        seed,
        predictions.uncalibrated,
    )
