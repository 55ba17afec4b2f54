"""The settings of a training run, and the network that suits the labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup, pathway_colours

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
    backbone: str = ""  # the pretrained network, a key of networks.backbone.VARIANTS, or none
    weight_decay: float = 1e-2
    fewest_steps: int = 0  # gradient steps; with few photos there are more epochs than `epochs`


BACKBONES = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")
# Found on validation photos.
DEFAULTS = {
    "pretrained": Recipe(
        "pretrained",
        224,
        epochs=8,
        batch_size=64,
        learning_rate=6e-3,
        backbone=BACKBONES[0],
        fewest_steps=150,
    ),
    "factored": Recipe("factored", 64, epochs=30, batch_size=64, learning_rate=6e-3),
    "smallervggnet": Recipe("smallervggnet", 96, epochs=30, batch_size=32, learning_rate=1e-3),
    "mlp": Recipe("mlp", 0, epochs=30, batch_size=64, learning_rate=1e-3),
}


def resolve_architecture(
    asked: str,
    weights: str,
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
    is_table: bool,
) -> str:
    """Return the architecture that --architecture and --weights ask for.

    "auto" is mlp for tables. For photos it is pretrained; without pretrained weights it is
    factored if some of the labels, but not all, are colours, else smallervggnet. Raises
    CommandError if the data does not allow what is asked for.
    """
    if is_table or asked == "mlp":
        if asked not in ("auto", "mlp") or not is_table:
            raise CommandError(
                f"--architecture {asked}: feature tables need mlp, and mlp needs a feature table"
            )
        return "mlp"
    has_colours = bool(pathway_colours(groups, classes))
    if asked == "factored" and not has_colours:
        raise CommandError(
            "--architecture factored: needs a colour group and other labels; name the group with "
            "--label-groups colour=..., or use smallervggnet"
        )
    if asked != "auto":
        return asked
    if weights == "imagenet":
        return "pretrained"
    return "factored" if has_colours else "smallervggnet"
