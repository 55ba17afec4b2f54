"""The command line of classify.py."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch.cli.arguments import file_path, nonempty, positive_int, share
from pyimagesearch.images.headers import MAX_PIXELS

FORMS = ("json", "csv", "top_k", "sidecar", "show")  # of what is said of each photo


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = argparse.ArgumentParser(description="Tag photos with a model that train.py saved.")
    files = parser.add_argument_group("files")
    what = files.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "-i",
        "--image",
        type=nonempty,
        nargs="+",
        metavar="PATH",
        help="photos and folders of photos, or feature tables where the model was trained on one; "
        "- reads paths from standard input, one a line",
    )
    what.add_argument(
        "--evaluate",
        type=Path,
        metavar="PATH",
        help="score the model on labelled photos, in folders or a file with their labels as "
        "train.py takes them, or on a feature table where the model was trained on one; those that "
        "trained it flatter",
    )
    for short, name, default, meaning in (
        ("-m", "--model", "fashion.model", "the network"),
        ("-l", "--labelbin", "mlb.pickle", "its label binarizer"),
    ):
        text = f"{meaning}, as train.py wrote it; default: %(default)s"
        files.add_argument(
            short, name, type=file_path, default=Path(default), metavar="FILE", help=text
        )
    files.add_argument(
        "--max-pixels",
        type=positive_int,
        default=MAX_PIXELS,
        metavar="N",
        help="skip photos of more pixels; default: %(default)s",
    )

    files.add_argument(
        "--engine",
        choices=("auto", "onnx", "keras"),
        default="auto",
        help="what runs the network; auto: onnx where the model holds its ONNX copy",
    )

    parser.add_argument_group("decision").add_argument(
        "--threshold",
        type=share,
        metavar="P",
        help="a label counts from this probability on, and of a label group the best, even in a "
        "photo that looks like nothing known; default: what train.py chose on validation photos",
    )

    output = parser.add_argument_group("output")
    form = output.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        action="store_true",
        help="one object a line: image, tags that count, probabilities of all labels, or an error",
    )
    form.add_argument(
        "--csv", action="store_true", help="a row a photo: image, tags, a column a label, error"
    )
    output.add_argument(
        "--top-k",
        type=positive_int,
        metavar="N",
        help="show the N likeliest labels only; does not change which tags count",
    )
    output.add_argument(
        "--output",
        metavar="PATH",
        help="write copies with the tags on them: a file for one photo, a folder for several; with "
        "--workers: a folder or URL for parquet files of the tags",
    )
    output.add_argument(
        "--sidecar",
        action="store_true",
        help="write the tags, one a line, to photo.txt beside photo.jpg, over an older one; "
        "train.py reads them",
    )
    output.add_argument(
        "--show", action="store_true", help="open a window with each tagged photo; a key goes on"
    )
    parser.add_argument_group("many photos").add_argument(
        "--workers",
        type=positive_int,
        metavar="N",
        help="tag by N processes of one CPU, of this machine or of the Ray cluster at RAY_ADDRESS, "
        "and go on where an earlier run stopped; photos may be URLs of object stores; on one "
        "machine slower than without, see docs/cluster.md",
    )
    parser.add_argument(
        "--verbose", action="store_true", help="show what TensorFlow and OpenCV print"
    )
    options = parser.parse_args(arguments)
    if options.evaluate:
        refuse(parser, options, "--evaluate", (*FORMS, "output", "workers"))
    if options.csv and options.top_k:
        parser.error("argument --top-k: not with --csv, which has a column for every label")
    if options.workers:
        if not options.image or not options.output:
            parser.error("argument --workers: needs --image, and --output for the tags")
        refuse(parser, options, "--workers", FORMS)
    return options


def refuse(
    parser: argparse.ArgumentParser,
    options: argparse.Namespace,
    beside: str,
    names: Sequence[str],
) -> None:
    """End the process with exit status 2 where one of `names` is asked for beside a flag."""
    for name in names:
        if getattr(options, name):
            parser.error(f"argument --{name.replace('_', '-')}: not with {beside}")


def names_one_file(images: Sequence[str]) -> bool:
    """Return whether --image names one file, rather than a folder or several."""
    return len(images) == 1 and images[0] != "-" and not Path(images[0]).is_dir()
