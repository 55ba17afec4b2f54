"""The photos that several benchmarks learn from."""

from dataclasses import replace
from pathlib import Path

from pyimagesearch.networks.build import Recipe

from pyimagesearch import labels
from pyimagesearch.data import near_duplicates
from pyimagesearch.data.cache import load_images
from pyimagesearch.data.splits import Indices
from pyimagesearch.images import decoder
from pyimagesearch.labels.groups import find_groups
from pyimagesearch.networks import build
from pyimagesearch.training import loop


def prepare(
    dataset: Path, seed: int, epochs: int | None = None, architecture: str | None = None
) -> tuple[loop.Data, Indices, Recipe]:
    """Return the photos in `dataset`, their near-duplicate duplicate_groups (N,), and train.py's recipe.

    `epochs` and `architecture` take the place of what train.py would choose.
    """
    samples = labels.read(dataset).samples
    groups = find_groups(samples)
    name = architecture or build.choose(groups, sorted(labels.count_labels(samples)))
    settings = build.DEFAULTS[name]
    settings = replace(settings, epochs=epochs or settings.epochs)
    recipe = Recipe(name, settings, validation_share=0.2, seed=seed)
    samples, pixels = load_images(
        samples, settings.image_size, decoder.MAX_PIXELS, 0.1, Path(".cache")
    )
    duplicate_groups = near_duplicates.find_groups(pixels)
    data, _ = loop.prepare(samples, pixels, groups, duplicate_groups, recipe.validation_share, seed)
    return data, duplicate_groups, recipe
