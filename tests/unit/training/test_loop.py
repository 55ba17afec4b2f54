from dataclasses import replace

import keras
import numpy as np
import pytest
from support.bars import RECIPE, SIDE, bars, build_network, trained

from pyimagesearch.training import loop
from pyimagesearch.training.history import EpochMetrics, best_epoch
from pyimagesearch.training.layers import FusedBatchNormalization, to_training_model
from pyimagesearch.training.shard import Shard


def test_fit_learns_the_bars_and_keeps_the_weights_of_the_best_epoch() -> None:
    data = bars()
    model, epochs = trained(data, replace(RECIPE, epochs=20))
    best = best_epoch(epochs)
    assert best.validation_exact_match > 0.9
    assert [epoch.number for epoch in epochs] == list(range(1, 21))
    probabilities = model.predict(data.inputs[data.validation] / 255, verbose=0)
    loss = loop.cross_entropy(data.targets[data.validation], probabilities)
    assert loss == pytest.approx(best.validation_loss, abs=1e-4)


def test_the_same_seed_gives_the_same_weights() -> None:
    data = bars(32)
    first, again, other = (trained(data, replace(RECIPE, seed=seed))[0] for seed in (1, 1, 2))
    for weights, same in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, same)
    pairs = zip(first.get_weights(), other.get_weights(), strict=True)
    assert any(np.abs(weights - others).max() > 0 for weights, others in pairs)


def test_the_learning_rate_rises_for_a_quarter_of_the_steps_and_falls_to_zero() -> None:
    rates = [loop.one_cycle(step, 99, 1.0) for step in range(99)]
    assert int(np.argmax(rates)) == 24
    assert rates[24] == pytest.approx(1.0)
    assert np.all(np.diff(rates[:25]) > 0)
    assert np.all(np.diff(rates[24:]) < 0)
    assert 0 < rates[-1] < 0.02


def test_the_best_epoch_is_the_highest_exact_match_then_the_lowest_loss() -> None:
    def epoch(number: int, exact: float, loss: float) -> EpochMetrics:
        return EpochMetrics(number, 1.0, 1.0, 0.5, 0.5, loss, exact, 0.5, 0.5)

    epochs = [epoch(1, 0.9, 0.3), epoch(2, 0.9, 0.2), epoch(3, 0.8, 0.1)]
    assert best_epoch(epochs).number == 2


def test_fused_batch_normalization_gives_the_same_as_the_stock_layer() -> None:
    inputs = np.random.default_rng(0).normal(2, 3, (8, 6, 6, 4)).astype(np.float32)
    stock, fused = (
        layer(momentum=0.9) for layer in (keras.layers.BatchNormalization, FusedBatchNormalization)
    )
    for _ in range(3):
        np.testing.assert_allclose(
            stock(inputs, training=True), fused(inputs, training=True), atol=1e-4
        )
    np.testing.assert_allclose(stock.moving_mean, fused.moving_mean, rtol=1e-4)
    # The fused kernel keeps the unbiased variance, n / (n - 1) of the stock layer's.
    np.testing.assert_allclose(stock.moving_variance, fused.moving_variance, rtol=5e-3)
    np.testing.assert_allclose(
        stock(inputs, training=False), fused(inputs, training=False), atol=1e-2
    )


def test_the_training_model_has_the_weights_and_predictions_of_the_original() -> None:
    model = build_network(bars(8), RECIPE)
    fused = to_training_model(model, Shard(16))
    assert any(isinstance(layer, FusedBatchNormalization) for layer in fused.layers)
    images = np.random.default_rng(0).random((2, SIDE, SIDE, 3), np.float32)
    np.testing.assert_allclose(model(images), fused(images), atol=1e-5)
