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
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pyimagesearch import console, files, labels
from pyimagesearch.cli import train_arguments
from pyimagesearch.console import CommandError
from pyimagesearch.data import near_duplicates, tables
from pyimagesearch.data.cache import load_samples
from pyimagesearch.data.splits import Indices
from pyimagesearch.data.tables import LabelledTable
from pyimagesearch.evaluation import audit, evaluate, metrics_json, report
from pyimagesearch.labels import Sample, groups
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file import save_load
from pyimagesearch.networks.build import Recipe
from pyimagesearch.training.history import EpochMetrics, best_epoch

if TYPE_CHECKING:
    from sklearn.preprocessing import MultiLabelBinarizer

    from pyimagesearch.model_file.predictors import Inputs


def choose_groups(samples: Sequence[Sample], asked: Sequence[str] | None) -> list[LabelGroup]:
    """Return the label groups asked for, else those the data shows, else none."""
    if asked is not None:
        return groups.parse_groups(asked, sorted(labels.count_labels(samples)))
    try:
        return groups.find_groups(samples)
    except groups.AmbiguousGroupsError as error:
        console.warn(f"{error}; going on without label groups")
        return []


def read(options: argparse.Namespace) -> tuple[Sequence[Sample], LabelledTable | None]:
    """Return what is labelled: photos, or the rows of a feature table beside that table."""
    if not tables.is_table(options.dataset, options.labels, options.label_columns):
        return labels.read(options.dataset, options.labels, options.max_unreadable), None
    for option in ("export_labels", "list_duplicates", "audit"):
        if getattr(options, option):
            flag = f"--{option.replace('_', '-')}"
            raise CommandError(f"{flag}: {options.dataset} is a table, not photos")
    table = tables.read_labelled(options.dataset, options.labels, options.label_columns)
    return table.samples, table


def check_outputs(options: argparse.Namespace, samples: Sequence[Sample]) -> None:
    """Raise CommandError where what is to be written has no place, or that of another file."""
    outputs: dict[str, Path] = {}
    if train_arguments.saves_model(options):
        outputs |= {
            "--model": options.model,
            "--labelbin": options.labelbin,
            "--plot": options.plot,
            "--metrics": options.metrics,
            "the checkpoint": save_load.checkpoint_of(options.model),
        }
    if options.export_labels:
        outputs["--export-labels"] = options.export_labels
    if options.audit:
        outputs["--audit"] = options.audit
        outputs["the pictures of --audit"] = audit.sheet_beside(options.audit)
    for use, path in outputs.items():
        files.check_writable(path)
        if use in ("--plot", "the pictures of --audit") and options.dataset in path.parents:
            raise CommandError(
                f"{path}: lies among the photos of {options.dataset}, where the next run would "
                f"take it for one; name another place for {use}"
            )
    inputs = {"--dataset": options.dataset}
    if options.labels:
        inputs["--labels"] = options.labels
    elif xml := tables.find_xml(options.dataset):
        inputs["the label XML"] = xml
    files.check_different(inputs | outputs)
    if options.audit:
        audit.check(options.audit, labels.count_labels(samples))


def work(options: argparse.Namespace) -> None:
    """Read the photos or the table and do with them what was asked."""
    start = time.perf_counter()
    if options.workers:
        from pyimagesearch.cluster.session import require

        require(options.workers)
    samples, table = read(options)
    labels.check_labels(samples)
    options.metrics = options.metrics or options.model.with_name("metrics.json")
    check_outputs(options, samples)
    groups = choose_groups(samples, options.label_groups)
    classes = sorted(labels.count_labels(samples))
    recipe = train_arguments.choose_recipe(options, groups, classes, table is not None)
    if options.export_labels:
        labels.write_csv(samples, options.export_labels)
    if not options.list_duplicates:
        units = "photos" if table is None else "rows"
        print(report.describe_samples(samples, groups, units), flush=True)

    inputs: Inputs
    if table is not None:
        inputs, duplicate_groups = table.features, np.arange(len(samples))
    else:
        samples, inputs = load_samples(
            samples,
            recipe.settings.image_size,
            options.max_pixels,
            options.max_unreadable,
            options.cache,
        )
        duplicate_groups = near_duplicates.duplicate_groups(inputs)
        if options.list_duplicates:
            for alike in (found := report.near_duplicates(samples, duplicate_groups)):
                print("\t".join(map(str, alike)))
            if not found:
                console.status("no near-duplicates")
            return
        print(f"\n{report.describe_duplicates(duplicate_groups)}", flush=True)

    # TensorFlow and scikit-learn take seconds to load: first all that can fail without them.
    from pyimagesearch.training import loop

    names = table.names if table is not None else ()
    share, seed = recipe.validation_share, recipe.seed
    data, binarizer = loop.prepare(samples, inputs, groups, duplicate_groups, share, seed, names)
    if options.folds or options.leave_one_pair_out or options.audit:
        cross_validate(samples, data, duplicate_groups, recipe, options)
    else:
        train(samples, data, binarizer, recipe, options)
    console.status(f"done in {time.perf_counter() - start:.0f} s")


def train(
    samples: Sequence[Sample],
    data: "training.Data",
    binarizer: "MultiLabelBinarizer",
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Train a tagger, save it, and print how good it is."""
    from pyimagesearch.training import checkpoint, run

    def report_epoch(epoch: EpochMetrics) -> None:
        console.status(report.describe_epoch(epoch, recipe.settings.epochs))

    path = save_load.checkpoint_of(options.model)
    with checkpoint.keep(path, run.identify(data, recipe), options.resume) as checkpoint:
        done = run.run(data, recipe, report_epoch, checkpoint, options.workers)
        save(done, samples, data, binarizer, recipe, options)


def save(
    done: "runs.Run",
    samples: Sequence[Sample],
    data: "training.Data",
    binarizer: "MultiLabelBinarizer",
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Print the scores of a run, and write its files, each whole."""
    from pyimagesearch.evaluation import plots
    from pyimagesearch.training import run

    units, others = "rows" if data.features else "photos", len(data.validation)
    held = data.validation
    predictions, truth = done.tagger.predict(data.inputs, held), data.targets[held]
    scores = evaluate.score(predictions, truth, data.classes, recipe.seed)
    best = best_epoch(done.epochs).number
    print(f"\nvalidation, {others} {units} that trained nothing but chose the epoch ({best}):")
    print(report.describe_scores(scores, units))

    copy = run.onnx_bytes(done, data.inputs[held[:64]])
    loss = f"{recipe.loss}, weighted" if recipe.positive_weights else recipe.loss
    title = f"{recipe.architecture}, {len(data.training)} {units}, predictions on {others} others"
    made_by = {
        "recipe": asdict(recipe),
        "epoch": best,
        "epochs": [asdict(epoch) for epoch in done.epochs],
        f"training_{units}": len(data.training),
        f"validation_{units}": [samples[index].path for index in held],
        "flags": vars(options),
    }
    written = (options.model, options.labelbin, options.plot, options.metrics)
    with files.atomic_writes(written, ".keras") as (model, labelbin, plot, record):
        save_load.save(done.model, done.tagger.config, copy, binarizer, model, labelbin)
        plots.plot_history(done.epochs, title, plot, loss)
        metrics_json.write(record, scores, made_by)
    console.status(f"wrote {', '.join(map(str, written))}")


def cross_validate(
    samples: Sequence[Sample],
    data: "training.Data",
    duplicate_groups: Indices,
    recipe: Recipe,
    options: argparse.Namespace,
) -> None:
    """Have all photos predictions by networks that never saw them, and print what was asked of that."""
    from pyimagesearch.evaluation import cross_validation

    if options.leave_one_pair_out:
        parts = cross_validation.label_pairs(data)
    else:
        count = options.folds or audit.FOLDS
        parts = cross_validation.folds(data, duplicate_groups, count, recipe.seed)
    predictions = cross_validation.judge(data, parts, duplicate_groups, recipe)
    print(f"\n{cross_validation.describe(data, parts, predictions, recipe.seed)}")
    if options.audit:
        order = np.concatenate(list(parts.values()))
        issues = audit.find(
            [samples[index] for index in order],
            cross_validation.join(predictions),
            data.targets[order],
            data.classes,
        )
        print(f"\n{len(issues)} of {len(samples)} photos would get other labels than their own")
        written = audit.write(issues, options.audit, options.max_pixels)
        console.status(f"wrote {', '.join(map(str, written))}")


def main() -> int:
    """Run the command and return its exit status."""
    options = train_arguments.parse()
    return console.run(lambda: work(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
