"""What does a training step cost, how much of the machine does it use, what does each trick save?

These take turns, on the same random batch: the step of train.py, the step without one of its
tricks, and a multiplication of matrices, which is the most that the machine can do. With --dataset,
photos are then decoded with and without each trick of the decoder.

    python -m benchmarks.training_step [--dataset PHOTOS] [--rounds 15]
"""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import median
from unittest.mock import patch

import cv2
import keras
import numpy as np
import tensorflow as tf
from cv2.typing import MatLike

from benchmarks import photos, recipe_2018
from benchmarks.timing import Work, in_turns
from pyimagesearch import console
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.images import decoder
from pyimagesearch.labels.groups import LabelGroup, colour_columns
from pyimagesearch.training import step
from pyimagesearch.training.augment import Augmentation, augment, count_recoloured, draw
from pyimagesearch.training.recipe import DEFAULTS
from train import build_model

CLASSES = ("black", "blue", "dress", "jeans", "red", "shirt")
GROUPS = (
    LabelGroup("colour", ("black", "blue", "red"), True),
    LabelGroup("garment", ("dress", "jeans", "shirt"), False),
)
MATRICES = (512, 1024, 2048)


def medians(works: Mapping[str, Work], rounds: int) -> dict[str, float]:
    """Return the median seconds of each work, after a round that is not counted."""
    in_turns(works, 1)
    return {name: median(seconds) for name, seconds in in_turns(works, rounds).items()}


def operations(model: keras.Model) -> float:
    """Return the floating-point operations of one image's forward pass, products and sums."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            places = np.prod(layer.output.shape[1:-1], dtype=int)
            total += 2 * places * np.prod(layer.kernel.shape)
    return float(total)


def multiplication(side: int) -> Work:
    """Return the multiplication of two square matrices."""
    matrix = tf.random.normal((side, side))
    multiply = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    return lambda: float(multiply())


def random_dataset(side: int, count: int) -> Dataset:
    """Return `count` random images with random labels, all of them to train on."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, side, side, 3), np.uint8)
    targets = random.integers(0, 2, (count, len(CLASSES))).astype(np.float32)
    every = np.arange(count)
    return Dataset(images, targets, CLASSES, GROUPS, every, training=every, validation=every)


def make_step(model: keras.Model, batch: int) -> Work:
    """Return a step of training `model` on random images."""
    data = random_dataset(model.input_shape[1], batch)
    recipe = replace(DEFAULTS["factored"], batch_size=batch, learning_rate=1e-3, seed=0)
    trainer = step.Trainer(model, data, recipe)
    return lambda: trainer.step(data.inputs, data.targets, 0, recipe.learning_rate)


def network(architecture: str, side: int) -> keras.Model:
    """Return one of train.py's networks for six labels."""
    recipe = replace(DEFAULTS[architecture], image_size=side, seed=0)
    return build_model(random_dataset(side, 1), recipe)


def stages(side: int, pools_first: bool) -> keras.Model:
    """Return convolutions like those of the networks; the 2018 network pools after ReLU."""
    x = images = keras.Input((side, side, 3))
    for filters, pool_size in ((32, 3), (64, 2), (128, 2)):
        x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        rest = [keras.layers.BatchNormalization(), keras.layers.Activation("relu")]
        pooling = keras.layers.MaxPooling2D(pool_size)
        for layer in (pooling, *rest) if pools_first else (*rest, pooling):
            x = layer(x)
    logits = keras.layers.Dense(len(CLASSES))(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, keras.layers.Activation("sigmoid")(logits))


def measure_steps(rounds: int) -> None:
    """Print the time of a step per image, with and without each trick, and what it attains."""
    shipped = network("factored", 64)
    works: dict[str, tuple[Work, int]] = {
        "as train.py does it": (make_step(shipped, 64), 64),
        "batches of 32": (make_step(shipped, 32), 32),
        "96 pixels": (make_step(network("factored", 96), 64), 64),
        "SmallerVGGNet, 96 pixels": (make_step(network("smallervggnet", 96), 64), 64),
        "three stages, pooled first": (make_step(stages(64, True), 64), 64),
        "three stages, pooled last": (make_step(stages(64, False), 64), 64),
    }
    # Stock layers, as they are saved.
    with patch.object(step, "to_training_model", lambda model, *_: keras.models.clone_model(model)):
        works["stock batch normalisation"] = make_step(shipped, 64), 64
        old = network("smallervggnet", 96)
        works["SmallerVGGNet, 96, stock, 32"] = make_step(old, 32), 32

    products = {str(side): multiplication(side) for side in MATRICES}
    seconds = medians({name: work for name, (work, _) in works.items()} | products, rounds)
    ceiling = max(2 * int(side) ** 3 / seconds.pop(side) for side in products)
    print(f"matrix multiplication: {ceiling / 1e9:.0f} GFLOP/s")
    for name, taken in seconds.items():
        print(f"{name:30} {1e3 * taken / works[name][1]:6.2f} ms per image")
    # Forward once, backward twice: for the inputs and for the weights.
    attained = 3 * operations(shipped) * 64 / seconds["as train.py does it"]
    print(f"the step attains {attained / 1e9:.0f} GFLOP/s, {attained / ceiling:.0%} of that")


def measure_augmentation(rounds: int) -> None:
    """Print the time of augmentation per image: one warp for a batch, and the tutorial's way."""
    batch, side, settings = 64, 64, Augmentation()
    images = np.random.default_rng(0).random((batch, side, side, 3), np.float32)
    is_colour = np.isin(np.arange(len(CLASSES)), colour_columns(GROUPS, CLASSES))
    recoloured = count_recoloured(settings, batch, is_colour)
    change = tf.function(lambda draws: augment(tf.constant(images), draws))
    tutorial = recipe_2018.augmentation().flow(images, np.zeros(batch), batch_size=batch)
    works: dict[str, Work] = {
        "one warp per batch, recoloured": lambda: change(
            draw(settings, 0, 0, batch, side, recoloured)
        ),
        "the tutorial's": lambda: next(tutorial),
    }
    for name, taken in medians(works, rounds).items():
        print(f"augmentation, {name:30} {1e3 * taken / batch:6.2f} ms per image")


def decode_fully(path: Path, side: int) -> MatLike:
    """Decode a photo as the tutorial does."""
    image = cv2.imread(str(path))
    assert image is not None
    return cv2.resize(image, (side, side))


def measure_decoding(paths: list[Path]) -> None:
    """Print the time of decoding per photo, with and without each trick."""
    works: dict[str, Work] = {
        "reduced, in worker processes": lambda: photos.decode_all(paths, 64),
        "reduced, one thread": lambda: [decoder.load(path, 64) for path in paths],
        "in full, one thread": lambda: [decode_fully(path, 64) for path in paths],
    }
    for name, taken in medians(works, 3).items():
        print(f"decoding, {name:30} {1e3 * taken / len(paths):6.2f} ms per photo")


def main() -> None:
    """Print all measurements."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, help="folder of labelled photos to decode")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    measure_steps(options.rounds)
    measure_augmentation(options.rounds)
    if options.dataset:
        measure_decoding(photos.paths_of(options.dataset))


if __name__ == "__main__":
    sys.exit(console.run(main))
