"""The command line of classify.py."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch.cli.arguments import file_path, fraction, nonempty, positive_int
from pyimagesearch.images.headers import MAX_PIXELS

FOR_PHOTOS = ("output", "show", "sidecar", "keywords", "label_studio")
FORMS = ("json", "csv", "top_k", "sidecar", "keywords", "label_studio", "show")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.evaluate:
        _refuse(parser, options, "--evaluate", (*FORMS, "output", "workers"))
    if options.csv and options.top_k:
        parser.error("argument --top-k: not allowed with --csv, which has a column for every label")
    if options.workers:
        if not options.image or not options.output:
            parser.error("argument --workers: needs --image, and --output for the tags")
        _refuse(parser, options, "--workers", FORMS)
    return options


def _refuse(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    flag: str,
    names: Sequence[str],
) -> None:
    """End the process with exit status 2 if one of `names` is used together with `flag`."""
    for name in names:
        if getattr(options, name):
            parser.error(f"argument --{name.replace('_', '-')}: not allowed with {flag}")


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of classify.py's command line."""
    parser = argparse.ArgumentParser(
        prog="classify.py", description="Tag photos with a model that train.py saved."
    )
    _add_files(parser.add_argument_group("files"))
    parser.add_argument_group("decision").add_argument(
        "--threshold",
        type=fraction,
        metavar="P",
        help="use this threshold for every label instead of the trained ones; within a label group "
        "only the best label can be chosen; turns off rejection of unknown photos",
    )
    _add_output(parser.add_argument_group("output"))
    parser.add_argument_group("many photos").add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="tag with N processes of one CPU each, on this machine or on the Ray cluster at "
        "RAY_ADDRESS; continues a run that was stopped; photos may be URLs of object stores; "
        "slower on a single machine, see docs/cluster.md",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show messages of TensorFlow and OpenCV"
    )
    return parser


def _add_files(files: argparse._ArgumentGroup) -> None:
    what = files.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "-i",
        "--image",
        type=nonempty,
        nargs="+",
        metavar="PATH",
        help="photos and folders of photos, or feature tables if the model was trained on one; "
        "- reads paths from standard input, one per line",
    )
    what.add_argument(
        "--evaluate",
        type=Path,
        metavar="PATH",
        help="print the scores of the model on labelled photos: a folder or a file with labels, as "
        "for train.py, or a feature table if the model was trained on one; scores on the training "
        "photos are too optimistic",
    )
    files.add_argument(
        "-m",
        "--model",
        type=file_path,
        default=Path("fashion.model"),
        metavar="FILE",
        help="the model that train.py saved; default: %(default)s",
    )
    files.add_argument(
        "-l",
        "--labelbin",
        type=file_path,
        default=Path("mlb.pickle"),
        metavar="FILE",
        help="the label binarizer that train.py saved; default: %(default)s",
    )
    files.add_argument(
        "--max-pixels",
        type=positive_int,
        default=MAX_PIXELS,
        metavar="N",
        help="skip photos with more pixels; default: %(default)s",
    )
    files.add_argument(
        "--engine",
        choices=("auto", "onnx", "keras"),
        default="auto",
        help="what runs the network; auto: onnx if the model holds an ONNX export, else keras",
    )


def _add_output(output: argparse._ArgumentGroup) -> None:
    form = output.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object per line: image, tags and the probabilities of all labels, or "
        "an error",
    )
    form.add_argument(
        "--csv",
        action="store_true",
        help="print one CSV row per photo: image, tags, a column per label, error",
    )
    output.add_argument(
        "--top-k",
        type=positive_int,
        metavar="N",
        help="show only the N most likely labels; does not change the tags",
    )
    output.add_argument(
        "--output",
        metavar="PATH",
        help="write copies with the tags on them: to a file for one photo, into a folder for "
        "several; with --workers: a folder or URL for parquet files of the tags",
    )
    output.add_argument(
        "--sidecar",
        action="store_true",
        help="write the tags to photo.txt next to photo.jpg, one per line; train.py reads these "
        "files",
    )
    output.add_argument(
        "--keywords",
        action="store_true",
        help="write the tags as keywords (XMP) into the JPEG files, which photo managers read; the "
        "picture is not encoded again",
    )
    output.add_argument(
        "--existing",
        choices=("keep", "append", "replace"),
        default="keep",
        help="what --sidecar and --keywords do with labels that a photo already has; default: "
        "%(default)s",
    )
    output.add_argument(
        "--label-studio",
        type=file_path,
        metavar="FILE",
        help="write tasks for Label Studio, with the tags as predictions, and the labelling "
        "interface next to them as .xml; Label Studio serves the current folder as local files",
    )
    output.add_argument(
        "--show",
        action="store_true",
        help="open a window with each tagged photo; press any key for the next",
    )


def is_single_file(images: Sequence[str]) -> bool:
    """Return whether --image is a single file, rather than a folder or several paths."""
    return len(images) == 1 and images[0] != "-" and not Path(images[0]).is_dir()
