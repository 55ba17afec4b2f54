"""Training on a pretrained backbone: what it learns, with many photos and with few."""

from dataclasses import replace

import numpy as np
import pytest
from support.bars import bars

from pyimagesearch.data.dataset import Dataset, split
from pyimagesearch.scoring import metrics
from pyimagesearch.training import features, few_photos
from pyimagesearch.training.calibrate import calibrate
from pyimagesearch.training.fit import fit
from pyimagesearch.training.recipe import DEFAULTS
from train import build_model

RECIPE = replace(DEFAULTS["pretrained"], image_size=96, epochs=4, batch_size=16, fewest_steps=0)


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Red and blue bars, flat or tall, as rows of the backbone."""
    plain = bars(120)
    pixels = plain.inputs.repeat(4, axis=1).repeat(4, axis=2)
    rows = features.conversion(RECIPE.backbone, 96, has_colours=True).make()(pixels)
    return replace(plain, inputs=rows)


def test_the_heads_learn_shapes_and_colours_of_the_bars(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_photos, "FEW", 10)
    run = fit(build_model, data, RECIPE)
    assert run.indices.tolist() == data.validation.tolist()
    predictions = calibrate(run, data, RECIPE).decide(run.held_out)
    assert metrics.exact_match(predictions.predicted, data.targets[run.indices]) > 0.8


def test_with_few_photos_each_is_predicted_by_a_network_that_was_not_trained_on_it(
    data: Dataset,
) -> None:
    used: list[set[int]] = []

    def build(of_run: Dataset, recipe: object) -> object:
        used.append(set(of_run.training.tolist()))
        return build_model(of_run, RECIPE)

    run = fit(build, data, RECIPE)
    assert sorted(run.indices.tolist()) == list(range(120))
    sizes = np.cumsum([0, *(120 - len(one) for one in used[:5])])
    for training, start, end in zip(used, sizes, sizes[1:], strict=False):
        assert not training & set(run.indices[start:end].tolist())
    tagger = calibrate(run, data, RECIPE)
    predicted = tagger.decide(run.held_out).predicted
    assert metrics.exact_match(predicted, data.targets[run.indices]) > 0.8


def test_a_picture_of_something_else_is_farther_away_than_the_photos(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_photos, "FEW", 10)
    tagger = calibrate(fit(build_model, data, RECIPE), data, RECIPE)
    y, x = np.mgrid[:96, :96]
    rings = (127 + 127 * np.sin(np.hypot(x - 48, y - 48) / 3)).astype(np.uint8)
    other = np.repeat(rings[None, ..., None], 3, axis=-1)
    row = features.conversion(RECIPE.backbone, 96, has_colours=True).make()(other)
    assert tagger.tag_inputs(row)[0].tags == ()


def test_without_colours_there_is_one_epoch_and_rows_without_bottleneck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(few_photos, "FEW", 10)
    plain = bars(160)
    pixels = plain.inputs.repeat(4, axis=1).repeat(4, axis=2)
    rows = features.conversion(RECIPE.backbone, 96, has_colours=False).make()(pixels)
    assert rows.dtype.names == ("picture", "embedding")
    data = split(
        replace(plain, inputs=rows, groups=(), training=plain.training[:0]), fraction=0.25, seed=0
    )
    run = fit(build_model, data, RECIPE)
    assert len(run.history) == 1
    assert run.held_out.distances.shape[1] == 1


def test_the_rows_of_a_photo_take_at_most_20_kilobytes_beyond_the_picture() -> None:
    for has_colours in (False, True):
        dtype = features.row_type(224, has_colours)
        assert dtype.itemsize - dtype["picture"].itemsize <= 20_000
