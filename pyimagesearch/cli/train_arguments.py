"""The command line of train.py, and the recipe that it asks for."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pyimagesearch.cli.arguments import file_path, positive_float, positive_int, share
from pyimagesearch.console import CommandError
from pyimagesearch.images import decoder
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.networks import build
from pyimagesearch.networks.build import Recipe


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = argparse.ArgumentParser(
        description="Train a tagger on labelled photos, such as those in folders named red_dress/."
    )

    def by_architecture(setting: str) -> str:
        settings = ((name, getattr(d, setting)) for name, d in build.DEFAULTS.items())
        values = (f"{value} for {name}" for name, value in settings if value)
        return f"default: {', '.join(values)}"

    files = parser.add_argument_group("files")
    files.add_argument(
        *("-d", "--dataset"),
        type=Path,
        default=Path("dataset"),
        metavar="PATH",
        help="photos in folders, a file with their labels, or a feature table (.arff, .npz, .csv); "
        "default: %(default)s",
    )
    for short, name, default, meaning in (
        ("-m", "--model", "fashion.model", "where the network goes"),
        ("-l", "--labelbin", "mlb.pickle", "where the label binarizer goes"),
        ("-p", "--plot", "plot.png", "where the picture of the training goes"),
    ):
        text = f"{meaning}; default: %(default)s"
        files.add_argument(
            short, name, type=file_path, default=Path(default), metavar="FILE", help=text
        )

    files.add_argument(
        "--labels",
        type=file_path,
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
        type=file_path,
        metavar="FILE",
        help="write what was understood as CSV, path,labels, before training",
    )
    files.add_argument(
        "--metrics",
        type=file_path,
        metavar="FILE",
        help="where the scores go, and what made them; default: metrics.json beside the model",
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
        choices=("auto", *build.DEFAULTS),
        default="auto",
        help="the network; auto: mlp for a feature table, factored where one label group is "
        "colours and there are other labels, else smallervggnet",
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
        "--resume",
        action="store_true",
        help="go on after the last whole epoch of a run that was stopped, to the same result; it "
        "is kept beside --model, as fashion.model.checkpoint",
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

    learning.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="train by N processes, of this machine or of the Ray cluster at RAY_ADDRESS, to the "
        "same result but for rounding; on one machine slower than without, see docs/cluster.md",
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
        default=decoder.MAX_PIXELS,
        metavar="N",
        help="skip photos of more pixels; default: %(default)s",
    )
    instead = parser.add_argument_group("instead of training a model; none is saved")
    question = instead.add_mutually_exclusive_group()
    question.add_argument(
        "--folds",
        type=positive_int,
        metavar="K",
        help="cross-validate: each K-th of the photos, or rows, predictions by a network that never saw "
        "it",
    )
    question.add_argument(
        "--leave-one-pair-out",
        action="store_true",
        help="judge combinations of labels, each by a network that never saw it: those whose "
        "labels the other photos still tell apart",
    )
    question.add_argument(
        "--audit",
        type=file_path,
        nargs="?",
        const=Path("audit.csv"),
        metavar="FILE",
        help="as --folds 5, then write the photos that would get other labels than their own, the "
        "likeliest mistakes first, as CSV, and 30 of them as a picture beside it; needs "
        "requirements-audit.txt; default: %(const)s",
    )
    question.add_argument(
        "--list-duplicates",
        action="store_true",
        help="print the near-duplicate photos, those of one on a line, separated by tabs",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show what TensorFlow and OpenCV print"
    )
    options = parser.parse_args(arguments)
    if not saves_model(options):
        if options.resume:
            parser.error("argument --resume: only goes on with the training of a model")
        if options.workers:
            parser.error("argument --workers: only trains a model")
    if options.folds == 1:
        parser.error("argument --folds: 1: at least 2 are needed")
    if not 0 <= options.seed < 2**31:
        parser.error(f"argument --seed: {options.seed}: a number from 0 to {2**31 - 1} is needed")
    return options


def saves_model(options: argparse.Namespace) -> bool:
    """Return whether the run trains a model to be saved, rather than answering a question."""
    instead = ("folds", "leave_one_pair_out", "audit", "list_duplicates")
    return not any(getattr(options, name) for name in instead)


def choose_recipe(
    options: argparse.Namespace,
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
    is_table: bool,
) -> Recipe:
    """Return the architecture with its defaults, and what the command line says in their place."""
    architecture = build.resolve_architecture(options.architecture, groups, classes, is_table)
    defaults = build.DEFAULTS[architecture]
    asked = {name: getattr(options, name) for name in vars(defaults) if hasattr(options, name)}
    settings = replace(defaults, **{name: value for name, value in asked.items() if value})
    if is_table and settings.image_size:
        raise CommandError(f"--image-size: {architecture} takes the features of a table")
    if not is_table and not build.SMALLEST <= settings.image_size <= build.LARGEST:
        raise CommandError(
            f"--image-size {settings.image_size}: from {build.SMALLEST} to {build.LARGEST} "
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
