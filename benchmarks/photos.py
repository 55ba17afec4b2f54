"""The photos that several benchmarks train on, loaded as train.py loads them."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from pyimagesearch import labels
from pyimagesearch.cli import train_arguments
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.images import pool
from pyimagesearch.tagger import Tagger, accept_all
from pyimagesearch.training.recipe import Recipe
from train import load as load_labelled


def make_parser(doc: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark that trains; see `load`.

    `doc` is the docstring of the benchmark; its first line is the description.
    """
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True, help="folder of labelled photos")
    parser.add_argument("--epochs", type=int, help="default: those of train.py")
    parser.add_argument("--weights", choices=("imagenet", "none"), default="imagenet")
    return parser


def load(
    dataset: Path,
    seed: int,
    epochs: int | None = None,
    architecture: str = "auto",
    cache: Path = Path(".cache"),
    weights: str = "imagenet",
) -> tuple[Dataset, Recipe]:
    """Return the photos in `dataset` and train.py's recipe for them.

    `epochs`, `architecture` and `weights` are options of train.py. Raises CommandError if the
    photos cannot be used.
    """
    arguments = ["--dataset", dataset, "--seed", seed, "--cache", cache]
    arguments += ["--architecture", architecture, "--weights", weights]
    if epochs:
        arguments += ["--epochs", epochs]
    options = train_arguments.parse(list(map(str, arguments)))
    # stdout is for the results of the benchmark.
    with contextlib.redirect_stdout(sys.stderr):
        data, _, recipe = load_labelled(options)
    return data, recipe


def paths_of(dataset: Path) -> list[Path]:
    """Return the paths of the labelled photos in `dataset`."""
    return [sample.path for sample in labels.read(dataset).samples]


def decode_all(paths: Sequence[Path], side: int) -> None:
    """Decode as the commands do, to squares of `side` pixels, and do nothing else."""
    for _ in pool.load_many(paths, side):
        pass


def without_rejection(tagger: Tagger) -> Tagger:
    """Return `tagger` without its rejection of unknown photos."""
    return Tagger(accept_all(tagger.config), tagger.network)
