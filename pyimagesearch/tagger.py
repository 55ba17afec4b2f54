"""Tag images with a trained model: load once, tag many.

    tagger = Tagger.load("fashion.model", "mlb.pickle")
    tagger.tag("photo.jpg").tags                     # ("black", "dress")
    for tagged in tagger.tag(Path("photos").glob("*.jpg")): ...

A tagger may be shared by several threads.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, groupby, islice
from pathlib import Path
from typing import cast, overload

import numpy as np
from numpy.typing import NDArray

from pyimagesearch.console import CommandError
from pyimagesearch.data import tables
from pyimagesearch.data.dataset import Inputs
from pyimagesearch.images import decoder, pool
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.model_file import predictors, save_load
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.model_file.predictors import Outputs
from pyimagesearch.scoring import rejection, thresholds
from pyimagesearch.scoring.calibration import calibrate

Photo = Path | str | NDArray[np.uint8]
BATCH_SIZE = 64
NOTHING = "nothing known here"  # shown for an image without tags


@dataclass(frozen=True)
class Tagged:
    """The tags of one image.

    `tags` are the labels that apply, in the order of the label groups (the colour first), then the
    most likely first; `probabilities` holds all labels in the order of the model.
    """

    tags: tuple[str, ...]
    probabilities: dict[str, float]
    is_new_combination: bool  # two of these tags never occurred together in training
    unknown_groups: tuple[str, ...] = ()  # label groups of which no label is known here


@dataclass(frozen=True)
class Predictions:
    """What a model predicts for N images, in the order of its L labels."""

    probabilities: NDArray[np.float32]  # (N, L)
    uncalibrated: NDArray[np.float32]  # (N, L), as they come from the network
    predicted: NDArray[np.bool_]  # (N, L), the labels that apply; none for an unknown image


def accept_all(config: TaggerConfig) -> TaggerConfig:
    """Return `config` without rejection of unknown images."""
    limits = (rejection.LARGEST_DISTANCE,) * len(config.distance_limits)
    return replace(config, energy_threshold=0.0, distance_limits=limits)


def run_network(
    network: predictors.Predict, inputs: Inputs, indices: NDArray[np.intp] | None = None
) -> Outputs:
    """Return the outputs for N inputs, or for those at `indices`, computed in batches."""
    chosen = np.arange(len(inputs)) if indices is None else indices
    starts = range(0, max(1, len(chosen)), BATCH_SIZE)
    batches = (inputs[chosen[start : start + BATCH_SIZE]] for start in starts)
    return predictors.join([network(batch) for batch in batches])


class Tagger:
    """A model with its labels; `Tagger.load` makes one."""

    def __init__(self, config: TaggerConfig, network: predictors.Predict) -> None:
        """`network` is the model as a function, `config` what it needs around it."""
        self.config = config
        self.network = network
        self._rank = {t: rank for rank, group in enumerate(config.groups) for t in group.labels}
        self._seen = {
            (config.labels[first], config.labels[second]) for first, second in config.pairs
        }

    @staticmethod
    def load(
        model: Path | str = "fashion.model",
        labelbin: Path | str = "mlb.pickle",
        engine: str = "auto",
        threshold: float | None = None,
        threads: int | None = None,
    ) -> "Tagger":
        """Return the tagger in the two files that train.py saved.

        `engine` is "onnx", "keras" (which loads TensorFlow), or "auto": onnx if the model holds an
        ONNX export, else keras. `threshold` replaces the model's own for every label; then no image
        is rejected as unknown. `threads` is how many threads onnx may use, by default one per core.
        Raises CommandError if the files cannot be used.
        """
        config, predict = save_load.load(Path(model), Path(labelbin), engine, threads)
        if threshold is not None:
            config = replace(accept_all(config), thresholds=(threshold,) * len(config.labels))
        return Tagger(config, predict)

    @overload  # a str is an iterable of str, too
    def tag(self, photos: Photo) -> Tagged: ...  # type: ignore[overload-overlap]
    @overload
    def tag(self, photos: Iterable[Photo]) -> Iterator[Tagged | ImageError]: ...
    def tag(self, photos: Photo | Iterable[Photo]) -> Tagged | Iterator[Tagged | ImageError]:
        """Return the tags of a photo, or an iterator over the tags of several photos.

        A photo is a path or a uint8 RGB array (H, W, 3) of any size. If a single photo cannot be
        read, ImageError is raised; among several photos, the ImageError takes the place of the
        tags. Several photos are decoded in parallel, and memory does not grow with their number.
        Raises CommandError if the model takes rows of tables, and TypeError for the bytes of a
        file.
        """
        if not self.config.image_size:
            raise CommandError(
                "the model tags rows of tables, not photos; use tag_tables or predict"
            )
        if isinstance(photos, str | Path) or (isinstance(photos, np.ndarray) and photos.ndim == 3):
            (tagged,) = self._tag_each([photos])
            if isinstance(tagged, ImageError):
                raise ImageError(f"{photos}: {tagged}")
            return tagged
        return self._tag_each(photos)

    def _tag_each(self, photos: Iterable[Photo]) -> Iterator[Tagged | ImageError]:
        """Yield the tags of each photo; consecutive paths, and consecutive arrays, form batches."""
        for is_array, group in groupby(photos, lambda photo: isinstance(photo, np.ndarray)):
            if not is_array:
                paths = (Path(cast("str | Path", photo)) for photo in group)
                for _, tagged in self.tag_files(paths):
                    yield tagged
            while chunk := [self._squashed(photo) for photo in islice(group, BATCH_SIZE)]:
                yield from self.tag_inputs(np.stack(chunk))

    def _squashed(self, photo: Photo) -> NDArray[np.uint8]:
        """Return an array of any size in the size of the network's input."""
        pixels = np.asarray(photo)
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
            raise ValueError(
                f"photos must be uint8 RGB arrays (height, width, 3). Received: {pixels.dtype} "
                f"{pixels.shape}"
            )
        return decoder.squash(pixels, self.config.image_size)

    def tag_inputs(self, batch: Inputs) -> list[Tagged]:
        """Return the tags of each input of a batch, images or features; see `predict`."""
        predictions = self.predict(batch)
        rows = zip(predictions.probabilities, predictions.predicted, strict=True)
        return [self._tagged(*row) for row in rows]

    def predict(self, inputs: Inputs, indices: NDArray[np.intp] | None = None) -> Predictions:
        """Return the predictions for N inputs, or for those at `indices`, as arrays.

        Images are uint8 RGB (N, S, S, 3), features float32 (N, F) in the order of the config.
        """
        return self.decide(run_network(self.network, inputs, indices))

    def decide(self, outputs: Outputs) -> Predictions:
        """Return the predictions that follow from the outputs of the network."""
        config, uncalibrated = self.config, outputs.probabilities
        probabilities = uncalibrated
        if config.temperatures:
            probabilities = calibrate(uncalibrated, np.array(config.temperatures))
        limits = np.array(config.thresholds)
        applies = thresholds.apply_thresholds(probabilities, limits, config.groups, config.labels)
        applies &= (rejection.joint_energy(uncalibrated) >= config.energy_threshold)[:, None]
        if config.distance_limits:
            is_far = outputs.distances > np.array(config.distance_limits)
            applies = rejection.reject(applies, is_far, config.groups, config.labels)
        return Predictions(probabilities, uncalibrated, applies)

    def tag_files(
        self,
        paths: Iterable[Path],
        max_pixels: int = decoder.MAX_PIXELS,
        processes: int | None = None,
    ) -> Iterator[tuple[Path, Tagged | ImageError]]:
        """Yield each path with its tags, or with its ImageError, in the order given.

        `processes` other processes decode the files, by default one per core. Memory does not grow
        with the number of files.
        """
        loaded = pool.load_many(paths, self.config.image_size, max_pixels, processes)
        while chunk := list(islice(loaded, BATCH_SIZE)):
            good = [picture for _, picture in chunk if not isinstance(picture, ImageError)]
            tagged = iter(self.tag_inputs(np.stack(good)) if good else ())
            for path, picture in chunk:
                yield path, picture if isinstance(picture, ImageError) else next(tagged)

    def tag_tables(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Tagged]]:
        """Yield `table:row` with the tags of each row of feature tables; columns go by name.

        Raises CommandError if a table cannot be read or a column is missing.
        """
        for path in paths:
            table = tables.read(path)
            features = table.columns(self.config.features)
            for start in range(0, len(features), BATCH_SIZE):
                rows = table.rows[start : start + BATCH_SIZE]
                for row, tagged in zip(
                    rows, self.tag_inputs(features[start : start + BATCH_SIZE]), strict=True
                ):
                    yield Path(f"{path}:{row}"), tagged

    def _tagged(self, probabilities: NDArray[np.float32], applies: NDArray[np.bool_]) -> Tagged:
        labels = self.config.labels
        by_label = dict(zip(labels, map(float, probabilities), strict=True))
        applied = [label for label, does in zip(labels, applies, strict=True) if does]
        last = len(self.config.groups)
        tags = tuple(sorted(applied, key=lambda t: (self._rank.get(t, last), -by_label[t])))
        unknown = tuple(
            group.name for group in self.config.groups if tags and not set(group.labels) & set(tags)
        )
        is_new = not self._seen.issuperset(combinations(sorted(tags), 2))
        return Tagged(tags, by_label, is_new, unknown)
