"""Tag photos with a model that train.py saved.

python classify.py --image photo.jpg
python classify.py --image photos/ more.png --csv > tags.csv
python classify.py --evaluate photos/
find . -name '*.jpg' | python classify.py --image - --json
python classify.py --image photo.jpg --output tagged.png
python classify.py --image photos/ --workers 8 --output tags.parquet
"""

from pyimagesearch import startup

# isort: split
import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyimagesearch import console, decoding, folders, images, labels, rows, stopping
from pyimagesearch.arguments import file_path, positive_int, share
from pyimagesearch.console import CommandError
from pyimagesearch.images import ImageError
from pyimagesearch.pictures import PictureWriter, check_display, show
from pyimagesearch.rows import Write
from pyimagesearch.tagger import Tagged, Tagger


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; wrong ones end the process with exit status 2."""
    parser = argparse.ArgumentParser(description="Tag photos with a model that train.py saved.")
    files = parser.add_argument_group("files")
    what = files.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "-i",
        "--image",
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
        "train.py takes them, or on a feature table where the model was trained on one",
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
        default=images.MAX_PIXELS,
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
        for option in ("json", "csv", "top_k", "output", "sidecar", "show", "workers"):
            if getattr(options, option):
                parser.error(f"argument --{option.replace('_', '-')}: not with --evaluate")
    if options.csv and options.top_k:
        parser.error("argument --top-k: not with --csv, which has a column for every label")
    if options.workers:
        if not options.image or not options.output:
            parser.error("argument --workers: needs --image, and --output for the tags")
        for option in ("json", "csv", "top_k", "sidecar", "show"):
            if getattr(options, option):
                parser.error(f"argument --{option.replace('_', '-')}: not with --workers")
    return options


def choose_writer(options: argparse.Namespace, known: Sequence[str], in_detail: bool) -> Write:
    """Return what prints one photo in the form asked for."""
    if options.csv:
        return rows.csv_writer(known)
    return (
        rows.json_writer(options.top_k)
        if options.json
        else rows.text_writer(in_detail, options.top_k)
    )


def draw(
    path: Path, tagged: Tagged, pictures: PictureWriter | None, options: argparse.Namespace
) -> None:
    """Draw the tags on a copy of the photo, and write and show it as asked."""
    from pyimagesearch.annotate import draw_tags

    try:
        pixels = decoding.decode(images.read_bytes(path), max_pixels=options.max_pixels)
    except ImageError as error:
        console.warn(f"{path}: {error}; tagged, but not drawn")
        return
    picture = draw_tags(pixels, tagged)
    if pictures:
        console.say(f"wrote {pictures.write(path, picture)}")
    if options.show:
        show(path, picture)


def write_sidecar(path: Path, tagged: Tagged, last: Path | None) -> Path:
    """Write the tags beside the photo; return the file's path. `last` is the one written before."""
    sidecar = labels.sidecar_of(path)
    if sidecar == last:
        console.warn(f"{path}: {sidecar} has the tags of another photo; not written")
        return sidecar
    return labels.write_sidecar(path, tagged.tags)


def evaluate(options: argparse.Namespace) -> None:
    """Print the scores of the model on labelled photos, or on the rows of a labelled table."""
    from pyimagesearch import evaluation, report  # scikit-learn takes a second to load

    tagger = Tagger.load(options.model, options.labelbin, options.engine, options.threshold)
    if tagger.card.features:
        scores = evaluation.evaluate_table(tagger, options.evaluate)
        print(report.describe_scores(scores, "rows"))
        return
    samples = labels.read(options.evaluate)
    print(report.describe_scores(evaluation.evaluate(tagger, samples, options.max_pixels)))


def tag(
    tagger: Tagger, options: argparse.Namespace
) -> Iterator[tuple[Path, Tagged]] | Iterator[tuple[Path, Tagged | ImageError]]:
    """Return the tags of each photo, or of each row of tables where the model takes those."""
    paths = map(Path, folders.find_arguments(options.image))
    if tagger.card.image_size:
        return tagger.tag_files(paths, options.max_pixels)
    for option in ("output", "show", "sidecar"):
        if getattr(options, option):
            raise CommandError(f"--{option}: {options.model} tags rows of tables, not photos")
    return tagger.tag_tables(paths)


def tag_by_workers(options: argparse.Namespace) -> None:
    """Write the tags of every photo into parquet files."""
    from pyimagesearch.cluster.session import require_ray

    require_ray()
    from pyimagesearch.cluster import tagging

    job = tagging.make_job(
        *(options.model, options.labelbin, options.engine, options.threshold),
        *(options.max_pixels, options.output),
    )
    tagging.tag(job, list(tagging.find_photos(options.image)), options.workers)


def classify(options: argparse.Namespace) -> None:
    """Tag every photo and write what was asked for, in the order of the input."""
    if options.workers:
        tag_by_workers(options)
        return
    is_single = len(options.image) == 1 and not (
        options.image[0] == "-" or Path(options.image[0]).is_dir()
    )
    if options.show:
        check_display()
    pictures = PictureWriter(Path(options.output), is_single) if options.output else None
    decoding.start(
        1 if is_single else decoding.processors()
    )  # they get ready while the model loads
    tagger = Tagger.load(options.model, options.labelbin, options.engine, options.threshold)
    is_single = is_single and tagger.card.image_size > 0  # a table has many rows
    write = choose_writer(options, tagger.card.labels, is_single)
    done = unreadable = 0
    sidecar: Path | None = None
    for path, result in tag(tagger, options):
        with stopping.between_steps():  # a row is written whole
            write(path, result)
        if isinstance(result, ImageError):
            console.warn(f"{path}: {result}; skipped")
            unreadable += 1
            continue
        done += 1
        if options.sidecar:
            sidecar = write_sidecar(path, result, sidecar)
        if pictures or options.show:
            draw(path, result, pictures, options)
    if not done:
        where = ", ".join(options.image)
        found = "none can be read" if unreadable else "no photos there"
        raise CommandError(f"{where}: nothing to tag: {found}")
    if unreadable:
        console.say(f"{unreadable} of {done + unreadable} photos skipped")


def main() -> int:
    """Run the command and return its exit status."""
    options = parse()
    startup.done()
    return console.run(
        lambda: evaluate(options) if options.evaluate else classify(options), options.verbose
    )


if __name__ == "__main__":
    sys.exit(main())
