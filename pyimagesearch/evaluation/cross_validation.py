"""Cross-validation: predict each fold, or each labelset, with a network not trained on it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.data.splits import Indices
from pyimagesearch.evaluation import evaluate, report
from pyimagesearch.scoring import metrics
from pyimagesearch.tagger import Predictions, Tagger
from pyimagesearch.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

BuildModel = Callable[[Dataset, Recipe], "keras.Model"]
Folds = dict[str, Indices]  # by name


@dataclass(frozen=True)
class FoldResult:
    """The predictions for a fold by a network that was neither trained nor validated on it."""

    indices: Indices
    predictions: Predictions
    validation_exact_match: float  # on the run's own validation inputs
    seconds: float
    tagger: Tagger


def make_folds(data: Dataset, count: int, seed: int) -> Folds:
    """Return `count` folds; near-duplicates stay together."""
    folds = splits.stratified_folds(data.labelsets, data.duplicate_groups, count, seed)
    return {f"fold {number}": fold for number, fold in enumerate(folds, 1)}


def labelset_folds(data: Dataset) -> Folds:
    """Return a fold for each labelset whose labels can still be learned from the other inputs.

    Raises CommandError if there is no such labelset.
    """
    left_out = splits.labelsets_to_leave_out(data.labelsets) if data.groups else []
    if not left_out:
        raise CommandError(
            "--leave-one-pair-out: needs label groups, and each label in at least two labelsets"
        )
    return {" + ".join(pair): splits.with_labelset(pair, data.labelsets) for pair in left_out}


def cross_val_predict(
    build_model: BuildModel, data: Dataset, folds: Sequence[Indices], recipe: Recipe
) -> Iterator[FoldResult]:
    """Yield for each fold the predictions of a network that was trained on the other inputs.

    Near-duplicates of the fold are left out of training, too. The other inputs are split into
    training and validation inputs as in train.py, so that the epoch and the thresholds are not
    chosen on the fold itself.
    """
    from pyimagesearch.training.calibrate import calibrate
    from pyimagesearch.training.fit import fit

    for fold in folds:
        rest = splits.without(np.arange(len(data.inputs)), fold, data.duplicate_groups)
        training, validation = splits.stratified_split(
            [data.labelsets[index] for index in rest],
            data.duplicate_groups[rest],
            recipe.validation,
            recipe.seed,
        )
        start = time.perf_counter()
        others = replace(data, training=rest[training], validation=rest[validation])
        run = fit(build_model, others, recipe)
        tagger = calibrate(run, others, recipe)
        held_out = tagger.decide(run.held_out).predicted
        yield FoldResult(
            fold,
            tagger.predict(data.inputs, fold),
            metrics.exact_match(held_out, data.targets[run.indices]),
            time.perf_counter() - start,
            tagger,
        )


def predict_folds(
    build_model: BuildModel, data: Dataset, folds: Folds, recipe: Recipe
) -> dict[str, Predictions]:
    """Return the predictions for each fold by its name; report the exact match of each."""
    predictions = {}
    results = cross_val_predict(build_model, data, list(folds.values()), recipe)
    for name, result in zip(folds, results, strict=True):
        predicted, targets = result.predictions.predicted, data.targets[result.indices]
        exact = metrics.exact_match(predicted, targets)
        console.status(f"{name}: exact match {exact:.3f}, {result.seconds:.0f} s of training")
        predictions[name] = result.predictions
    return predictions


def describe(data: Dataset, folds: Folds, predictions: Mapping[str, Predictions], seed: int) -> str:
    """Return the exact match of each fold, how many inputs got no tags, and all scores together."""
    exact = {
        name: metrics.exact_match(one.predicted, data.targets[folds[name]])
        for name, one in predictions.items()
    }
    rows = [
        (
            name,
            len(folds[name]),
            f"{exact[name]:.3f}",
            f"{1 - one.predicted.any(axis=1).mean():.3f}",
        )
        for name, one in predictions.items()
    ]
    targets = data.targets[np.concatenate(list(folds.values()))]
    scores = evaluate.score(join(predictions), targets, data.classes, seed)
    return (
        f"{report.table(('not trained on', data.unit, 'exact match', 'no tags'), rows)}\n"
        f"mean and standard deviation {report.mean_and_spread(list(exact.values()))}\n\n"
        f"all of them together:\n{report.describe_scores(scores, data.unit)}"
    )


def join(predictions: Mapping[str, Predictions]) -> Predictions:
    """Return the predictions for several folds as one, in their order."""
    return Predictions(
        np.concatenate([one.probabilities for one in predictions.values()]),
        np.concatenate([one.uncalibrated for one in predictions.values()]),
        np.concatenate([one.predicted for one in predictions.values()]),
    )
