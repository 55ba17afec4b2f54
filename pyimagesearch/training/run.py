"""One training run: labelled images or features in memory -> a network -> a tagger."""

import hashlib
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import keras
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.data import splits
from pyimagesearch.data.splits import Indices
from pyimagesearch.model_file import predictors
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.networks import build
from pyimagesearch.networks.build import Recipe
from pyimagesearch.scoring import calibration, rejection, thresholds
from pyimagesearch.tagger import Predictions, Tagger
from pyimagesearch.training import loop, losses
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.checkpoint import Checkpoint
from pyimagesearch.training.history import EpochMetrics, best_epoch


@dataclass(frozen=True)
class Run:
    """What a run made: the network of its best epoch, and the tagger that judges by it."""

    model: keras.Model
    epochs: list[EpochMetrics]
    tagger: Tagger


def run(
    data: loop.Data,
    recipe: Recipe,
    on_epoch: Callable[[EpochMetrics], None] = lambda _: None,
    checkpoint: Checkpoint | None = None,
    workers: int | None = None,
) -> Run:
    """Train on the training inputs of `data`; all else is chosen on its validation inputs.

    Goes on from the `checkpoint` that was found. Given `workers`, they train by that checkpoint, by
    Ray. Raises KeyboardInterrupt between two steps where Ctrl-C or SIGTERM asked for the end.
    """
    model = build_network(data, recipe)
    schedule = make_schedule(data, recipe)
    console.status(describe(model, data, recipe))
    if workers and checkpoint:
        from pyimagesearch.cluster.training import train

        train(data, recipe, checkpoint, workers, on_epoch)
    steps = loop.steps_per_epoch(data, schedule)
    with (
        console.defer_interrupts() as stop_if_asked,
        tqdm(
            total=schedule.epochs * steps,
            initial=checkpoint.epochs_done * steps if checkpoint else 0,
            desc="training",
            unit="step",
            file=sys.stderr,
            disable=None,
        ) as bar,
    ):

        def on_step() -> None:
            bar.update()
            stop_if_asked()

        epochs = loop.fit(
            *(model, data, schedule, make_augmentation(recipe), on_step, on_epoch, checkpoint)
        )
    return Run(model, epochs, make_tagger(model, data, recipe))


def make_schedule(data: loop.Data, recipe: Recipe) -> loop.Schedule:
    """Return how `recipe` says to learn from `data`."""
    settings = recipe.settings
    weights = losses.balance(data.targets[data.training]) if recipe.positive_weights else None
    return loop.Schedule(
        settings.epochs,
        settings.batch_size,
        settings.learning_rate,
        recipe.seed,
        loss=losses.Loss(recipe.loss, weights),
    )


def make_augmentation(recipe: Recipe) -> Augmentation:
    """Return how `recipe` changes images in training.

    A loss of pairs of labels cannot leave out the colours that recolouring makes wrong.
    """
    return Augmentation(recoloured=0.0) if recipe.loss == "ranking" else Augmentation()


def identify(data: loop.Data, recipe: Recipe) -> dict[str, object]:
    """Return by name what a run is of: its inputs, its labels, its split and its recipe."""
    settings = asdict(recipe)
    return {
        **settings.pop("settings"),
        **settings,
        "inputs": _digest(data.inputs),
        "labels": f"{', '.join(data.classes)} ({_digest(data.targets)})",
        "groups": [f"{group.name}={','.join(group.labels)}" for group in data.groups],
        "training inputs": _digest(data.training),
    }


def _digest(array: NDArray[np.generic]) -> str:
    contents = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return f"{len(array)} of digest {hashlib.sha256(contents.data).hexdigest()[:12]}"


def describe(model: keras.Model, data: loop.Data, recipe: Recipe) -> str:
    """Return in one line what is trained on what."""
    side = recipe.settings.image_size
    units = "rows" if data.features else "photos"
    size = f"{len(data.features)} features" if data.features else f"{side} x {side} pixels"
    return (
        f"training {recipe.architecture} ({model.count_params():,} parameters) on "
        f"{len(data.training)} {units} of {size}, predictions on {len(data.validation)} others"
    )


def build_network(data: loop.Data, recipe: Recipe) -> keras.Model:
    """Return the untrained network for `data`; one for features knows how they vary in training."""
    if data.features:
        rows = data.inputs[data.training].astype(np.float32, copy=False)
        return build.build_mlp(rows, data.classes, recipe.seed)
    side = recipe.settings.image_size
    return build.build(recipe.architecture, side, data.groups, data.classes, recipe.seed)


def make_tagger(model: keras.Model, data: loop.Data, recipe: Recipe) -> Tagger:
    """Return `model` as a tagger, its limits chosen on the validation inputs."""
    config = TaggerConfig(
        architecture=recipe.architecture,
        image_size=recipe.settings.image_size,
        labels=tuple(data.classes),
        thresholds=tuple(map(float, thresholds.default_thresholds(data.groups, data.classes))),
        groups=tuple(data.groups),
        pairs=pairs_seen(data.targets[data.training]),
        features=tuple(data.features),
    )
    predict = predictors.keras_predictor(model, config)
    said = Tagger(config, predict).predict(data.inputs, data.validation).uncalibrated
    truth = data.targets[data.validation]
    temperatures = calibration.choose_temperatures(said, truth, data.groups, data.classes)
    probabilities = calibration.calibrate(said, temperatures)
    chosen = thresholds.choose(probabilities, truth, data.groups, data.classes)
    config = replace(
        config,
        thresholds=tuple(chosen.tolist()),
        temperatures=tuple(temperatures.tolist()),
        # Without groups each label's own threshold says already where there is nothing.
        energy_threshold=rejection.energy_threshold(said, truth) if data.groups else 0.0,
    )
    return Tagger(config, predict)


def pairs_seen(targets: NDArray[np.float32]) -> tuple[tuple[int, int], ...]:
    """Return, sorted, the pairs of columns of (N, L) multi-hot `targets` that hold together."""
    together = np.argwhere(np.triu(targets.T @ targets, 1))
    return tuple((int(first), int(second)) for first, second in together)


def onnx_bytes(done: Run, inputs: predictors.Inputs) -> bytes | None:
    """Return the ONNX copy of a run's network, tried on `inputs`, or None with a warning."""
    try:
        return predictors.export_onnx(done.model, done.tagger.config, inputs)
    except Exception as error:  # whatever is wrong with the copy, the trained network is kept
        console.warn(f"{error}; saved without an ONNX copy, classify.py will use Keras")
        return None


@dataclass(frozen=True)
class FoldResult:
    """What a run says of inputs that it never saw, neither to learn nor to choose."""

    indices: Indices
    predictions: Predictions
    validation_exact_match: float  # of the run's own validation inputs, at its best epoch
    seconds: float
    tagger: Tagger


def cross_val_predict(
    data: loop.Data, parts: Sequence[Indices], duplicate_groups: Indices, recipe: Recipe
) -> Iterator[FoldResult]:
    """Yield for each of `parts` what a run on the other inputs of `data` says of it.

    The other inputs, near-duplicates of the part left out, are split by `recipe` into training
    and validation as train.py does: the part itself chooses nothing.
    """
    for part in parts:
        rest = splits.without(np.arange(len(data.inputs)), part, duplicate_groups)
        to_train, to_validate = splits.stratified_split(
            [data.labelsets[index] for index in rest],
            duplicate_groups[rest],
            recipe.validation_share,
            recipe.seed,
        )
        done = run(
            replace(data, training=rest[to_train], validation=rest[to_validate]),
            recipe,
        )
        yield FoldResult(
            part,
            done.tagger.predict(data.inputs, part),
            best_epoch(done.epochs).validation_exact_match,
            sum(epoch.seconds for epoch in done.epochs),
            done.tagger,
        )
