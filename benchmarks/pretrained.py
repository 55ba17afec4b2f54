"""How good is the default, also on another collection, with few photos and on what it never saw?

    python -m benchmarks.pretrained --dataset PHOTOS --other APPAREL [--scenes DIR] [--posters CSV]

`--dataset` are the tutorial's photos in colour_garment folders; `--other` is another collection in
such folders, of which nothing is trained on: pairs never seen, known pairs, colours and garments
that no training photo has. All numbers are of tags as classify.py gives them.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console
from pyimagesearch.cli import train_arguments
from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset, split
from pyimagesearch.evaluation import cross_validation
from pyimagesearch.scoring import metrics
from pyimagesearch.tagger import Tagger
from pyimagesearch.training.calibrate import calibrate
from pyimagesearch.training.fit import fit
from pyimagesearch.training.recipe import Recipe
from train import build_model, load

SAME_GARMENT = {"pants": "jeans"}
SEEDS, DRAWS = 3, 5


def prepare(dataset: Path, *flags: str) -> tuple[Dataset, Recipe]:
    """Return the photos as train.py loads them, and its default recipe."""
    data, _, recipe = load(train_arguments.parse(["-d", str(dataset), *flags]))
    return data, recipe


def row(name: str, values: Sequence[float]) -> None:
    """Print mean, standard deviation and n of a score."""
    spread = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    print(f"{name:52}  {mean(values):.3f}{spread}  n={len(values)}", flush=True)


def train_on(data: Dataset, recipe: Recipe) -> Tagger:
    """Return a tagger trained on a split of `data`."""
    return calibrate(fit(build_model, data, recipe), data, recipe)


def folds(data: Dataset, recipe: Recipe, name: str) -> None:
    """Print exact match and mAP over five folds without near-duplicates across them."""
    parts = list(cross_validation.make_folds(data, 5, recipe.seed).values())
    exact, precision = [], []
    for result in cross_validation.cross_val_predict(build_model, data, parts, recipe):
        targets = data.targets[result.indices]
        exact.append(metrics.exact_match(result.predictions.predicted, targets))
        ranked = metrics.mean_average_precision(result.predictions.probabilities, targets)
        precision.append(ranked)
    row(f"{name}, 5 folds: exact match", exact)
    row(f"{name}, 5 folds: mAP", precision)


def pairs(data: Dataset, recipe: Recipe) -> None:
    """Print both labels right for each pair of labels left out of training."""
    parts = cross_validation.labelset_folds(data)
    results = cross_validation.cross_val_predict(build_model, data, list(parts.values()), recipe)
    scores = [
        metrics.exact_match(result.predictions.predicted, data.targets[result.indices])
        for result in results
    ]
    for name, score in zip(parts, scores, strict=True):
        row(f"left out: {name}", [score])
    row("left out, mean over pairs", scores)


def few(data: Dataset, recipe: Recipe, count: int) -> None:
    """Print exact match on the rest of the photos after training on `count` of each labelset."""
    scores = []
    for draw in range(DRAWS):
        random = np.random.default_rng(draw)
        keys = np.array(["+".join(labels) for labels in data.labelsets])
        chosen = np.concatenate(
            [random.choice(np.flatnonzero(keys == key), count, replace=False) for key in set(keys)]
        )
        rest = splits.without(np.arange(len(keys)), chosen, data.duplicate_groups)
        some = subset(data, np.sort(chosen))
        tagger = train_on(split(some, recipe.validation, draw), replace(recipe, seed=draw))
        predicted = tagger.predict(data.inputs, rest).predicted
        scores.append(metrics.exact_match(predicted, data.targets[rest]))
    row(f"{count} photos per folder: exact match on the others", scores)


def subset(data: Dataset, chosen: NDArray[np.intp]) -> Dataset:
    """Return the inputs at `chosen` as a data set of their own."""
    return Dataset(
        *(data.inputs[chosen], data.targets[chosen], data.classes, data.groups),
        duplicate_groups=data.duplicate_groups[chosen],
        samples=[data.samples[index] for index in chosen],
    )


def other_collection(data: Dataset, recipe: Recipe, other: Dataset) -> None:
    """Print what taggers of several seeds say of each folder of another collection."""
    folder = np.array([sample.path.parent.name for sample in other.samples])
    scores: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        parted = split(data, recipe.validation, seed)
        tagger = train_on(parted, replace(recipe, seed=seed))
        kept = tagger.predict(data.inputs, parted.validation).predicted
        scores.setdefault("validation photos with tags", []).append(kept.any(axis=1).mean())
        predictions = tagger.predict(other.inputs).predicted
        known = set(data.classes)
        for name in sorted(set(folder)):
            rows = predictions[folder == name]
            names = np.array(data.classes)
            tags = [set(names[one]) for one in rows]
            colour, garment = name.split("_")
            garment = SAME_GARMENT.get(garment, garment)
            wanted = {colour, garment} & known
            what = "both right"
            if garment not in known:
                wanted, what = set(), "no tags"
            elif colour not in known:
                what = f"{garment} and no colour"
            scores.setdefault(f"{name}: {what}", []).append(mean(one == wanted for one in tags))
    for name, values in scores.items():
        row(name, values)


def main() -> None:
    """Print the rows asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--other", type=Path)
    parser.add_argument("--scenes", type=Path)
    parser.add_argument("--posters", type=Path)
    parser.add_argument("--flags", nargs="*", default=[], help="further flags of train.py")
    options = parser.parse_args()
    console.silence_native_libraries()
    if options.dataset:
        data, recipe = prepare(options.dataset, *options.flags)
        for count in (5, 10):
            few(data, recipe, count)
        if options.other:
            groups = ["--label-groups", "colour=black,blue,green,red,white"]
            other, _ = prepare(options.other, *groups, *options.flags)
            other_collection(data, recipe, other)
        folds(data, recipe, "photos")
        pairs(data, recipe)
    for name in ("scenes", "posters"):
        if path := getattr(options, name):
            folds(*prepare(path, *options.flags), name)


if __name__ == "__main__":
    main()
