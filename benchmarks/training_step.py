"""What does a training step cost, what share of the machine does it use, what did each trick buy?

In turns, with the same random batch: the step of train.py, the step with one of its tricks undone,
and a matrix multiplication, which is the most that the machine can do. Then the same photos decoded
with and without each trick of the decoder, where --dataset names some.

    python -m benchmarks.training_step [--dataset PHOTOS] [--rounds 15]
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from unittest.mock import patch

import cv2
import keras
import numpy as np
import tensorflow as tf
from cv2.typing import MatLike

from benchmarks.recipe_2018 import augmentation
from pyimagesearch.images import decoder, pool
from pyimagesearch.labels import read
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.networks import build
from pyimagesearch.training import loop, step
from pyimagesearch.training.augment import Augmentation, augment

CLASSES = ("black", "blue", "dress", "jeans", "red", "shirt")
GROUPS = (
    LabelGroup("colour", ("black", "blue", "red"), True),
    LabelGroup("garment", ("dress", "jeans", "shirt"), False),
)
MATRICES = (512, 1024, 2048)
Work = Callable[[], object]


def timed(work: Work) -> float:
    """Return the wall seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """Return the median seconds of each, after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = timed(work)
            if number:
                times[name].append(seconds)
    return {name: median(seconds) for name, seconds in times.items()}


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


def make_step(model: keras.Model, batch: int) -> Work:
    """Return a step of training `model` on random images."""
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (batch, *model.input_shape[1:]), np.uint8)
    targets = random.integers(0, 2, (batch, len(CLASSES))).astype(np.float32)
    everything = np.arange(batch)
    data = loop.Data(pixels, targets, CLASSES, GROUPS, everything, everything)
    learner = step.Trainer(model, data, loop.Schedule(1, batch, 1e-3, 0), Augmentation())

    def step() -> None:
        loss, _ = learner.step(pixels, targets, tf.constant(0), tf.constant(1e-3))
        float(loss)

    return step


def network(architecture: str, side: int) -> keras.Model:
    """Return one of train.py's networks for six labels."""
    return build.build(architecture, side, GROUPS, CLASSES, 0)


def stages(side: int, pools_first: bool) -> keras.Model:
    """Return convolutions like those of the networks, pooled before or, as in 2018, after ReLU."""
    x = decoder = keras.Input((side, side, 3))
    for filters, pool_size in ((32, 3), (64, 2), (128, 2)):
        x = keras.layers.Conv2D(filters, 3, padding="same")(x)
        rest = [keras.layers.BatchNormalization(), keras.layers.Activation("relu")]
        pooling = keras.layers.MaxPooling2D(pool_size)
        for layer in (pooling, *rest) if pools_first else (*rest, pooling):
            x = layer(x)
    logits = keras.layers.Dense(len(CLASSES))(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(decoder, keras.layers.Activation("sigmoid")(logits))


def measure_steps(rounds: int) -> None:
    """Print what a step costs an image, with and without each trick, and its share of the most."""
    shipped = network("factored", 64)
    works: dict[str, tuple[Work, int]] = {
        "as train.py does it": (make_step(shipped, 64), 64),
        "batches of 32": (make_step(shipped, 32), 32),
        "96 pixels": (make_step(network("factored", 96), 64), 64),
        "SmallerVGGNet, 96 pixels": (make_step(network("smallervggnet", 96), 64), 64),
        "three stages, pooled first": (make_step(stages(64, True), 64), 64),
        "three stages, pooled last": (make_step(stages(64, False), 64), 64),
    }
    # Keras's own layers, as they are saved.
    with patch.object(step, "to_training_model", lambda model, *_: keras.models.clone_model(model)):
        works["stock batch normalisation"] = make_step(shipped, 64), 64
        old = network("smallervggnet", 96)
        works["SmallerVGGNet, 96, stock, 32"] = make_step(old, 32), 32

    dtype_policy = {str(side): multiplication(side) for side in MATRICES}
    seconds = in_turns({name: work for name, (work, _) in works.items()} | dtype_policy, rounds)
    ceiling = max(2 * int(side) ** 3 / seconds.pop(side) for side in dtype_policy)
    print(f"matrix multiplication: {ceiling / 1e9:.0f} GFLOP/s")
    for name, taken in seconds.items():
        print(f"{name:30} {1e3 * taken / works[name][1]:6.2f} ms an image")
    # Forward once, backward twice: for the inputs and for the weights.
    attained = 3 * operations(shipped) * 64 / seconds["as train.py does it"]
    print(f"the step attains {attained / 1e9:.0f} GFLOP/s, {attained / ceiling:.0%} of that")


def measure_augmentation(rounds: int) -> None:
    """Print what changing an image costs, in one warp for the batch and the tutorial's way."""
    pixels = np.random.default_rng(0).random((64, 64, 64, 3), np.float32)
    colours = np.array([True, True, False, False, True, False])
    changed = tf.function(lambda: augment(tf.constant(pixels), colours, [0, 0], Augmentation())[0])
    tutorial = augmentation().flow(pixels, np.zeros(64), batch_size=64)
    seconds = in_turns(
        {"one warp a batch, recoloured": changed, "the tutorial's": lambda: next(tutorial)}, rounds
    )
    for name, taken in seconds.items():
        print(f"augmentation, {name:30} {1e3 * taken / 64:6.2f} ms an image")


def decode_fully(path: Path, side: int) -> MatLike:
    """Decode a photo as the tutorial does."""
    picture = cv2.imread(str(path))
    assert picture is not None
    return cv2.resize(picture, (side, side))


def measure_decoding(paths: list[Path]) -> None:
    """Print what decoding a photo costs, with and without each trick."""

    def in_workers() -> None:
        for _ in pool.load_many(paths, 64):
            pass

    seconds = in_turns(
        {
            "scaled, in worker processes": in_workers,
            "scaled, one thread": lambda: [decoder.load(path, 64) for path in paths],
            "in full, one thread": lambda: [decode_fully(path, 64) for path in paths],
        },
        3,
    )
    for name, taken in seconds.items():
        print(f"decoding, {name:30} {1e3 * taken / len(paths):6.2f} ms a photo")


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    measure_steps(options.rounds)
    measure_augmentation(options.rounds)
    if options.dataset:
        measure_decoding([sample.path for sample in read(options.dataset).samples])


if __name__ == "__main__":
    main()
