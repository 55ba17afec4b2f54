"""What classify.py does: tag photos, or score the model on labelled ones."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from pyimagesearch import console, labels
from pyimagesearch.cli import output
from pyimagesearch.cli.classify_arguments import names_one_file
from pyimagesearch.cli.output import Write
from pyimagesearch.cli.pictures import PictureWriter, check_display, show
from pyimagesearch.console import CommandError
from pyimagesearch.images import decoder, find, pool
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.tagger import Tagged, Tagger


def choose_writer(options: argparse.Namespace, known: Sequence[str], in_detail: bool) -> Write:
    """Return what prints one photo in the form asked for."""
    if options.csv:
        return output.csv_writer(known)
    return (
        output.json_writer(options.top_k)
        if options.json
        else output.text_writer(in_detail, options.top_k)
    )


def draw(
    path: Path, tagged: Tagged, pictures: PictureWriter | None, options: argparse.Namespace
) -> None:
    """Draw the tags on a copy of the photo, and write and show it as asked."""
    from pyimagesearch.cli.annotate import draw_tags

    try:
        pixels = pool.decode(decoder.read_bytes(path), max_pixels=options.max_pixels)
    except ImageError as error:
        console.warn(f"{path}: {error}; tagged, but not drawn")
        return
    picture = draw_tags(pixels, tagged)
    if pictures:
        console.status(f"wrote {pictures.write(path, picture)}")
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
    from pyimagesearch.evaluation import (
        evaluate,
        report,  # scikit-learn takes a second to load
    )

    tagger = Tagger.load(options.model, options.labelbin, options.engine, options.threshold)
    if tagger.config.features:
        scores = evaluate.evaluate_table(tagger, options.evaluate)
        print(report.describe_scores(scores, "rows"))
        return
    samples = labels.read(options.evaluate)
    print(report.describe_scores(evaluate.evaluate(tagger, samples, options.max_pixels)))


def tag(
    tagger: Tagger, options: argparse.Namespace
) -> Iterator[tuple[Path, Tagged]] | Iterator[tuple[Path, Tagged | ImageError]]:
    """Return the tags of each photo, or of each row of tables where the model takes those."""
    paths = map(Path, find.expand_paths(options.image))
    if tagger.config.image_size:
        return tagger.tag_files(paths, options.max_pixels)
    for option in ("output", "show", "sidecar"):
        if getattr(options, option):
            raise CommandError(f"--{option}: {options.model} tags rows of tables, not photos")
    return tagger.tag_tables(paths)


def tag_by_workers(options: argparse.Namespace) -> None:
    """Write the tags of every photo into parquet files."""
    from pyimagesearch.cluster.session import require

    require(options.workers)
    from pyimagesearch.cluster import tagging

    job = tagging.make_job(
        *(options.model, options.labelbin, options.engine, options.threshold),
        *(options.max_pixels, options.output),
    )
    tagging.tag(job, list(tagging.find_photos(options.image)), options.workers)


def classify(options: argparse.Namespace) -> None:
    """Tag every photo and write what was asked for, in the order of the input."""
    is_single = names_one_file(options.image)
    if options.show:
        check_display()
    pictures = PictureWriter(Path(options.output), is_single) if options.output else None
    tagger = Tagger.load(options.model, options.labelbin, options.engine, options.threshold)
    is_single = is_single and tagger.config.image_size > 0  # a table has many rows
    write = choose_writer(options, tagger.config.labels, is_single)
    done = unreadable = 0
    sidecar: Path | None = None
    for path, result in tag(tagger, options):
        with console.defer_interrupts():  # a row is written whole
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
        console.status(f"{unreadable} of {done + unreadable} photos skipped")
