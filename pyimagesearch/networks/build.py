"""The networks by name, and what each is trained with unless told otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray


SMALLEST, LARGEST = 12, 1024  # image sizes: what the poolings need, and what memory holds


@dataclass(frozen=True)
class Defaults:
    """Settings that suit a network, found on validation photos."""

    image_size: int  # pixels a side; 0: takes the features of a table
    epochs: int
    batch_size: int
    learning_rate: float


DEFAULTS = {
    "factored": Defaults(image_size=64, epochs=30, batch_size=64, learning_rate=6e-3),
    "smallervggnet": Defaults(image_size=96, epochs=30, batch_size=32, learning_rate=1e-3),
    "mlp": Defaults(image_size=0, epochs=30, batch_size=64, learning_rate=1e-3),
}


@dataclass(frozen=True)
class Recipe:
    """All that makes a run, the photos or features apart."""

    architecture: str
    settings: Defaults
    validation_share: float  # held out to choose the epoch and the thresholds
    seed: int
    loss: str = "bce"  # a name in losses.FUNCTIONS
    positive_weights: bool = False  # a label's positives count as much as its negatives


def choose(groups: Sequence[LabelGroup], classes: Sequence[str]) -> str:
    """Return the name of the network for these labels: factored where colours are among them."""
    colours = colour_columns(groups, classes)
    return "factored" if 0 < len(colours) < len(classes) else "smallervggnet"


def resolve_architecture(
    asked: str, groups: Sequence[LabelGroup], classes: Sequence[str], is_table: bool
) -> str:
    """Return the architecture asked for, or the one that suits; raises CommandError."""
    if is_table or asked == "mlp":
        if asked not in ("auto", "mlp") or not is_table:
            raise CommandError(
                f"--architecture {asked}: mlp is for feature tables, and they for it"
            )
        return "mlp"
    suits = choose(groups, classes)
    if asked == "factored" and suits != asked:
        raise CommandError(
            "--architecture factored: needs a group of colours beside other labels; name it "
            "with --label-groups colour=..., or take smallervggnet"
        )
    return suits if asked == "auto" else asked


def colour_columns(groups: Sequence[LabelGroup], classes: Sequence[str]) -> list[int]:
    """Return the columns of the colour labels in the label order `classes`."""
    colours = {label for group in groups if group.is_colour for label in group.labels}
    return [column for column, label in enumerate(classes) if label in colours]


def build(
    architecture: str,
    side: int,
    groups: Sequence[LabelGroup],
    classes: Sequence[str],
    seed: int,
) -> "keras.Model":
    """Return the uncompiled network for (batch, side, side, 3) RGB in 0..1, sigmoids at its end.

    `seed` sets the random state from which its weights, and later its dropout, are drawn.
    """
    # Keras takes seconds to load, and the commands ask this module for its defaults first.
    import keras

    from pyimagesearch.networks.factored import FactoredNet
    from pyimagesearch.smallervggnet import SmallerVGGNet

    # Whatever an old keras.json in the home folder says.
    keras.config.set_floatx("float32")
    keras.config.set_image_data_format("channels_last")
    keras.utils.set_random_seed(seed)
    if architecture == "factored":
        return FactoredNet.build(side, colour_columns(groups, classes), len(classes))
    return SmallerVGGNet.build(side, side, 3, len(classes), finalAct="sigmoid")


def build_mlp(features: "NDArray[np.float32]", classes: Sequence[str], seed: int) -> "keras.Model":
    """Return the uncompiled network for feature tables, standardising by the rows `features`.

    `features` is (N, F), what training sees; the network takes (batch, F) float32.
    """
    import keras

    from pyimagesearch.networks.mlp import MultiLabelMLP

    keras.utils.set_random_seed(seed)
    statistics = features.mean(axis=0, dtype=float), features.var(axis=0, dtype=float)
    return MultiLabelMLP.build(features.shape[1], len(classes), statistics=statistics)
