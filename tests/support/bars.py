"""A data set that a small network learns in seconds: bars, red or blue, flat or tall."""

import keras
import numpy as np

from pyimagesearch.data.splits import stratified_split
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.networks import build
from pyimagesearch.training import loop
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.history import EpochMetrics

CLASSES = ("blue", "flat", "red", "tall")
GROUPS = (
    LabelGroup("colour", ("blue", "red"), is_colour=True),
    LabelGroup("group", ("flat", "tall"), is_colour=False),
)
SIDE = 24


def bars(count: int = 96) -> loop.Data:
    """Red and blue bars, flat or tall, on noise."""
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
    keys = [tuple(np.array(CLASSES)[row > 0]) for row in targets]
    split = stratified_split(keys, np.arange(count), 0.25, 0)
    return loop.Data(images, targets, CLASSES, GROUPS, *split)


def trained(data: loop.Data, epochs: int, seed: int = 1) -> tuple[keras.Model, list[EpochMetrics]]:
    model = build.build("factored", SIDE, GROUPS, CLASSES, seed)
    schedule = loop.Schedule(epochs, batch_size=16, learning_rate=5e-3, seed=seed)
    done = loop.fit(model, data, schedule, Augmentation(), lambda: None, lambda _: None)
    return model, done
