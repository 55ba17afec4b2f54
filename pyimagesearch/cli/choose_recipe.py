"""The recipe that the options of train.py ask for."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file.config import LARGEST_IMAGE
from pyimagesearch.training.recipe import DEFAULTS, SMALLEST_IMAGE, Recipe, resolve_architecture


def _check_from_scratch(options: argparse.Namespace) -> None:
    """Raise CommandError if an option is set that only networks trained from scratch have."""
    for name, default in (("loss", "bce"), ("positive_weights", False), ("workers", None)):
        if getattr(options, name) != default:
            raise CommandError(
                f"--{name.replace('_', '-')}: is for networks that are trained from scratch; add "
                "--weights none"
            )


def choose_recipe(
    options: argparse.Namespace,
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
    is_table: bool,
) -> Recipe:
    """Return the default recipe of the architecture, changed by what the command line sets.

    Raises CommandError if the settings do not fit the data.
    """
    architecture = resolve_architecture(
        options.architecture, options.weights, groups, classes, is_table
    )
    recipe = DEFAULTS[architecture]
    given = {name: value for name, value in vars(options).items() if value is not None}
    settings = {name: given[name] for name in vars(recipe) if name in given}
    recipe = replace(recipe, **(settings | {"architecture": recipe.architecture}))
    if options.epochs:
        recipe = replace(recipe, fewest_steps=0)
    if recipe.backbone:
        _check_from_scratch(options)
    if is_table and recipe.image_size:
        raise CommandError(f"--image-size: {options.dataset} is a feature table; leave it out")
    if not is_table and not SMALLEST_IMAGE <= recipe.image_size <= LARGEST_IMAGE:
        raise CommandError(
            f"--image-size {recipe.image_size}: must be from {SMALLEST_IMAGE} to {LARGEST_IMAGE}"
        )
    if recipe.architecture == "pretrained" and recipe.image_size % 32:
        raise CommandError(f"--image-size {recipe.image_size}: must be a multiple of 32")
    return recipe
