"""One training run in this process, whichever way the recipe trains."""

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training import few_photos, heads, loop
from pyimagesearch.training.calibrate import Trained, trained
from pyimagesearch.training.checkpoint import Checkpoint
from pyimagesearch.training.loop import BuildModel, OnEpoch, ignore
from pyimagesearch.training.recipe import Recipe


def count_epochs(data: Dataset, recipe: Recipe) -> int:
    """Return how many epochs `fit` trains."""
    return heads.count_epochs(data, recipe) if recipe.backbone else recipe.epochs


def fit(
    build_model: BuildModel,
    data: Dataset,
    recipe: Recipe,
    on_epoch: OnEpoch = ignore,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Return a network trained on the training inputs of `data`, and what it makes of others.

    With a pretrained backbone only its heads are trained, and with few photos by cross-validation;
    other networks are trained from scratch, which continues from the `checkpoint`.
    """
    if few_photos.are_few(data, recipe):
        return few_photos.fit_few(build_model, data, recipe, on_epoch)
    model = build_model(data, recipe)
    if recipe.backbone:
        history = heads.fit(model, data, recipe, on_epoch)
    else:
        history = loop.fit(model, data, recipe, on_epoch, checkpoint)
    return trained(model, history, data, recipe)
