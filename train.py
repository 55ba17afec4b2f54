"""Train a tagger on labelled photos, such as those in folders named red_dress/.

python train.py
python train.py --dataset posters.csv
python train.py --dataset photos --labels coco.json --export-labels labels.csv
python train.py --dataset yeast-train.arff --labels yeast.xml
python train.py --dataset dataset --model fashion.model --labelbin mlb.pickle --plot plot.png
python train.py --dataset dataset --folds 5
python train.py --resume
"""

import argparse
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from pyimagesearch import console, files, labels
from pyimagesearch.cli import train_arguments, train_outputs
from pyimagesearch.cli.choose_recipe import choose_recipe
from pyimagesearch.data import cache, near_duplicates, tables
from pyimagesearch.data.dataset import Dataset, Inputs, split
from pyimagesearch.evaluation import audit, cross_validation, evaluate, metrics_json, report
from pyimagesearch.labels.groups import LabelGroup, colour_columns, pathway_colours, resolve_groups
from pyimagesearch.scoring.metrics import Scores
from pyimagesearch.tagger import Tagger
from pyimagesearch.training import checkpoint, features
from pyimagesearch.training.history import kept_epoch
from pyimagesearch.training.recipe import Recipe

if TYPE_CHECKING:
    import keras
    from sklearn.preprocessing import MultiLabelBinarizer

    from pyimagesearch.training.calibrate import Trained


def train(options: argparse.Namespace) -> None:
    """Load, split, build, fit, calibrate, evaluate, save."""
    data, binarizer, recipe = load(options)
    data = split(data, recipe.validation, recipe.seed)

    from pyimagesearch.training.calibrate import calibrate

    identity = checkpoint.identify(data, recipe)
    path = checkpoint.path_for(options.model)
    with checkpoint.keep(path, identity, options.resume) as saved_state:
        trained = fit(data, recipe, saved_state, options.workers)
        tagger = calibrate(trained, data, recipe)
        predictions, targets = tagger.decide(trained.held_out), data.targets[trained.indices]
        scores = evaluate.score(predictions, targets, data.classes, recipe.seed)
        print(f"\n{report.describe_validation(scores, data, recipe, trained)}")
        save(trained, tagger, binarizer, scores, data, recipe, options)


def load(
    options: argparse.Namespace,
) -> tuple[Dataset, "MultiLabelBinarizer", Recipe]:
    """Return the labelled photos, or the rows of a table, the fitted binarizer, and the recipe."""
    columns = options.label_columns
    is_table = tables.is_table(options.dataset, options.labels, columns, options.path_column)
    if is_table:
        train_arguments.check_table_options(options)
        table = tables.read_labelled(options.dataset, options.labels, columns)
        samples, named_groups = table.samples, tuple[LabelGroup, ...]()
    else:
        found = labels.read(
            *(options.dataset, options.labels, options.max_unreadable),
            path_column=options.path_column,
            label_columns=columns,
            uncertain=options.uncertain,
            use_split=options.use_split,
        )
        samples, named_groups = found.samples, found.groups
    labels.check_labels(samples)
    train_outputs.check(options, samples)
    groups = resolve_groups(samples, options.label_groups, named_groups)
    classes = sorted(labels.count_labels(samples))
    recipe = choose_recipe(options, groups, classes, is_table)
    if options.export_labels:
        labels.write_csv(samples, options.export_labels)
    if not options.list_duplicates:
        unit = "rows" if is_table else "photos"
        print(report.describe_samples(samples, groups, unit), flush=True)

    if is_table:
        inputs: Inputs = table.features
        feature_names = table.names
        duplicate_groups = np.arange(len(samples))
    else:
        needs_features = recipe.backbone and not options.list_duplicates
        if needs_features:
            has_colours = bool(pathway_colours(groups, classes))
            conversion = features.conversion(recipe.backbone, recipe.image_size, has_colours)
        else:
            side = features.small_side(recipe.image_size) if recipe.backbone else recipe.image_size
            conversion = cache.pictures(side)
        samples, rows = cache.load(
            samples, conversion, options.max_pixels, options.max_unreadable, options.cache
        )
        inputs, feature_names = rows, ()
        duplicate_groups = near_duplicates.find_groups(rows["picture"] if needs_features else rows)
        if not options.list_duplicates:
            print(f"\n{report.describe_duplicates(duplicate_groups)}", flush=True)

    # scikit-learn and TensorFlow take seconds to load: whatever can fail without them comes first.
    from sklearn.preprocessing import MultiLabelBinarizer

    binarizer = MultiLabelBinarizer()
    targets = binarizer.fit_transform([sample.labels for sample in samples]).astype(np.float32)
    data = Dataset(
        inputs,
        targets,
        tuple(map(str, binarizer.classes_)),
        groups,
        duplicate_groups,
        samples=samples,
        feature_names=feature_names,
    )
    return data, binarizer, recipe


def build_model(data: Dataset, recipe: Recipe) -> "keras.Model":
    """Return the untrained network: (batch, S, S, 3) RGB in 0..1, or features -> sigmoids."""
    import keras

    from pyimagesearch.networks import keras_settings
    from pyimagesearch.networks.factored import FactoredNet
    from pyimagesearch.networks.mlp import MultiLabelMLP
    from pyimagesearch.networks.pretrained import build_heads
    from pyimagesearch.smallervggnet import SmallerVGGNet
    from pyimagesearch.training.heads import heads_of

    keras_settings.set_defaults()
    keras.utils.set_random_seed(recipe.seed)
    side, classes = recipe.image_size, len(data.classes)
    match recipe.architecture:
        case "smallervggnet":
            return SmallerVGGNet.build(side, side, 3, classes, finalAct="sigmoid")
        case "pretrained":
            return build_heads(heads_of(data, recipe), recipe.backbone)
        case "factored":
            return FactoredNet.build(side, colour_columns(data.groups, data.classes), classes)
        case _:
            rows = data.inputs[data.training]
            statistics = rows.mean(axis=0, dtype=float), rows.var(axis=0, dtype=float)
            return MultiLabelMLP.build(rows.shape[1], classes, statistics=statistics)


def fit(
    data: Dataset, recipe: Recipe, saved_state: checkpoint.Checkpoint, workers: int | None
) -> "Trained":
    """Build and train the network, in this process or with several workers."""
    from pyimagesearch.training import calibrate
    from pyimagesearch.training import fit as training

    on_epoch = report.EpochPrinter(training.count_epochs(data, recipe))
    console.status(report.describe_training(data, recipe))
    if not workers:
        return training.fit(build_model, data, recipe, on_epoch, saved_state)
    from pyimagesearch.cluster.training import fit_with_workers

    model = build_model(data, recipe)
    history = fit_with_workers(model, data, recipe, on_epoch, saved_state, workers, build_model)
    return calibrate.trained(model, history, data, recipe)


def save(
    trained: "Trained",
    tagger: Tagger,
    binarizer: "MultiLabelBinarizer",
    scores: Scores,
    data: Dataset,
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Write fashion.model, mlb.pickle, plot.png and metrics.json; all are replaced together."""
    from pyimagesearch.evaluation import plots
    from pyimagesearch.model_file import predictors, save_load

    model, examples = trained.model, data.inputs[data.validation[:64]]
    if recipe.backbone:
        from pyimagesearch.networks.pretrained import assemble
        from pyimagesearch.training.heads import heads_of

        model = assemble(model, heads_of(data, recipe), recipe.backbone)
        examples = examples["picture"].repeat(features.REDUCTION, 1).repeat(features.REDUCTION, 2)
    onnx_bytes = predictors.try_export(model, tagger.config, examples)
    made_by = {
        "recipe": asdict(recipe),
        "epoch": kept_epoch(trained.history, recipe).number,
        "epochs": [asdict(epoch) for epoch in trained.history],
        f"training_{data.unit}": len(data.training),
        f"validation_{data.unit}": [data.samples[index].path for index in trained.indices],
        "flags": vars(options),
    }
    paths = (options.model, options.labelbin, options.plot, options.metrics)
    with files.atomic_writes(paths, ".keras") as (model_file, labelbin, plot, metrics):
        save_load.save(model, tagger.config, onnx_bytes, binarizer, model_file, labelbin)
        plots.plot_history(trained.history, data, recipe, plot)
        metrics_json.write(metrics, scores, made_by)
    console.status(f"wrote {', '.join(map(str, paths))}")


def cross_validate(options: argparse.Namespace) -> None:
    """Predict every photo with a network that was not trained on it, and print the scores."""
    data, _, recipe = load(options)
    if options.leave_one_pair_out:
        folds = cross_validation.labelset_folds(data)
    else:
        folds = cross_validation.make_folds(data, options.folds or audit.FOLDS, recipe.seed)
    predictions = cross_validation.predict_folds(build_model, data, folds, recipe)
    print(f"\n{cross_validation.describe(data, folds, predictions, recipe.seed)}")
    if options.audit:
        order = np.concatenate(list(folds.values()))
        issues = audit.find(
            [data.samples[index] for index in order],
            cross_validation.join(predictions),
            data.targets[order],
            data.classes,
        )
        print(f"\n{len(issues)} of {len(order)} photos are predicted to have other labels")
        written = audit.write(issues, options.audit, options.max_pixels)
        console.status(f"wrote {', '.join(map(str, written))}")


def list_duplicates(options: argparse.Namespace) -> None:
    """Print the photos that look alike, a group on a line."""
    data, _, _ = load(options)
    groups = report.duplicate_paths(data.samples, data.duplicate_groups)
    for paths in groups:
        print("\t".join(map(str, paths)))
    if not groups:
        console.status("no near-duplicates")


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    start = time.perf_counter()
    if options.workers:
        from pyimagesearch.cluster import session

        session.check_workers(options.workers)
    if options.list_duplicates:
        list_duplicates(options)
    elif options.folds or options.leave_one_pair_out or options.audit:
        cross_validate(options)
    else:
        train(options)
    console.status(f"done in {time.perf_counter() - start:.0f} s")


def main() -> int:
    """Run the command and return its exit status."""
    options = train_arguments.parse()
    return console.run(lambda: run(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
