from dataclasses import replace

import numpy as np
from support.bars import RECIPE, bars, build_network

from pyimagesearch.training.step import Precision, Trainer


def test_the_mixed_precision_compiled_step_learns_and_keeps_float32_weights() -> None:
    data = bars(64)
    model = build_network(data, RECIPE)
    trainer = Trainer(model, data, RECIPE, Precision("mixed_bfloat16", is_compiled=True))
    kinds = {type(layer).__name__: layer.compute_dtype for layer in trainer.model.layers}
    assert kinds["Conv2D"] == kinds["Dense"] == "bfloat16"
    losses = []
    for number in range(60):
        batch = np.arange(16) + 16 * (number % 4)
        loss, _ = trainer.step(data.inputs[batch], data.targets[batch], number, 2e-2)
        losses.append(loss)
    assert np.mean(losses[-8:]) < 0.6 * np.mean(losses[:8])
    assert {weights.dtype for weights in trainer.model.get_weights()} == {np.dtype("float32")}


def test_on_a_machine_without_gpu_the_step_is_float32_and_not_compiled() -> None:
    assert Precision.of_this_machine() == Precision("float32", is_compiled=False)


def test_the_step_returns_the_probabilities_of_the_inputs_that_were_not_recoloured() -> None:
    data = bars(32)
    trainer = Trainer(build_network(data, RECIPE), data, RECIPE)
    _, probabilities = trainer.step(data.inputs[:16], data.targets[:16], 0, 1e-3)
    assert probabilities.shape == (12, 4)
    ranking = replace(RECIPE, loss="ranking")  # which cannot mask labels
    trainer = Trainer(build_network(data, ranking), data, ranking)
    _, probabilities = trainer.step(data.inputs[:16], data.targets[:16], 0, 1e-3)
    assert probabilities.shape == (16, 4)
