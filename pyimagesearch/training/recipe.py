"""The settings of a training run, and the network that suits the labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup, colour_columns

SMALLEST_IMAGE = 12  # pixels a side; with fewer, the poolings of the networks have nothing left


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a training run, apart from its inputs and labels."""

    architecture: str
    image_size: int  # pixels a side; 0 for the features of a table
    epochs: int
    batch_size: int
    learning_rate: float  # the peak of the one-cycle schedule
    validation: float = 0.2  # the fraction held out to choose the epoch and the thresholds
    seed: int = 42
    loss: str = "bce"  # a name in losses.FUNCTIONS
    positive_weights: bool = False  # whether rare labels count as much as common ones
    weight_decay: float = 1e-2


# Found on validation photos.
DEFAULTS = {
    "factored": Recipe("factored", 64, epochs=30, batch_size=64, learning_rate=6e-3),
    "smallervggnet": Recipe("smallervggnet", 96, epochs=30, batch_size=32, learning_rate=1e-3),
    "mlp": Recipe("mlp", 0, epochs=30, batch_size=64, learning_rate=1e-3),
}


def default_architecture(groups: Sequence[LabelGroup], classes: Sequence[str]) -> str:
    """Return the name of the network that suits these labels of photos.

    It is "factored" if some of the labels, but not all, are colours.
    """
    colours = colour_columns(groups, classes)
    return "factored" if 0 < len(colours) < len(classes) else "smallervggnet"


def resolve_architecture(
    asked: str, groups: Sequence[LabelGroup], classes: Sequence[str], is_table: bool
) -> str:
    """Return the architecture that --architecture asks for; "auto" is the one that suits the data.

    Raises CommandError if the data does not allow it.
    """
    if is_table or asked == "mlp":
        if asked not in ("auto", "mlp") or not is_table:
            raise CommandError(
                f"--architecture {asked}: feature tables need mlp, and mlp needs a feature table"
            )
        return "mlp"
    default = default_architecture(groups, classes)
    if asked == "factored" and default != asked:
        raise CommandError(
            "--architecture factored: needs a colour group and other labels; name the group with "
            "--label-groups colour=..., or use smallervggnet"
        )
    return default if asked == "auto" else asked
