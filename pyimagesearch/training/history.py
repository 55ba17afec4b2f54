"""The metrics of each epoch of a training, and which epoch was the best."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyimagesearch.training.recipe import Recipe


@dataclass(frozen=True)
class EpochMetrics:
    """The scores after one epoch; those of training are of augmented images, under dropout."""

    number: int
    seconds: float
    loss: float
    exact_match: float
    label_accuracy: float
    validation_loss: float
    validation_exact_match: float
    validation_label_accuracy: float
    validation_mean_average_precision: float


def best_epoch(epochs: Sequence[EpochMetrics]) -> EpochMetrics:
    """Return the epoch with the highest exact match on validation images, then the lowest loss."""
    return max(epochs, key=lambda e: (e.validation_exact_match, -e.validation_loss))


def kept_epoch(epochs: Sequence[EpochMetrics], recipe: Recipe) -> EpochMetrics:
    """Return the epoch whose weights are saved: of pretrained networks the last, else the best."""
    return epochs[-1] if recipe.backbone else best_epoch(epochs)
