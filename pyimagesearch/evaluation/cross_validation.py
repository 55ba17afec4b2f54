"""How good networks are on what they never saw: folds, or combinations of labels left out."""

from collections.abc import Sequence

import numpy as np

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.data import splits
from pyimagesearch.data.splits import Indices
from pyimagesearch.evaluation import evaluate, report
from pyimagesearch.networks.build import Recipe
from pyimagesearch.scoring import metrics
from pyimagesearch.tagger import Predictions
from pyimagesearch.training import run
from pyimagesearch.training.loop import Data

Parts = dict[str, Indices]  # by name, what a network of its own judges without having seen it


def folds(data: Data, duplicate_groups: Indices, count: int, seed: int) -> Parts:
    """Return `count` folds; near-duplicates, which share a number in `duplicate_groups`, stay together."""
    parts = splits.stratified_folds(data.labelsets, duplicate_groups, count, seed)
    return {f"fold {number}": part for number, part in enumerate(parts, 1)}


def label_pairs(data: Data) -> Parts:
    """Return the inputs of each combination of labels that the others still explain."""
    left_out = splits.labelsets_to_leave_out(data.labelsets) if data.groups else []
    if not left_out:
        raise CommandError(
            "--leave-one-pair-out: needs label groups, and of each label two combinations"
        )
    return {" + ".join(pair): splits.images_with(pair, data.labelsets) for pair in left_out}


def judge(data: Data, parts: Parts, duplicate_groups: Indices, recipe: Recipe) -> list[Predictions]:
    """Return what is said of each part by a network that saw no near-duplicate of it."""
    predictions = []
    held_out = run.cross_val_predict(data, list(parts.values()), duplicate_groups, recipe)
    for name, held in zip(parts, held_out, strict=True):
        exact = metrics.exact_match(held.predictions.predicted, data.targets[held.indices])
        console.status(f"{name}: exact match {exact:.3f}, {held.seconds:.0f} s of training")
        predictions.append(held.predictions)
    return predictions


def describe(data: Data, parts: Parts, predictions: Sequence[Predictions], seed: int) -> str:
    """Return the exact match of each part, how many got no tags, and all scores together."""
    units = "rows" if data.features else "photos"
    exact = [
        metrics.exact_match(one.predicted, data.targets[part])
        for part, one in zip(parts.values(), predictions, strict=True)
    ]
    untagged = [f"{1 - one.predicted.any(axis=1).mean():.3f}" for one in predictions]
    rows = [
        (name, len(part), f"{share:.3f}", silent)
        for (name, part), share, silent in zip(parts.items(), exact, untagged, strict=True)
    ]
    targets = data.targets[np.concatenate(list(parts.values()))]
    scores = evaluate.score(join(predictions), targets, data.classes, seed)
    return (
        f"{report.table(('never seen', units, 'exact match', 'no tags'), rows)}\n"
        f"mean and standard deviation {report.mean_and_spread(exact)}\n\n"
        f"all of them together:\n{report.describe_scores(scores, units)}"
    )


def join(predictions: Sequence[Predictions]) -> Predictions:
    """Return what is said of several parts as one, in their order."""
    return Predictions(
        np.concatenate([one.probabilities for one in predictions]),
        np.concatenate([one.uncalibrated for one in predictions]),
        np.concatenate([one.predicted for one in predictions]),
    )
