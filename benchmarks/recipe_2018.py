"""The 2018 tutorial's training, ported line by line to Keras 3: what this project is measured by.

Its own loader, its own augmentation (ImageDataGenerator: SciPy, one thread), Adam at 1e-3 with
the tutorial's time-based decay, 75 epochs, the last epoch kept. A JSON line per epoch goes to
stdout, and the last line holds what it says of the photos left out.

    python -m benchmarks.recipe_2018 --dataset PHOTOS [--leave-out blue_dress] [--epochs 75]

`--validation FILE` names the photos to hold out, one a line, in place of a random fifth, so that
another training can be compared on the same split; `--model` saves what was trained.
"""

import argparse
import json
import pickle
import random
import time
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch.smallervggnet import SmallerVGGNet

SIDE, BATCH, LEARNING_RATE = 96, 32, 1e-3


def load(paths: list[Path]) -> np.ndarray:
    """Return (N, 96, 96, 3) float images, BGR as the tutorial left them, scaled to 0..1."""
    pictures = (cv2.imread(str(path)) for path in paths)
    return np.array([cv2.resize(p, (SIDE, SIDE)) for p in pictures if p is not None]) / 255.0


def augmentation() -> tf.keras.preprocessing.image.ImageDataGenerator:
    """Return the tutorial's generator of changed pictures."""
    return tf.keras.preprocessing.image.ImageDataGenerator(
        rotation_range=25,
        width_shift_range=0.1,
        height_shift_range=0.1,
        shear_range=0.2,
        zoom_range=0.2,
        horizontal_flip=True,
        fill_mode="nearest",
    )


def top_two(probabilities: np.ndarray) -> np.ndarray:
    """Return (N, L) booleans with the two likeliest labels, the tutorial's own reading."""
    ranks = np.argsort(np.argsort(-probabilities, axis=1), axis=1)
    return ranks < 2


def save(
    model: keras.Model, binarizer: MultiLabelBinarizer, losses: list[float], folder: Path
) -> None:
    """Write the tutorial's three files, the network under the ending that Keras 3 asks for."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    model.save(folder / "fashion.keras")
    (folder / "mlb.pickle").write_bytes(pickle.dumps(binarizer))
    pyplot.plot(losses)
    pyplot.savefig(folder / "plot.png")


def main() -> None:
    """Train, and score by the tutorial's reading (top two) and by a threshold of 0.5."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--leave-out", help="a folder to leave out of training and test on")
    parser.add_argument("--validation", type=Path, help="a file of paths to hold out")
    parser.add_argument("--output", type=Path, help="a folder for network, labels and plot")
    parser.add_argument("--epochs", type=int, default=75)
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    start = time.perf_counter()
    keras.utils.set_random_seed(options.seed)

    every = sorted(p for p in options.dataset.rglob("*") if p.is_file())
    random.seed(options.seed)
    random.shuffle(every)
    left_out = [p for p in every if p.parent.name == options.leave_out]
    paths = [p for p in every if p.parent.name != options.leave_out]
    binarizer = MultiLabelBinarizer().fit([p.parent.name.split("_") for p in paths])
    targets = binarizer.transform([p.parent.name.split("_") for p in paths])
    images = load(paths)
    if options.validation:
        held_out = set(options.validation.read_text().splitlines())
        held = np.array([str(path) in held_out for path in paths])
        train_x, test_x, train_y, test_y = (
            images[~held],
            images[held],
            targets[~held],
            targets[held],
        )
    else:
        train_x, test_x, train_y, test_y = train_test_split(
            images, targets, test_size=0.2, random_state=options.seed
        )

    model = SmallerVGGNet.build(SIDE, SIDE, 3, len(binarizer.classes_), finalAct="sigmoid")
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.99  # Keras's default, as in the tutorial
    decay = keras.optimizers.schedules.InverseTimeDecay(
        LEARNING_RATE, decay_steps=1, decay_rate=LEARNING_RATE / options.epochs
    )
    model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(decay))

    def report(epoch: int, _: object = None) -> None:
        probabilities = model.predict(test_x, verbose=0)
        predicted = probabilities > 0.5
        line = {
            "epoch": epoch + 1,
            "seconds": round(time.perf_counter() - start, 1),
            "label_accuracy": float((predicted == test_y).mean()),
            "exact_match": float((predicted == test_y).all(axis=1).mean()),
            "exact_match_top_two": float((top_two(probabilities) == test_y).all(axis=1).mean()),
        }
        print(json.dumps(line), flush=True)

    # Without the tutorial's steps_per_epoch=N//32: under Keras 3 it empties every second epoch.
    fitted = model.fit(
        augmentation().flow(train_x, train_y, batch_size=BATCH),
        epochs=options.epochs,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)],
    )
    if options.output:
        save(model, binarizer, fitted.history["loss"], options.output)

    if left_out:
        probabilities = model.predict(load(left_out), verbose=0)
        target = binarizer.transform([options.leave_out.split("_")])[0].astype(bool)
        names = dict(zip(options.leave_out.split("_"), np.flatnonzero(target), strict=True))
        groups = options.leave_out.split("_")
        right = top_two(probabilities)
        print(
            json.dumps(
                {
                    "left_out": options.leave_out,
                    "photos": len(left_out),
                    "both_top_two": float((right == target).all(axis=1).mean()),
                    "both_threshold": float(((probabilities > 0.5) == target).all(axis=1).mean()),
                    **{name: float(right[:, names[name]].mean()) for name in groups},
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
