"""Is a black dress tagged right by a network that never saw one? One pair of labels is left out.

Each of the folders blue_dress, blue_shirt, red_dress and red_shirt is left out of training in turn,
and all its photos are tagged. Of the other photos 80 % are trained on; the other 20 % tell how well
pairs are tagged that were seen. The other two folders of the tutorial cannot be left out: without
blue_jeans, black and jeans mean the same.

`train.py --leave-one-pair-out` does the same on any photos, but with one seed, and it reports exact
match only. The 2018 recipe is run on the same folders (10 to 25 minutes per folder on two cores;
--recipe-2018 0 skips it).

    python -m benchmarks.unseen_pairs --dataset PHOTOS --seeds 3
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from statistics import mean

from benchmarks import photos, processes
from pyimagesearch import console
from pyimagesearch.data import splits
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.evaluation.cross_validation import cross_val_predict
from pyimagesearch.evaluation.report import mean_and_spread
from pyimagesearch.labels import labels_of_folder
from pyimagesearch.scoring import metrics
from pyimagesearch.training.recipe import Recipe
from train import build_model

FOLDS = ("blue_dress", "blue_shirt", "red_dress", "red_shirt")
COLUMNS = ("both", "colour", "garment", "seen")
Scores = dict[str, float]


def run_fold(data: Dataset, folder: str, recipe: Recipe) -> Scores:
    """Train without the photos of `folder`, and score pairs that were not seen and that were."""
    left_out = splits.with_labelset(labels_of_folder(folder), data.labelsets)
    (result,) = cross_val_predict(build_model, data, [left_out], recipe)
    # The 2018 recipe, with which this is compared, does not reject photos.
    tagger = photos.without_rejection(result.tagger)
    targets, predicted = data.targets[left_out], tagger.predict(data.inputs, left_out).predicted
    scores = {
        "untagged": 1 - float(result.predictions.predicted.any(axis=1).mean()),
        "both": metrics.exact_match(predicted, targets),
        "seen": result.validation_exact_match,
        "seconds": result.seconds,
    }
    for group in data.groups:
        columns = [list(data.classes).index(label) for label in group.labels]
        kind = "colour" if group.is_colour else "garment"
        scores[kind] = metrics.exact_match(predicted[:, columns], targets[:, columns])
    return scores


def run_2018(dataset: Path, folder: str, seed: int, epochs: int) -> Scores:
    """Run benchmarks.recipe_2018 without `folder`; its tags are the two most likely labels."""
    printed = processes.run(
        *("-m", "benchmarks.recipe_2018", "--dataset", dataset, "--leave-out", folder),
        *("--seed", seed, "--epochs", epochs),
    )
    *_, last_epoch, unseen = map(json.loads, printed.splitlines())
    colour, garment = folder.split("_")
    return {
        "both": unseen["both_top_two"],
        "colour": unseen[colour],
        "garment": unseen[garment],
        "seen": last_epoch["exact_match_top_two"],
        "seconds": last_epoch["seconds"],
    }


def print_table(title: str, results: dict[str, list[Scores]]) -> None:
    """Print mean and standard deviation over the seeds for each folder, and the mean of folders."""
    print(f"\n{title}")
    print(f"{'left out':12}" + "".join(f"{column:>16}" for column in COLUMNS) + f"{'n':>4}")
    for folder, runs in results.items():
        cells = [mean_and_spread([run[column] for run in runs]) for column in COLUMNS]
        print(f"{folder:12}" + "".join(f"{cell:>16}" for cell in cells) + f"{len(runs):4}")
    means = [mean(mean(run[c] for run in runs) for runs in results.values()) for c in COLUMNS]
    print(f"{'mean':12}" + "".join(f"{value:>16.3f}" for value in means), flush=True)


def main() -> None:
    """Run every folder and seed; print each run as JSON, then a table for each network."""
    parser = photos.make_parser(__doc__)
    parser.add_argument("--folds", nargs="+", default=FOLDS, help="folders to leave out")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--architectures", nargs="*", default=["factored"])
    parser.add_argument(
        "--recipe-2018", type=int, default=75, metavar="EPOCHS", help="0: without this recipe"
    )
    options = parser.parse_args()

    for name in options.architectures:
        data, recipe = photos.load(options.dataset, 0, options.epochs, name)
        results: dict[str, list[Scores]] = {folder: [] for folder in options.folds}
        for seed in range(options.seeds):
            for folder, runs in results.items():
                runs.append(run_fold(data, folder, replace(recipe, seed=seed)))
                print(json.dumps({"network": name, "fold": folder, "seed": seed, **runs[-1]}))
                sys.stdout.flush()
        print_table(name, results)
    if options.recipe_2018:
        results = {
            folder: [
                run_2018(options.dataset, folder, seed, options.recipe_2018)
                for seed in range(options.seeds)
            ]
            for folder in options.folds
        }
        print_table(f"2018 recipe, {options.recipe_2018} epochs, two most likely labels", results)


if __name__ == "__main__":
    sys.exit(console.run(main))
