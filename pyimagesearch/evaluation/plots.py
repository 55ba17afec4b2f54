"""plot.png: the loss and the scores of each epoch."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training.history import EpochMetrics, kept_epoch
from pyimagesearch.training.recipe import Recipe

TRAINING, VALIDATION = "#9a9a9a", "#c22f2f"


def plot_history(epochs: Sequence[EpochMetrics], data: Dataset, recipe: Recipe, path: Path) -> None:
    """Draw loss, exact match and per-label accuracy of each epoch into a PNG file at `path`.

    The validation loss is always the binary cross-entropy, even if training minimises another loss.
    """
    loss = f"{recipe.loss}, weighted" if recipe.positive_weights else recipe.loss
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    losses, scores = figure.subplots(1, 2)
    numbers = [epoch.number for epoch in epochs]
    marker = "o" if len(epochs) == 1 else ""
    kind = "binary cross-entropy" if loss == "bce" else "loss"

    losses.plot(
        numbers,
        [e.loss for e in epochs],
        marker=marker,
        color=TRAINING,
        label="training (augmented)" if loss == "bce" else f"training (augmented): {loss}",
    )
    losses.plot(
        numbers,
        [e.validation_loss for e in epochs],
        marker=marker,
        color=VALIDATION,
        label="validation" if loss == "bce" else "validation: binary cross-entropy",
    )
    losses.set(title="Loss", xlabel="epoch", ylabel=kind, yscale="log")
    losses.yaxis.set_major_formatter("{x:g}")
    losses.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    losses.yaxis.set_minor_formatter("{x:g}")

    for values, colour, style, label in (
        ([e.label_accuracy for e in epochs], TRAINING, "--", "training (augmented), per label"),
        ([e.exact_match for e in epochs], TRAINING, "-", "training (augmented), exact match"),
        ([e.validation_label_accuracy for e in epochs], VALIDATION, "--", "validation, per label"),
        ([e.validation_exact_match for e in epochs], VALIDATION, "-", "validation, exact match"),
    ):
        scores.plot(numbers, values, marker=marker, color=colour, linestyle=style, label=label)
    kept = kept_epoch(epochs, recipe)
    scores.annotate(
        f"kept: epoch {kept.number}, exact match {kept.validation_exact_match:.1%}",
        (kept.number, kept.validation_exact_match),
        xytext=(0.97, 0.42),
        textcoords="axes fraction",
        ha="right",
        arrowprops={"arrowstyle": "->", "color": VALIDATION},
    )
    scores.set(title="Accuracy", xlabel="epoch", ylim=(0, 1.02))

    for axes in (losses, scores):
        axes.grid(alpha=0.3)
        axes.legend(
            loc="lower right" if axes is scores else "best", framealpha=0.8, edgecolor="none"
        )
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        f"{recipe.architecture}, trained on {len(data.training)} {data.unit}, validated on "
        f"{len(data.validation)} others"
    )
    figure.savefig(path, format="png", dpi=110)
