"""Tag images with a trained model: load once, tag many."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import decoding, feature_tables, images, serving, thresholds
from pyimagesearch.artifacts import Card, check_pair, read_card
from pyimagesearch.images import ImageError
from pyimagesearch.labelbin import read_labels

BATCH_SIZE = 64
NOTHING = "nothing known here"  # said of an image without tags


@dataclass(frozen=True)
class Tagged:
    """What a model says of one image.

    `tags` are the labels that count, in the order of the label groups (the colour first), then
    likeliest first; `probabilities` are all labels in the model's order.
    """

    tags: tuple[str, ...]
    probabilities: dict[str, float]
    is_new_combination: bool  # two of these tags never held together in training


@dataclass(frozen=True)
class Judged:
    """What a model says of N images, in the order of its L labels."""

    probabilities: NDArray[np.float32]  # (N, L)
    decided: NDArray[np.bool_]  # (N, L), the labels that count


class Tagger:
    """A model with its labels; made by `Tagger.load`."""

    def __init__(self, card: Card, predict: serving.Predict) -> None:
        """Keep the card of a model and its network."""
        self.card = card
        self.predict = predict
        self._rank = {t: rank for rank, group in enumerate(card.groups) for t in group.labels}
        self._seen = {pair for labels in card.combinations for pair in combinations(labels, 2)}

    @staticmethod
    def load(
        model: Path | str = "fashion.model",
        labelbin: Path | str = "mlb.pickle",
        engine: str = "auto",
        threshold: float | None = None,
        threads: int | None = None,
    ) -> "Tagger":
        """Return the tagger in the two files that train.py wrote.

        `engine` is "onnx", "keras" (which loads TensorFlow), or "auto": onnx where it can.
        `threshold` takes the place of the model's own, for every label. `threads` is how many
        onnx may use, one a core by default. Raises CommandError where the files cannot be used.
        """
        card = read_card(Path(model))
        check_pair(card, read_labels(Path(labelbin)), Path(model), Path(labelbin))
        if threshold is not None:
            card = replace(card, thresholds=(threshold,) * len(card.labels))
        return Tagger(card, serving.load(Path(model), card, engine, threads))

    def tag(self, batch: serving.Inputs) -> list[Tagged]:
        """Return what the model says of each input of a batch, of either kind; see `judge`."""
        judged = self.judge(batch)
        rows = zip(judged.probabilities, judged.decided, strict=True)
        return [self._tagged(*row) for row in rows]

    def judge(self, inputs: serving.Inputs) -> Judged:
        """Return what the model says of N inputs as arrays.

        Images are uint8 RGB (N, S, S, 3), features float32 (N, F) in the order of the card.
        """
        starts = range(0, max(1, len(inputs)), BATCH_SIZE)
        probabilities = np.concatenate([self.predict(inputs[i : i + BATCH_SIZE]) for i in starts])
        limits = np.array(self.card.thresholds)
        decided = thresholds.decide(probabilities, limits, self.card.groups, self.card.labels)
        return Judged(probabilities, decided)

    def tag_files(
        self,
        paths: Iterable[Path],
        max_pixels: int = images.MAX_PIXELS,
        processes: int | None = None,
    ) -> Iterator[tuple[Path, Tagged | ImageError]]:
        """Yield each path with its tags, or with what is wrong with it, in the order given.

        Files are decoded by `processes` others, one a core by default, and predicted in batches;
        memory does not grow with their number.
        """
        loaded = decoding.load_many(paths, self.card.image_size, max_pixels, processes)
        while chunk := list(islice(loaded, BATCH_SIZE)):
            good = [picture for _, picture in chunk if not isinstance(picture, ImageError)]
            tagged = iter(self.tag(np.stack(good)) if good else ())
            for path, picture in chunk:
                yield path, picture if isinstance(picture, ImageError) else next(tagged)

    def tag_tables(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Tagged]]:
        """Yield `table:row` with the tags of each row of feature tables, columns found by name.

        Raises CommandError where a table cannot be read or lacks a column.
        """
        for path in paths:
            table = feature_tables.read(path)
            features = table.columns(self.card.features)
            for start in range(0, len(features), BATCH_SIZE):
                rows = table.rows[start : start + BATCH_SIZE]
                for row, tagged in zip(
                    rows, self.tag(features[start : start + BATCH_SIZE]), strict=True
                ):
                    yield Path(f"{path}:{row}"), tagged

    def _tagged(self, probabilities: NDArray[np.float32], counts: NDArray[np.bool_]) -> Tagged:
        labels = self.card.labels
        by_label = dict(zip(labels, map(float, probabilities), strict=True))
        counting = [label for label, does in zip(labels, counts, strict=True) if does]
        last = len(self.card.groups)
        tags = tuple(sorted(counting, key=lambda t: (self._rank.get(t, last), -by_label[t])))
        return Tagged(tags, by_label, not self._seen.issuperset(combinations(sorted(tags), 2)))
