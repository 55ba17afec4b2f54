import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pytest
from support.bars import CLASSES, GROUPS, RECIPE, bars, build_network

from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.networks.mlp import MultiLabelMLP
from pyimagesearch.training import checkpoint as checkpoints
from pyimagesearch.training import loop
from pyimagesearch.training.checkpoint import Checkpoint, State, identify
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.layers import to_training_model
from pyimagesearch.training.recipe import Recipe
from pyimagesearch.training.shard import Shard

RUN = {"seed": 1, "epochs": 4, "groups": ["colour=blue,red"], "learning_rate": 5e-3}
FOUR_EPOCHS = replace(RECIPE, epochs=4)


class StoppedError(Exception):
    """Ends a run in the middle of an epoch."""


def fit(
    path: Path, stop_after_steps: int | None = None, resume: bool = False
) -> tuple[keras.Model, list[EpochMetrics]]:
    data = bars(48)
    model = build_network(data, FOUR_EPOCHS)
    checkpoint = Checkpoint(path, RUN)
    if resume:
        checkpoint.find()
    steps = itertools.count(1)

    def stop() -> None:
        if next(steps) == stop_after_steps:
            raise StoppedError

    epochs = loop.run_epochs(model, data, FOUR_EPOCHS, stop, loop.ignore, checkpoint)
    return model, epochs


def without_seconds(epochs: list[EpochMetrics]) -> list[EpochMetrics]:
    return [replace(epoch, seconds=0) for epoch in epochs]


def test_a_run_stopped_in_the_middle_of_an_epoch_continues_to_the_same_weights(
    tmp_path: Path,
) -> None:
    model, epochs = fit(tmp_path / "whole")
    path = tmp_path / "stopped"
    with pytest.raises(StoppedError):
        fit(path, stop_after_steps=8)  # epochs of three steps
    keras.utils.set_random_seed(99)  # random numbers drawn earlier in the process do not matter
    resumed, resumed_epochs = fit(path, resume=True)
    assert without_seconds(resumed_epochs) == without_seconds(epochs)
    for weights, same in zip(model.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, same)


def state(seed: int = 1) -> State:
    keras.utils.set_random_seed(seed)
    model = MultiLabelMLP.build(5, len(CLASSES))
    network = to_training_model(model, Shard(16))
    optimizer = keras.optimizers.AdamW(1e-3)
    optimizer.build(network.trainable_variables)
    epochs = [EpochMetrics(1, 1.5, 0.5, 0.25, 0.5, 0.5, 0.25, 0.5, 0.75)]
    return State(network, optimizer, model, np.random.default_rng(seed), epochs)


def test_restore_brings_back_every_variable_including_the_seeds_of_dropout(tmp_path: Path) -> None:
    saved, restored = state(1), state(2)
    saved.order.permutation(7)
    for variable in saved.variables():
        variable.assign(variable + 1)
    Checkpoint(tmp_path / "c", RUN).save(saved)
    checkpoint = Checkpoint(tmp_path / "c", RUN)
    checkpoint.find()
    assert checkpoint.epochs_done == 1
    restored.epochs.clear()
    checkpoint.restore(restored)
    pairs = list(zip(saved.variables(), restored.variables(), strict=True))
    assert any("seed_generator" in variable.path for variable, _ in pairs)
    for one, other in pairs:
        np.testing.assert_array_equal(one, other)
    assert restored.epochs == saved.epochs
    assert restored.order.bytes(16) == saved.order.bytes(16)


def test_load_best_gives_another_process_the_network_of_the_best_epoch(tmp_path: Path) -> None:
    model, epochs = fit(tmp_path / "c")
    checkpoint = Checkpoint(tmp_path / "c", RUN)
    other = build_network(bars(8), replace(FOUR_EPOCHS, seed=2))
    assert checkpoint.load_best(other) == epochs
    for weights, same in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(weights, same)


def test_a_checkpoint_of_another_run_is_refused_and_what_differs_is_reported(
    tmp_path: Path,
) -> None:
    path = tmp_path / "fashion.model.checkpoint"
    Checkpoint(path, RUN).save(state())
    Checkpoint(path, RUN).find()
    for change, difference in (
        ({"epochs": 5}, "epochs 4, not 5; use the same"),
        ({"seed": 2, "groups": []}, r"seed 1, not 2, groups \['colour=blue,red'\], not \[\]"),
        ({"loss": "focal"}, "loss None, not focal"),
    ):
        with pytest.raises(CommandError, match=f"belongs to another run: {difference}"):
            Checkpoint(path, RUN | change).find()


def test_a_run_is_identified_by_its_inputs_labels_split_and_recipe() -> None:
    data = bars(48)
    recipe = replace(RECIPE, epochs=2)
    identity = identify(data, recipe)
    assert json.loads(json.dumps(identity)) == identity
    assert identify(bars(48), recipe) == identity

    def differing(other: Dataset, by: Recipe = recipe) -> set[str]:
        found = identify(other, by)
        return {name for name in identity if found[name] != identity[name]}

    pixels, targets = data.inputs.copy(), data.targets.copy()
    pixels[5, 3, 3, 0] += 1
    targets[[0, 1]] = targets[[1, 0]]
    assert differing(replace(data, inputs=pixels)) == {"inputs"}
    assert differing(replace(data, targets=targets)) == {"labels"}
    assert differing(replace(data, classes=("a", "b", "c", "d"))) == {"labels"}
    assert differing(replace(data, groups=GROUPS[:1])) == {"groups"}
    assert differing(replace(data, training=data.training[:-1])) == {"training inputs"}
    assert differing(data, replace(recipe, seed=2)) == {"seed"}
    other = replace(recipe, epochs=3, learning_rate=1e-3)
    assert differing(data, other) == {"epochs", "learning_rate"}
    assert set(identity) >= set(asdict(recipe))


@pytest.mark.parametrize("damage", ["torn", "empty", "text", "array", "pickle", "folder"])
def test_a_damaged_checkpoint_is_reported(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "fashion.model.checkpoint"
    if damage == "folder":
        path.mkdir()
    elif damage == "torn":
        Checkpoint(path, RUN).save(state())
        path.write_bytes(path.read_bytes()[:-1000])
    elif damage in ("array", "pickle"):
        with path.open("wb") as file:
            contents = np.array([object()]) if damage == "pickle" else np.zeros(3)
            np.save(file, contents, allow_pickle=True)
    else:
        path.write_bytes(b"" if damage == "empty" else b"no archive")
    with pytest.raises(CommandError, match=r"checkpoint: cannot be read as a checkpoint; train"):
        Checkpoint(path, RUN).find()


def test_a_pickle_inside_the_archive_is_not_run(tmp_path: Path) -> None:
    path, ran = tmp_path / "c", tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (ran,)

    with path.open("wb") as file:
        np.savez(file, facts=np.array([Hostile()], object))
    with pytest.raises(CommandError, match="cannot be read as a checkpoint"):
        Checkpoint(path, RUN).find()
    assert not ran.exists()


def test_a_checkpoint_of_other_shapes_is_refused(tmp_path: Path) -> None:
    Checkpoint(tmp_path / "c", RUN).save(state())
    checkpoint = Checkpoint(tmp_path / "c", RUN)
    checkpoint.find()
    model = build_network(bars(8), FOUR_EPOCHS)
    other = replace(state(), best=model)
    with pytest.raises(CommandError, match="cannot be read as a checkpoint"):
        checkpoint.restore(other)


def test_a_checkpoint_that_disappears_before_it_is_read_is_reported(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c", RUN)
    checkpoint.save(state())
    checkpoint.find()
    checkpoint.path.unlink()
    with pytest.raises(CommandError, match="c: cannot be read as a checkpoint"):
        checkpoint.restore(state())


def test_a_checkpoint_that_cannot_be_written_is_reported_and_training_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    checkpoint = Checkpoint(tmp_path / "file" / "c", RUN)
    checkpoint.save(state())
    assert checkpoint.epochs_done == 0
    assert "warning: " in (messages := capsys.readouterr().err)
    assert "file/c: cannot be written" in messages
    assert "training continues" in messages


def keep(path: Path, resume: bool, save: bool, stopped: bool) -> int:
    with checkpoints.keep(path, RUN, resume) as checkpoint:
        if save:
            checkpoint.save(state())
        if stopped:
            raise KeyboardInterrupt
        return checkpoint.epochs_done


def test_if_the_checkpoint_is_a_link_its_target_is_removed(tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").touch()
    (link := tmp_path / "checkpoint").symlink_to(elsewhere)
    with checkpoints.keep(link, {}, resume=False):
        pass
    assert not elsewhere.exists()
    assert link.is_symlink()


def test_the_checkpoint_is_removed_when_the_run_is_done_and_kept_when_it_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c"
    with pytest.raises(KeyboardInterrupt, match="--resume continues after epoch 1"):
        keep(path, resume=True, save=True, stopped=True)
    assert "no such checkpoint; training from the beginning" in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt, match=r"^$"):  # no epoch of this run is done
        keep(path, resume=False, save=False, stopped=True)
    assert "holds a run that was stopped" in capsys.readouterr().err
    assert path.exists()
    assert keep(path, resume=True, save=False, stopped=False) == 1
    assert "continuing after epoch 1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
