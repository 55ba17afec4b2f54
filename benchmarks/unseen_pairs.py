"""Leave one pair out: is a black dress tagged right by a network that never saw one?

Each folder of blue_dress, blue_shirt, red_dress and red_shirt is left out of training completely
and all its photos are then tagged; 80 % of the other photos train, 20 % judge the pairs that were
seen. The other two folders cannot be left out: without blue_jeans, black and jeans mean the same.
`train.py --leave-one-pair-out` does the same on any photos, once and by exact match alone.
The 2018 recipe runs beside it (10 to 25 minutes a fold on two cores; --recipe-2018 0 leaves it).

    python -m benchmarks.unseen_pairs --dataset PHOTOS --seeds 3
"""

import argparse
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev

from pyimagesearch.networks.build import Recipe
from pyimagesearch.training.run import cross_val_predict

from benchmarks import photos
from pyimagesearch.console import silence_native_libraries
from pyimagesearch.data import splits
from pyimagesearch.labels import labels_of_folder
from pyimagesearch.scoring import metrics
from pyimagesearch.tagger import Tagger
from pyimagesearch.training import loop

FOLDS = ("blue_dress", "blue_shirt", "red_dress", "red_shirt")
Scores = dict[str, float]


def run_fold(
    data: loop.Data, duplicate_groups: splits.Indices, fold: str, seed: int, settings: Recipe
) -> Scores:
    """Train without the photos of the folder `fold`, and score seen and unseen pairs."""
    part = splits.with_labelset(labels_of_folder(fold), data.labelsets)
    recipe = replace(settings, seed=seed)
    (held,) = cross_val_predict(data, [part], duplicate_groups, recipe)
    # Beside the 2018 recipe, which refuses none.
    tagger = Tagger(replace(held.tagger.config, energy_threshold=0.0), held.tagger.predict)
    targets, predicted = data.targets[part], tagger.predict(data.inputs[part]).predicted
    scores = {
        "untagged": 1 - float(held.predictions.predicted.any(axis=1).mean()),
        "both": metrics.exact_match(predicted, targets),
        "seen": held.validation_exact_match,
        "seconds": held.seconds,
    }
    for group in data.groups:
        columns = [list(data.classes).index(label) for label in group.labels]
        kind = "colour" if group.is_colour else "garment"
        scores[kind] = metrics.exact_match(predicted[:, columns], targets[:, columns])
    return scores


def run_2018(dataset: Path, fold: str, seed: int, epochs: int) -> Scores:
    """Run benchmarks.recipe_2018 without the folder `fold`; its tags are the likeliest two."""
    script = [sys.executable, "-m", "benchmarks.recipe_2018", "--dataset", str(dataset)]
    command = [*script, "--leave-out", fold, "--seed", str(seed), "--epochs", str(epochs)]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    *_, last_epoch, unseen = map(json.loads, printed.splitlines())
    colour, garment = fold.split("_")
    return {
        "both": unseen["both_top_two"],
        "colour": unseen[colour],
        "garment": unseen[garment],
        "seen": last_epoch["exact_match_top_two"],
        "seconds": last_epoch["seconds"],
    }


def print_table(title: str, results: dict[str, list[Scores]]) -> None:
    """Print mean and standard deviation over the seeds for each fold, and the mean of folds."""
    columns = ("both", "colour", "garment", "seen")
    print(f"\n{title}")
    print(f"{'left out':12}" + "".join(f"{column:>16}" for column in columns) + f"{'n':>4}")
    for fold, runs in results.items():
        cells = []
        for column in columns:
            values = [run[column] for run in runs]
            spread = f"{stdev(values):.3f}" if len(values) > 1 else "-"
            cells.append(f"{mean(values):.3f} +- {spread}")
        print(f"{fold:12}" + "".join(f"{cell:>16}" for cell in cells) + f"{len(runs):4}")
    means = [mean(mean(run[c] for run in runs) for runs in results.values()) for c in columns]
    print(f"{'mean':12}" + "".join(f"{value:>16.3f}" for value in means), flush=True)


def main() -> None:
    """Run every fold and seed; a JSON line each, then a table for each network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--folds", nargs="+", default=FOLDS)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--architectures", nargs="*", default=["factored"])
    parser.add_argument("--epochs", type=int, help="instead of the architecture's own")
    parser.add_argument("--recipe-2018", type=int, default=75, metavar="EPOCHS")
    options = parser.parse_args()
    silence_native_libraries()

    for name in options.architectures:
        data, duplicate_groups, recipe = photos.prepare(options.dataset, 0, options.epochs, name)
        results: dict[str, list[Scores]] = {fold: [] for fold in options.folds}
        for seed in range(options.seeds):
            for fold, runs in results.items():
                runs.append(run_fold(data, duplicate_groups, fold, seed, recipe))
                print(json.dumps({"network": name, "fold": fold, "seed": seed, **runs[-1]}))
                sys.stdout.flush()
        print_table(name, results)
    if options.recipe_2018:
        results = {
            fold: [
                run_2018(options.dataset, fold, seed, options.recipe_2018)
                for seed in range(options.seeds)
            ]
            for fold in options.folds
        }
        print_table(f"2018 recipe, {options.recipe_2018} epochs, likeliest two", results)


if __name__ == "__main__":
    main()
