"""Train a tagger on labelled photos, such as those in folders named red_dress/.

python train.py
python train.py --dataset posters.csv
python train.py --dataset photos --labels coco.json --export-labels labels.csv
python train.py --dataset yeast-train.arff --labels yeast.xml
python train.py --dataset dataset --model fashion.model --labelbin mlb.pickle --plot plot.png
python train.py --dataset dataset --folds 5
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np

from pyimagesearch import (
    artifacts,
    audit,
    console,
    evaluation,
    feature_tables,
    hashing,
    label_groups,
    labels,
    networks,
    records,
    report,
    train_arguments,
    whole_files,
)
from pyimagesearch.console import CommandError
from pyimagesearch.feature_tables import LabelledTable
from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.labels import Sample
from pyimagesearch.loading import load_samples
from pyimagesearch.networks import Recipe
from pyimagesearch.splits import Indices

if TYPE_CHECKING:
    from sklearn.preprocessing import MultiLabelBinarizer

    from pyimagesearch import training
    from pyimagesearch.training import Inputs


def choose_groups(samples: Sequence[Sample], asked: Sequence[str] | None) -> list[LabelGroup]:
    """Return the label groups asked for, else those the data shows, else none."""
    if asked is not None:
        return label_groups.parse_groups(asked, sorted(labels.count_labels(samples)))
    try:
        return label_groups.find_groups(samples)
    except label_groups.AmbiguousGroupsError as error:
        console.warn(f"{error}; going on without label groups")
        return []


def choose_recipe(
    options: argparse.Namespace,
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
    is_table: bool,
) -> Recipe:
    """Return the architecture with its defaults, and what the command line says in their place."""
    architecture = networks.choose_asked(options.architecture, groups, classes, is_table)
    defaults = networks.DEFAULTS[architecture]
    asked = {name: getattr(options, name) for name in vars(defaults) if hasattr(options, name)}
    settings = replace(defaults, **{name: value for name, value in asked.items() if value})
    if is_table and settings.image_size:
        raise CommandError(f"--image-size: {architecture} takes the features of a table")
    if not is_table and not networks.SMALLEST <= settings.image_size <= networks.LARGEST:
        raise CommandError(
            f"--image-size {settings.image_size}: from {networks.SMALLEST} to {networks.LARGEST} "
            "is possible"
        )
    return Recipe(
        architecture,
        settings,
        options.validation,
        options.seed,
        options.loss,
        options.positive_weights,
    )


def read(options: argparse.Namespace) -> tuple[Sequence[Sample], LabelledTable | None]:
    """Return what is labelled: photos, or the rows of a feature table beside that table."""
    if not feature_tables.is_table(options.dataset, options.labels, options.label_columns):
        return labels.read(options.dataset, options.labels, options.max_unreadable), None
    for option in ("export_labels", "list_duplicates", "audit"):
        if getattr(options, option):
            flag = f"--{option.replace('_', '-')}"
            raise CommandError(f"{flag}: {options.dataset} is a table, not photos")
    table = feature_tables.read_labelled(options.dataset, options.labels, options.label_columns)
    return table.samples, table


def check_outputs(options: argparse.Namespace) -> None:
    """Raise CommandError where what is to be written has no place, or two files have the same."""
    outputs = [options.model, options.labelbin, options.plot, options.metrics]
    names = "--model, --labelbin, --plot and --metrics"
    if options.export_labels:
        outputs.append(options.export_labels)
        names = "--model, --labelbin, --plot, --metrics and --export-labels"
    for path in outputs:
        whole_files.check_writable(path)
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise CommandError(f"{names} need different files")


def work(options: argparse.Namespace) -> None:
    """Read the photos or the table and do with them what was asked."""
    start = time.perf_counter()
    samples, table = read(options)
    labels.check_labels(samples)
    options.metrics = options.metrics or options.model.with_name("metrics.json")
    check_outputs(options)
    if options.audit:
        audit.check(options.audit)
    groups = choose_groups(samples, options.label_groups)
    classes = sorted(labels.count_labels(samples))
    recipe = choose_recipe(options, groups, classes, table is not None)
    if options.export_labels:
        labels.write_csv(samples, options.export_labels)
    if not options.list_duplicates:
        units = "images" if table is None else "rows"
        print(report.describe_samples(samples, groups, units), flush=True)

    inputs: Inputs
    if table is not None:
        inputs, clusters = table.features, np.arange(len(samples))
    else:
        samples, inputs = load_samples(
            samples,
            recipe.settings.image_size,
            options.max_pixels,
            options.max_unreadable,
            options.cache,
        )
        clusters = hashing.clusters(inputs)
        if options.list_duplicates:
            for alike in report.near_duplicates(samples, clusters):
                print("\t".join(map(str, alike)))
            return
        print(f"\n{report.describe_duplicates(clusters)}", flush=True)

    # TensorFlow and scikit-learn take seconds to load: first all that can fail without them.
    from pyimagesearch import training

    names = table.names if table is not None else ()
    share, seed = recipe.validation_share, recipe.seed
    data, binarizer = training.prepare(samples, inputs, groups, clusters, share, seed, names)
    if options.folds or options.leave_one_pair_out or options.audit:
        cross_validate(samples, data, clusters, recipe, options)
    else:
        train(samples, data, binarizer, recipe, options)
    console.say(f"done in {time.perf_counter() - start:.0f} s")


def train(
    samples: Sequence[Sample],
    data: "training.Data",
    binarizer: "MultiLabelBinarizer",
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Train a tagger, save it, and print how good it is."""
    from pyimagesearch import plots, runs, training

    def report_epoch(epoch: training.Epoch) -> None:
        console.say(
            f"epoch {epoch.number}/{recipe.settings.epochs}  {epoch.seconds:.1f} s  "
            f"loss {epoch.loss:.3f}  validation loss {epoch.validation_loss:.3f}  "
            f"exact match {epoch.validation_exact_match:.3f}  "
            f"per label {epoch.validation_label_accuracy:.3f}"
        )

    side, others = recipe.settings.image_size, len(data.validation)
    units = "rows" if data.features else "photos"
    size = f"{len(data.features)} features" if data.features else f"{side} x {side} pixels"
    console.say(
        f"training {recipe.architecture} on {len(data.training)} {units} of {size}, judged on "
        f"{others} others"
    )
    done = runs.run(data, recipe, report_epoch)
    copy = runs.serving_copy(done, data.inputs[data.validation[:64]])
    artifacts.save(done.model, done.tagger.card, copy, binarizer, options.model, options.labelbin)
    title = f"{recipe.architecture}, {len(data.training)} {units}, judged on {others} others"
    with whole_files.whole_file(options.plot) as new_plot:
        plots.plot_history(done.epochs, title, new_plot)

    held = data.validation
    judged, truth = done.tagger.judge(data.inputs[held]), data.targets[held]
    scores = evaluation.score(judged, truth, data.classes, recipe.seed)
    best = training.best_epoch(done.epochs).number
    print(f"\nvalidation, {others} {units} that trained nothing but chose the epoch ({best}):")
    print(report.describe_scores(scores, units))
    made_by = {
        "recipe": asdict(recipe),
        "epoch": best,
        f"training_{units}": len(data.training),
        f"validation_{units}": [samples[index].path for index in held],
        "flags": vars(options),
    }
    records.write_record(options.metrics, scores, made_by)
    console.say(f"wrote {options.model}, {options.labelbin}, {options.plot}, {options.metrics}")


def cross_validate(
    samples: Sequence[Sample],
    data: "training.Data",
    clusters: Indices,
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Have all photos judged by networks that never saw them, and print what was asked of that."""
    from pyimagesearch import cross_validation

    if options.leave_one_pair_out:
        parts = cross_validation.label_pairs(data)
    else:
        count = options.folds or audit.FOLDS
        parts = cross_validation.folds(data, clusters, count, recipe.seed)
    judged = cross_validation.judge(data, parts, clusters, recipe)
    print(f"\n{cross_validation.describe(data, parts, judged, recipe.seed)}")
    if options.audit:
        order = np.concatenate(list(parts.values()))
        suspicions = audit.find(
            [samples[index] for index in order],
            cross_validation.join(judged),
            data.targets[order],
            data.classes,
        )
        print(f"\n{len(suspicions)} of {len(samples)} photos have labels that are likely wrong")
        written = audit.write(suspicions, options.audit, options.max_pixels)
        console.say(f"wrote {', '.join(map(str, written))}")


def main() -> int:
    """Run the command and return its exit status."""
    options = train_arguments.parse()
    return console.run(lambda: work(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
