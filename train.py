"""Train a tagger on labelled photos, such as those in folders named red_dress/.

python train.py
python train.py --dataset posters.csv
python train.py --dataset photos --labels coco.json --export-labels labels.csv
python train.py --dataset yeast-train.arff --labels yeast.xml
python train.py --dataset dataset --model fashion.model --labelbin mlb.pickle --plot plot.png
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from pyimagesearch import (
    artifacts,
    console,
    feature_tables,
    images,
    label_groups,
    labels,
    networks,
    report,
    thresholds,
    whole_files,
)
from pyimagesearch.arguments import positive_float, positive_int, share
from pyimagesearch.console import CommandError
from pyimagesearch.label_groups import LabelGroup
from pyimagesearch.labels import Sample
from pyimagesearch.loading import load_samples
from pyimagesearch.networks import Defaults

if TYPE_CHECKING:
    import keras

    from pyimagesearch import training
    from pyimagesearch.training import Inputs


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = argparse.ArgumentParser(
        description="Train a tagger on labelled photos, such as those in folders named red_dress/."
    )

    def by_architecture(setting: str) -> str:
        settings = ((name, getattr(d, setting)) for name, d in networks.DEFAULTS.items())
        values = (f"{value} for {name}" for name, value in settings if value)
        return f"default: {', '.join(values)}"

    files = parser.add_argument_group("files")
    for short, name, default, metavar, meaning in (
        (
            "-d",
            "--dataset",
            "dataset",
            "PATH",
            "photos in folders, a file with their labels, or a feature table (.arff, .npz, .csv)",
        ),
        ("-m", "--model", "fashion.model", "FILE", "where the network goes"),
        ("-l", "--labelbin", "mlb.pickle", "FILE", "where the label binarizer goes"),
        ("-p", "--plot", "plot.png", "FILE", "where the picture of the training goes"),
    ):
        text = f"{meaning}; default: %(default)s"
        files.add_argument(
            short, name, type=Path, default=Path(default), metavar=metavar, help=text
        )

    files.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="labels of the photos in the folder --dataset: CSV (path,labels or a column of 0 and "
        "1 for each label), or JSON of COCO or Label Studio; default: the text files beside the "
        "photos, else the folders' names: red_dress, _none for no label; of a feature table: "
        "Mulan's XML; default: the one beside it",
    )
    files.add_argument(
        "--label-columns",
        type=lambda text: text.split(","),
        metavar="A,B,...",
        help="the columns of a feature table that are labels (0 or 1), where no XML names them",
    )
    files.add_argument(
        "--export-labels",
        type=Path,
        metavar="FILE",
        help="write what was understood as CSV, path,labels, before training",
    )
    files.add_argument(
        "--cache",
        type=Path,
        default=Path(".cache"),
        metavar="FOLDER",
        help="decoded photos, kept for the next run; may be deleted; default: %(default)s",
    )

    learning = parser.add_argument_group("learning")
    learning.add_argument(
        "--architecture",
        choices=("auto", *networks.DEFAULTS),
        default="auto",
        help="the network; auto: mlp for a feature table, factored where a label group is colours, "
        "else smallervggnet",
    )
    for name, kind, unit in (
        ("--epochs", positive_int, "passes over the photos"),
        ("--batch-size", positive_int, "photos a step"),
        ("--learning-rate", positive_float, "at the peak of its one cycle"),
        ("--image-size", positive_int, "pixels a side"),
    ):
        text = f"{unit}; {by_architecture(name[2:].replace('-', '_'))}"
        learning.add_argument(name, type=kind, metavar="N", help=text)
    learning.add_argument(
        "--validation",
        type=share,
        default=0.2,
        metavar="SHARE",
        help="share of the photos held out to judge the network; default: %(default)s",
    )
    learning.add_argument(
        "--seed",
        type=int,
        default=42,
        metavar="N",
        help="the same seed gives the same model on the same machine; default: %(default)s",
    )

    learning.add_argument(
        "--loss",
        choices=("bce", "focal", "asymmetric", "ranking"),
        default="bce",
        help="bce: binary cross-entropy, right for most data; asymmetric: many labels, each rare, "
        "to find more of them; focal: like it, milder; ranking (BP-MLL): only their order "
        "matters; default: %(default)s",
    )
    learning.add_argument(
        "--positive-weights",
        action="store_true",
        help="count a label's positives as much as its negatives (at most 20 times): finds rare "
        "labels, at the price of wrong tags and of probabilities that are too high",
    )

    data = parser.add_argument_group("data")
    data.add_argument(
        "--label-groups",
        nargs="+",
        metavar="GROUP",
        help="labels that exclude each other, as colour=black,red garment=dress,jeans, the "
        "colours under the name colour; or none; default: read off the data",
    )
    data.add_argument(
        "--max-unreadable",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="stop where more than this share of the photos, or of the rows that label them, "
        "cannot be used; default: %(default)s",
    )
    data.add_argument(
        "--max-pixels",
        type=positive_int,
        default=images.MAX_PIXELS,
        metavar="N",
        help="skip photos of more pixels; default: %(default)s",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show what TensorFlow and OpenCV print"
    )
    options = parser.parse_args(arguments)
    if not -(2**31) <= options.seed < 2**31:
        parser.error(f"argument --seed: {options.seed}: must fit 32 bits")
    return options


def choose_groups(samples: Sequence[Sample], asked: Sequence[str] | None) -> list[LabelGroup]:
    """Return the label groups asked for, else those the data shows, else none."""
    if asked is not None:
        return label_groups.parse_groups(asked, sorted(labels.count_labels(samples)))
    try:
        return label_groups.find_groups(samples)
    except label_groups.AmbiguousGroupsError as error:
        console.warn(f"{error}; going on without label groups")
        return []


def choose_settings(options: argparse.Namespace, architecture: str) -> Defaults:
    """Return the architecture's defaults with what the command line says in their place."""
    defaults = networks.DEFAULTS[architecture]
    asked = {name: getattr(options, name) for name in vars(defaults) if hasattr(options, name)}
    settings = replace(defaults, **{name: value for name, value in asked.items() if value})
    if not defaults.image_size and settings.image_size:
        raise CommandError(f"--image-size: {architecture} takes the features of a table")
    if settings.image_size < settings.smallest:
        raise CommandError(
            f"--image-size {settings.image_size}: {architecture} needs {settings.smallest} or more"
        )
    return settings


def train(options: argparse.Namespace) -> None:
    """Read, train and save."""
    start = time.perf_counter()
    table = None
    if feature_tables.is_table(options.dataset, options.labels, options.label_columns):
        table = feature_tables.read_labelled(options.dataset, options.labels, options.label_columns)
        samples = table.samples
    else:
        samples = labels.read(options.dataset, options.labels, options.max_unreadable)
    labels.check_labels(samples)
    if options.export_labels:
        if table is not None:
            raise CommandError(f"--export-labels: {options.dataset} is a table, not photos")
        labels.write_csv(samples, options.export_labels)
    for path in (options.model, options.labelbin, options.plot):
        whole_files.check_writable(path)
    groups = choose_groups(samples, options.label_groups)
    print(report.describe_samples(samples, groups), flush=True)

    classes = tuple(sorted(labels.count_labels(samples)))
    architecture = networks.choose_asked(options.architecture, groups, classes, table is not None)
    settings = choose_settings(options, architecture)
    side = settings.image_size
    inputs: Inputs
    if table is not None:
        inputs, unit, size = table.features, "rows", f"{len(table.names)} features"
    else:
        unit, size = "photos", f"{side} x {side} pixels"
        samples, inputs = load_samples(
            samples, side, options.max_pixels, options.max_unreadable, options.cache
        )

    # TensorFlow and scikit-learn take seconds to load: first all that can fail without them.
    from pyimagesearch import losses, plots, training

    data, binarizer = training.prepare(samples, inputs, groups, options.validation, options.seed)
    weights = losses.balance(data.targets[data.training]) if options.positive_weights else None
    schedule = training.Schedule(
        settings.epochs,
        settings.batch_size,
        settings.learning_rate,
        options.seed,
        loss=losses.Loss(options.loss, weights),
    )
    if table is not None:
        model = networks.build_mlp(table.features[data.training], data.classes, options.seed)
    else:
        model = networks.build(architecture, side, groups, data.classes, options.seed)
    console.say(
        f"training {architecture} ({model.count_params():,} parameters) on "
        f"{len(data.training)} {unit} of {size}, judged on {len(data.validation)} others"
    )
    epochs = fit_with_progress(model, data, schedule)

    card = artifacts.Card(
        architecture=architecture,
        image_size=settings.image_size,
        labels=tuple(data.classes),
        thresholds=tuple(map(float, thresholds.default_thresholds(groups, data.classes))),
        groups=tuple(groups),
        combinations=tuple(sorted({samples[index].labels for index in data.training})),
        features=table.names if table is not None else (),
    )
    copy = serving_copy(model, card, inputs[data.validation[:64]])
    artifacts.save(model, card, copy, binarizer, options.model, options.labelbin)
    best = training.best_epoch(epochs)
    title = f"{architecture}, {len(data.training)} {unit}, judged on {len(data.validation)} others"
    with whole_files.whole_file(options.plot) as new_plot:
        plots.plot_history(epochs, title, new_plot)
    print(f"\nvalidation, {len(data.validation)} {unit} never trained on, epoch {best.number}:")
    print(f"exact match {best.validation_exact_match:.3f}   (all labels of a photo right)")
    print(f"per label   {best.validation_label_accuracy:.3f}   ", end="")
    print(f"(a tagger that says nothing gets {1 - data.targets[data.validation].mean():.3f})")
    console.say(f"wrote {options.model}, {options.labelbin} and {options.plot}")
    console.say(f"done in {time.perf_counter() - start:.0f} s")


def serving_copy(model: "keras.Model", card: artifacts.Card, inputs: "Inputs") -> bytes | None:
    """Return the ONNX copy of `model`, tried on `inputs`, or None with a warning."""
    from pyimagesearch import serving
    from pyimagesearch.onnx_export import UnknownLayerError

    try:
        return serving.make_copy(model, card, inputs)
    except (UnknownLayerError, ValueError) as error:
        console.warn(f"{error}; saved without an ONNX copy, classify.py will use Keras")
        return None


def fit_with_progress(
    model: "keras.Model",
    data: "training.Data",
    schedule: "training.Schedule",
) -> "list[training.Epoch]":
    """Train `model`, with a line an epoch and, on a terminal, a progress bar."""
    from pyimagesearch import training
    from pyimagesearch.augment import Augmentation

    steps = schedule.epochs * training.steps_per_epoch(data, schedule)
    bar = tqdm(total=steps, desc="training", unit="step", file=sys.stderr, disable=None)

    def report_epoch(epoch: training.Epoch) -> None:
        console.say(
            f"epoch {epoch.number}/{schedule.epochs}  {epoch.seconds:.1f} s  "
            f"loss {epoch.loss:.3f}  validation loss {epoch.validation_loss:.3f}  "
            f"exact match {epoch.validation_exact_match:.3f}  "
            f"per label {epoch.validation_label_accuracy:.3f}"
        )

    with bar:
        return training.fit(model, data, schedule, Augmentation(), bar.update, report_epoch)


def main() -> int:
    """Run the command and return its exit status."""
    options = parse()
    return console.run(lambda: train(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
