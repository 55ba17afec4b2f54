from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from support.bars import SIDE, bars, trained

from pyimagesearch.networks import build
from pyimagesearch.training import precision
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.history import best_epoch
from pyimagesearch.training.loop import Schedule
from pyimagesearch.training.precision import Precision
from pyimagesearch.training.step import Trainer


def pretend_gpu(patch: pytest.MonkeyPatch, *capability: int) -> None:
    details = {"compute_capability": capability} if capability else {}
    patch.setattr(tf.config, "list_physical_devices", lambda _: ["a GPU"])
    patch.setattr(tf.config.experimental, "get_device_details", lambda _: details)


def test_a_gpu_is_used_in_the_way_that_suits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        pretend_gpu(patch, 9, 0)
        assert precision.choose() == Precision("mixed_bfloat16", is_compiled=True)
        pretend_gpu(patch, 7, 5)
        assert precision.choose() == Precision("float32", is_compiled=True)
        pretend_gpu(patch)  # of a maker that tells no compute capability
        assert precision.choose() == Precision("float32", is_compiled=True)
        patch.setattr(tf.config, "list_physical_devices", lambda _: [])
        assert precision.choose() == Precision("float32", is_compiled=False)


def test_the_mixed_and_compiled_step_learns_and_saves_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "choose", lambda: Precision("mixed_bfloat16", is_compiled=True))
    data = bars()
    model, epochs = trained(data, epochs=10)
    assert best_epoch(epochs).validation_exact_match > 0.9
    assert {weights.dtype for weights in model.get_weights()} == {np.dtype("float32")}
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}


def test_the_step_is_computed_as_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "choose", lambda: Precision("mixed_bfloat16", is_compiled=True))
    compiled: dict[str, object] = {}
    function = tf.function

    def spy(work: Any, **options: Any) -> Any:
        compiled[work.__name__] = options.get("jit_compile")
        return function(work, **options)

    monkeypatch.setattr(tf, "function", spy)
    data = bars(32)
    model = build.build("factored", SIDE, data.groups, data.classes, seed=1)
    trainer = Trainer(model, data, Schedule(1, 16, 5e-3, seed=1), Augmentation())
    kinds = {type(layer).__name__: layer.compute_dtype for layer in trainer.model.layers}
    assert kinds["Conv2D"] == kinds["Dense"] == "bfloat16"
    assert compiled["_learn"]
