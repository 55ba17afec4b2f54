import itertools
import json
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import pytest
from pyimagesearch.networks.build import Defaults, Recipe
from pyimagesearch.networks.training_layers import to_training_model
from support.bars import CLASSES, GROUPS, SIDE, bars

from pyimagesearch.console import CommandError
from pyimagesearch.networks import build
from pyimagesearch.training import checkpoint, loop, run
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.checkpoint import Checkpoint, State
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.shard import Shard

RUN = {"seed": 1, "epochs": 4, "groups": ["colour=blue,red"], "learning_rate": 5e-3}
SCHEDULE = loop.Schedule(epochs=4, batch_size=16, learning_rate=5e-3, seed=1)


class StoppedError(Exception):
    """Stands for whatever ends a run half-way."""


def fit(
    path: Path, stop_after_steps: int | None = None, resume: bool = False
) -> tuple[keras.Model, list[EpochMetrics]]:
    data = replace(bars(48), groups=())
    model = build.build("smallervggnet", SIDE, (), CLASSES, 1)
    checkpoint = Checkpoint(path, RUN)
    if resume:
        checkpoint.find()
    steps = itertools.count(1)

    def stop() -> None:
        if next(steps) == stop_after_steps:
            raise StoppedError

    epochs = loop.fit(
        model, data, SCHEDULE, Augmentation(), stop, lambda _: None, checkpoint=checkpoint
    )
    return model, epochs


def without_seconds(epochs: list[EpochMetrics]) -> list[EpochMetrics]:
    return [replace(epoch, seconds=0) for epoch in epochs]


def test_a_run_stopped_in_the_middle_of_an_epoch_goes_on_to_the_same_weights(
    tmp_path: Path,
) -> None:
    model, epochs = fit(tmp_path / "whole")
    path = tmp_path / "stopped"
    with pytest.raises(StoppedError):
        fit(path, stop_after_steps=8)  # epochs of three steps
    keras.utils.set_random_seed(99)  # whatever the process did before
    resumed, resumed_epochs = fit(path, resume=True)
    assert without_seconds(resumed_epochs) == without_seconds(epochs)
    for one, other in zip(model.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def state(seed: int = 1) -> State:
    features = np.random.default_rng(seed).normal(size=(8, 5)).astype(np.float32)
    model = build.build_mlp(features, CLASSES, seed)
    network = to_training_model(model, Shard(16))
    optimizer = keras.optimizers.AdamW(1e-3)
    optimizer.build(network.trainable_variables)
    epochs = [EpochMetrics(1, 1.5, 0.5, 0.25, 0.5, 0.5, 0.25, 0.5, 0.75)]
    return State(network, optimizer, model, np.random.default_rng(seed), epochs)


def test_all_that_changes_comes_back_the_seeds_of_dropout_too(tmp_path: Path) -> None:
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


def test_a_checkpoint_of_another_run_is_refused_by_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "fashion.model.checkpoint"
    Checkpoint(path, RUN).save(state())
    Checkpoint(path, RUN).find()
    for change, named in (
        ({"epochs": 5}, "epochs 4, not 5; give the same"),
        ({"seed": 2, "groups": []}, r"seed 1, not 2, groups \['colour=blue,red'\], not \[\]"),
        ({"loss": "focal"}, "loss None, not focal"),
    ):
        with pytest.raises(CommandError, match=f"is of another run: {named}"):
            Checkpoint(path, RUN | change).find()


def test_what_identifies_a_run_are_its_inputs_labels_split_and_recipe() -> None:
    data = bars(48)
    recipe = Recipe("factored", Defaults(SIDE, 2, 16, 5e-3), 0.25, seed=1)
    identity = run.identify(data, recipe)
    assert json.loads(json.dumps(identity)) == identity
    assert run.identify(bars(48), recipe) == identity

    def differing(other: loop.Data, by: Recipe = recipe) -> set[str]:
        found = run.identify(other, by)
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
    settings = replace(recipe.settings, epochs=3, learning_rate=1e-3)
    assert differing(data, replace(recipe, settings=settings)) == {"epochs", "learning_rate"}
    assert set(identity) >= set(asdict(recipe)) - {"settings"}


@pytest.mark.parametrize("damage", ["torn", "empty", "text", "array", "pickle", "folder"])
def test_what_is_no_whole_checkpoint_is_named(damage: str, tmp_path: Path) -> None:
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
    model = build.build("smallervggnet", SIDE, (), CLASSES, 1)
    other = replace(state(), best=model)
    with pytest.raises(CommandError, match="cannot be read as a checkpoint"):
        checkpoint.restore(other)


def test_a_checkpoint_that_goes_between_looking_and_reading_is_named(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "c", RUN)
    checkpoint.save(state())
    checkpoint.find()
    checkpoint.path.unlink()
    with pytest.raises(CommandError, match="c: cannot be read as a checkpoint"):
        checkpoint.restore(state())


def test_a_place_that_cannot_be_written_is_named_and_training_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    checkpoint = Checkpoint(tmp_path / "file" / "c", RUN)
    checkpoint.save(state())
    assert checkpoint.epochs_done == 0
    assert "warning: " in (said := capsys.readouterr().err)
    assert "file/c: cannot be written" in said
    assert "training goes on" in said


def run(path: Path, resume: bool, save: bool, stopped: bool) -> int:
    with checkpoint.keep(path, RUN, resume) as checkpoint:
        if save:
            checkpoint.save(state())
        if stopped:
            raise KeyboardInterrupt
        return checkpoint.epochs_done


def test_where_the_file_is_a_link_what_it_leads_to_goes(tmp_path: Path) -> None:
    (elsewhere := tmp_path / "elsewhere").touch()
    (link := tmp_path / "checkpoint").symlink_to(elsewhere)
    with checkpoint.keep(link, {}, resume=False):
        pass
    assert not elsewhere.exists()
    assert link.is_symlink()


def test_the_file_goes_when_all_is_done_and_stays_when_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "c"
    with pytest.raises(KeyboardInterrupt, match="--resume goes on after epoch 1"):
        run(path, resume=True, save=True, stopped=True)
    assert "no such checkpoint; training from the beginning" in capsys.readouterr().err
    with pytest.raises(KeyboardInterrupt, match=r"^$"):  # nothing of this run is kept yet
        run(path, resume=False, save=False, stopped=True)
    assert "holds a run that was stopped" in capsys.readouterr().err
    assert path.exists()
    assert run(path, resume=True, save=False, stopped=False) == 1
    assert "going on after epoch 1" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
