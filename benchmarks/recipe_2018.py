"""The 2018 tutorial's training, ported line by line to Keras 3, with which this is compared.

It has the tutorial's loader, its augmentation (ImageDataGenerator: SciPy, one thread), Adam at 1e-3
with time-based decay, and 75 epochs, of which it keeps the last. For each epoch a JSON line is
printed to stdout, and then one with the scores on the folder that was left out, if there is one.

    python -m benchmarks.recipe_2018 --dataset PHOTOS [--leave-out blue_dress] [--epochs 75]

`--validation FILE` lists the photos to hold out, one per line, instead of a random fifth, so that
another training can be compared on the same split. `--output` saves what was trained.
"""

import argparse
import json
import pickle
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
from cv2.typing import MatLike
from imutils.paths import list_images
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MultiLabelBinarizer

from benchmarks import held_out
from pyimagesearch.smallervggnet import SmallerVGGNet

SIDE, BATCH, LEARNING_RATE = 96, 32, 1e-3
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Split:
    """Images, (N, 96, 96, 3), and multi-hot targets, (N, L), to train on and to test on."""

    train_x: Floats
    test_x: Floats
    train_y: NDArray[np.integer]
    test_y: NDArray[np.integer]


def load(paths: Sequence[Path]) -> Floats:
    """Return (N, 96, 96, 3) float images in 0..1, in BGR as in the tutorial."""
    return np.array([cv2.resize(_read(path), (SIDE, SIDE)) for path in paths]) / 255.0


def _read(path: Path) -> MatLike:
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path}: cannot be read")
    return image


def labels_of(path: Path) -> list[str]:
    """Return the labels in the name of a photo's folder."""
    return path.parent.name.split("_")


def split(
    paths: Sequence[Path], binarizer: MultiLabelBinarizer, validation: Path | None, seed: int
) -> Split:
    """Load the photos; test on those that `validation` lists, or else on a random fifth."""
    targets = binarizer.transform(map(labels_of, paths))
    images = load(paths)
    if validation is None:
        return Split(*train_test_split(images, targets, test_size=0.2, random_state=seed))
    held = held_out.is_listed(paths, validation)
    return Split(images[~held], images[held], targets[~held], targets[held])


def build(classes: int, epochs: int) -> keras.Model:
    """Return the compiled network."""
    model = SmallerVGGNet.build(SIDE, SIDE, 3, classes, finalAct="sigmoid")
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.99  # Keras's default, as in the tutorial
    decay = keras.optimizers.schedules.InverseTimeDecay(
        LEARNING_RATE, decay_steps=1, decay_rate=LEARNING_RATE / epochs
    )
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(decay))
    return model


def augmentation() -> tf.keras.preprocessing.image.ImageDataGenerator:
    """Return the tutorial's generator of changed images."""
    return tf.keras.preprocessing.image.ImageDataGenerator(
        rotation_range=25,
        width_shift_range=0.1,
        height_shift_range=0.1,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        fill_mode="nearest",
    )


def fit(
    model: keras.Model, data: Split, epochs: int, on_epoch: Callable[[int], None]
) -> list[float]:
    """Train `model` and return the loss of each epoch; `on_epoch` gets the epoch, counted from 1.

    The tutorial's steps_per_epoch=N//32 is left out: with Keras 3 it makes every second epoch
    empty.
    """
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: on_epoch(epoch + 1))
    fitted = model.fit(
        augmentation().flow(data.train_x, data.train_y, batch_size=BATCH),
        epochs=epochs,
        verbose=0,
        callbacks=[callback],
    )
    losses: list[float] = fitted.history["loss"]
    return losses


def top_two(probabilities: Floats) -> NDArray[np.bool_]:
    """Return (N, L) booleans: the two most likely labels, which the tutorial prints."""
    ranks = np.argsort(np.argsort(-probabilities, axis=1), axis=1)
    return ranks < 2


def evaluate(model: keras.Model, data: Split) -> dict[str, float]:
    """Return the scores on the test photos, at a threshold of 0.5 and of the top two labels."""
    probabilities = model.predict(data.test_x, verbose=0)
    predicted = probabilities > 0.5
    return {
        "label_accuracy": float((predicted == data.test_y).mean()),
        "exact_match": float((predicted == data.test_y).all(axis=1).mean()),
        "exact_match_top_two": float((top_two(probabilities) == data.test_y).all(axis=1).mean()),
    }


def evaluate_left_out(
    model: keras.Model, binarizer: MultiLabelBinarizer, paths: Sequence[Path]
) -> dict[str, object]:
    """Return the scores on the photos of a folder that was left out."""
    labels = labels_of(paths[0])
    target = binarizer.transform([labels])[0].astype(bool)
    probabilities = model.predict(load(paths), verbose=0)
    predicted = top_two(probabilities)
    classes = list(binarizer.classes_)
    return {
        "left_out": paths[0].parent.name,
        "photos": len(paths),
        "both_top_two": float((predicted == target).all(axis=1).mean()),
        "both_threshold": float(((probabilities > 0.5) == target).all(axis=1).mean()),
        **{label: float(predicted[:, classes.index(label)].mean()) for label in labels},
    }


def save(
    model: keras.Model, binarizer: MultiLabelBinarizer, losses: Sequence[float], folder: Path
) -> None:
    """Write the tutorial's three files; Keras 3 demands the ending .keras for the network."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    model.save(folder / "fashion.keras")
    (folder / "mlb.pickle").write_bytes(pickle.dumps(binarizer))
    pyplot.plot(losses)
    pyplot.savefig(folder / "plot.png")


def main() -> None:
    """Train, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--leave-out", help="a folder to leave out of training and test on")
    parser.add_argument("--validation", type=Path, help="a file of paths to hold out")
    parser.add_argument("--output", type=Path, help="a folder for network, labels and plot")
    parser.add_argument("--epochs", type=int, default=75)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)

    every = sorted(map(Path, list_images(options.dataset)))
    random.seed(options.seed)
    random.shuffle(every)
    left_out = [path for path in every if path.parent.name == options.leave_out]
    if options.leave_out and not left_out:
        raise SystemExit(f"--leave-out {options.leave_out}: no such folder in {options.dataset}")
    paths = [path for path in every if path.parent.name != options.leave_out]
    binarizer = MultiLabelBinarizer().fit(map(labels_of, paths))
    data = split(paths, binarizer, options.validation, options.seed)
    model = build(len(binarizer.classes_), options.epochs)

    def print_epoch(epoch: int) -> None:
        scores = evaluate(model, data)
        seconds = round(time.perf_counter() - start, 1)
        print(json.dumps({"epoch": epoch, "seconds": seconds, **scores}), flush=True)

    losses = fit(model, data, options.epochs, print_epoch)
    if options.output:
        save(model, binarizer, losses, options.output)
    if left_out:
        print(json.dumps(evaluate_left_out(model, binarizer, left_out)), flush=True)


if __name__ == "__main__":
    main()
