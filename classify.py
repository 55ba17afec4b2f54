"""Tag photos with a model that train.py saved.

python classify.py --image photo.jpg
python classify.py --image photos/ more.png --csv > tags.csv
python classify.py --evaluate photos/
find . -name '*.jpg' | python classify.py --image - --json
python classify.py --image photo.jpg --output tagged.png
python classify.py --image photos/ --workers 8 --output tags.parquet
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pyimagesearch import console
from pyimagesearch.cli import classify_arguments
from pyimagesearch.console import CommandError
from pyimagesearch.images import processes

if TYPE_CHECKING:
    from pyimagesearch.images.headers import ImageError
    from pyimagesearch.tagger import Tagged, Tagger


def classify(options: argparse.Namespace) -> None:
    """Load the model, tag every photo, and write what was asked for, in the order of the input."""
    is_single = classify_arguments.is_single_file(options.image)
    # The decoders start while the rest of this process loads, which takes as long.
    processes.start(1 if is_single else processes.processors())

    from pyimagesearch.cli import draw, output
    from pyimagesearch.cli.tag_files import TagFiles
    from pyimagesearch.images.headers import ImageError

    tagger = load_tagger(options)
    if not tagger.config.image_size:
        check_table_options(options)
        is_single = False  # a table has many rows
    pictures = draw.PictureWriter(options, is_single) if options.output or options.show else None
    write_row = output.make_writer(options, tagger.config.labels, is_single)
    tag_files = TagFiles(options, tagger.config)
    tagged = unreadable = 0
    for path, result in tag(tagger, options):
        with console.defer_interrupts():  # so that every row is complete
            write_row(path, result)
        if isinstance(result, ImageError):
            console.warn(f"{path}: {result}; skipped")
            unreadable += 1
            continue
        tagged += 1
        tag_files.write(path, result)
        if pictures:
            pictures.write(path, result)
    tag_files.finish()
    if not tagged:
        reason = "none of the photos can be read" if unreadable else "no photos found"
        raise CommandError(f"{', '.join(options.image)}: nothing to tag: {reason}")
    if unreadable:
        console.status(f"{unreadable} of {tagged + unreadable} photos skipped")


def load_tagger(options: argparse.Namespace) -> "Tagger":
    """Return the tagger in the files that train.py saved: fashion.model and mlb.pickle."""
    from pyimagesearch.tagger import Tagger

    return Tagger.load(options.model, options.labelbin, options.engine, options.threshold)


def check_table_options(options: argparse.Namespace) -> None:
    """Raise CommandError if an option is set that has no meaning for the rows of tables."""
    for name in classify_arguments.FOR_PHOTOS:
        if getattr(options, name):
            flag = f"--{name.replace('_', '-')}"
            raise CommandError(
                f"{flag}: works with photos only, and {options.model} tags rows of tables"
            )


def tag(
    tagger: "Tagger", options: argparse.Namespace
) -> Iterator[tuple[Path, "Tagged | ImageError"]]:
    """Yield the tags of each photo, or of each row of tables if the model takes tables."""
    from pyimagesearch.images.find import expand_paths

    paths = map(Path, expand_paths(options.image))
    if tagger.config.image_size:
        yield from tagger.tag_files(paths, options.max_pixels)
    else:
        yield from tagger.tag_tables(paths)


def evaluate(options: argparse.Namespace) -> None:
    """Print the scores of the model on labelled photos, or on the rows of a labelled table."""
    from pyimagesearch import labels
    from pyimagesearch.evaluation import evaluate, report  # scikit-learn takes a second to load

    tagger = load_tagger(options)
    if tagger.config.features:
        scores = evaluate.evaluate_table(tagger, options.evaluate)
        print(report.describe_scores(scores, "rows"))
    else:
        samples = labels.read(options.evaluate).samples
        print(report.describe_scores(evaluate.evaluate(tagger, samples, options.max_pixels)))


def classify_with_workers(options: argparse.Namespace) -> None:
    """Write the tags of every photo into parquet files, with several processes or machines."""
    from pyimagesearch.cluster.session import check_workers

    check_workers(options.workers)
    from pyimagesearch.cluster import tagging

    job = tagging.make_job(
        *(options.model, options.labelbin, options.engine, options.threshold),
        *(options.max_pixels, options.output),
    )
    tagging.tag(job, list(tagging.find_photos(options.image)), options.workers)


def run(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    if options.evaluate:
        evaluate(options)
    elif options.workers:
        classify_with_workers(options)
    else:
        classify(options)


def main() -> int:
    """Run the command and return its exit status."""
    options = classify_arguments.parse()
    return console.run(lambda: run(options), options.verbose)


if __name__ == "__main__":
    sys.exit(main())
