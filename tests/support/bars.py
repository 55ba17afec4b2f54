"""Images of bars, red or blue, flat or tall, and a network that learns them in a second."""

from collections.abc import Callable

import keras
import numpy as np

from pyimagesearch.data.dataset import Dataset, split
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.loop import fit
from pyimagesearch.training.recipe import Recipe

BuildModel = Callable[[Dataset, Recipe], keras.Model]

CLASSES = ("blue", "flat", "red", "tall")
GROUPS = (
    LabelGroup("colour", ("blue", "red"), is_colour=True),
    LabelGroup("group", ("flat", "tall"), is_colour=False),
)
SIDE = 24
RECIPE = Recipe("factored", SIDE, epochs=1, batch_size=16, learning_rate=2e-2, seed=1)


def bars(count: int = 96) -> Dataset:
    """Return images of red and blue bars, flat or tall, on noise."""
    draw = np.random.default_rng(5)
    images = draw.integers(90, 160, (count, SIDE, SIDE, 3), dtype=np.uint8)
    targets = np.zeros((count, 4), np.float32)
    for index in range(count):
        red, tall = index % 2, index // 2 % 2
        top, left = draw.integers(0, 10, 2)
        height, width = (14, 5) if tall else (5, 14)
        images[index, top : top + height, left : left + width] = (
            (220, 20, 20) if red else (20, 20, 220)
        )
        targets[index] = (1 - red, 1 - tall, red, tall)
    data = Dataset(images, targets, CLASSES, GROUPS, duplicate_groups=np.arange(count))
    return split(data, fraction=0.25, seed=0)


def build_network(data: Dataset, recipe: Recipe) -> keras.Model:
    """Return a small network with every kind of layer that is different in training."""
    keras.utils.set_random_seed(recipe.seed)
    images = keras.Input((SIDE, SIDE, 3))
    x = images
    for filters in (8, 16):
        x = keras.layers.Conv2D(filters, 3, strides=2, use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.Activation("relu")(x)
    x = keras.layers.Dropout(0.1)(keras.layers.GlobalMaxPooling2D()(x))
    logits = keras.layers.Dense(len(data.classes))(x)
    return keras.Model(images, keras.layers.Activation("sigmoid")(logits))


def trained(
    data: Dataset, recipe: Recipe, build_model: BuildModel = build_network
) -> tuple[keras.Model, list[EpochMetrics]]:
    """Return a network trained on `data`, and its epochs."""
    model = build_model(data, recipe)
    return model, fit(model, data, recipe)
