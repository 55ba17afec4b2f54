"""A run's checkpoint: all that a training needs to go on as if it had never been stopped.

It is one NumPy archive (.npz) without pickles: the variables of the network in training, of its
optimizer and of the best network so far, and as JSON what else changes and what the run is of.
"""

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.training.history import EpochMetrics

FACTS = "facts"
# What NumPy, zipfile and json raise where a file is torn, or is something else.
DAMAGED = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError),
    *(MemoryError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class State:
    """All of a training that changes from epoch to epoch."""

    network: keras.Model  # in training
    optimizer: keras.optimizers.Optimizer
    best: keras.Model  # holds the weights of the best epoch so far
    order: np.random.Generator  # shuffles what is learned from
    epochs: list[EpochMetrics]  # those done

    def variables(self) -> list[keras.Variable]:
        """Return every number that training changes.

        A network's `variables` are its weights and the seeds from which its dropout is drawn.
        """
        return [*self.network.variables, *self.optimizer.variables, *self.best.variables]


class Checkpoint:
    """The file from which a stopped run goes on; it holds the state after its last whole epoch."""

    def __init__(self, path: Path, run: Mapping[str, object]) -> None:
        """`run` identifies the run, name by name, in JSON's types."""
        self.path = path
        self.run = json.loads(json.dumps(run))
        self.epochs_done = 0  # those from which `restore` goes on

    def find(self) -> None:
        """Look whether the file is of this very run; raises CommandError where it is not."""
        with self._archive() as archive:
            facts = _facts(archive)
            found, self.epochs_done = dict(facts["run"]), len(facts["epochs"])
        names = [name for name in {**self.run, **found} if found.get(name) != self.run.get(name)]
        if names:
            different = ", ".join(f"{n} {found.get(n)}, not {self.run.get(n)}" for n in names)
            raise CommandError(
                f"{self.path}: is of another run: {different}; give the same files and flags, or "
                "train from the beginning without --resume"
            )

    def save(self, state: State) -> None:
        """Write `state` over the last one; where that fails, warn: training need not end for it."""
        facts = {
            "run": self.run,
            "order": state.order.bit_generator.state,
            "epochs": [asdict(epoch) for epoch in state.epochs],
        }
        arrays = {_name(i): variable.numpy() for i, variable in enumerate(state.variables())}
        arrays[FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
        try:
            with files.atomic_write(self.path) as new, new.open("wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
        except CommandError as error:
            console.warn(f"{error}; training goes on")
        else:
            self.epochs_done = len(state.epochs)

    def restore(self, state: State) -> None:
        """Bring `state` to what was found; without a find it stays as it is."""
        if not self.epochs_done:
            return
        with self._archive() as archive:
            facts = _facts(archive)
            for number, variable in enumerate(state.variables()):
                values = archive[_name(number)]
                if (values.shape, values.dtype.name) != (tuple(variable.shape), variable.dtype):
                    raise ValueError(f"another shape of {variable.path}")
                variable.assign(values)
            state.order.bit_generator.state = facts["order"]
            state.epochs[:] = [EpochMetrics(**epoch) for epoch in facts["epochs"]]

    @contextlib.contextmanager
    def _archive(self) -> Iterator[np.lib.npyio.NpzFile]:
        """Open the file for the block; whatever is wrong with it is a CommandError."""
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                yield archive
        except DAMAGED:
            raise CommandError(
                f"{self.path}: cannot be read as a checkpoint; train from the beginning without "
                "--resume"
            ) from None


def _name(number: int) -> str:
    return f"variable_{number}"


def _facts(archive: np.lib.npyio.NpzFile) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(archive[FACTS].tobytes())
    return facts


@contextlib.contextmanager
def keep(path: Path, run: Mapping[str, object], resume: bool) -> Iterator[Checkpoint]:
    """Yield the checkpoint of a run; when the block has done all it has to, the file is removed.

    With `resume` the run goes on from the file, or from the beginning where there is none. Raises
    CommandError where the file is of another run, or damaged.
    """
    checkpoint = Checkpoint(path, run)
    if resume and path.exists():
        checkpoint.find()
        console.status(f"{path}: going on after epoch {checkpoint.epochs_done}")
    elif resume:
        console.status(f"{path}: no such checkpoint; training from the beginning")
    elif path.exists():
        console.warn(
            f"{path}: holds a run that was stopped; the first epoch of this one replaces it "
            "(--resume would go on from it)"
        )
    try:
        yield checkpoint
    except KeyboardInterrupt:
        if not checkpoint.epochs_done:
            raise
        raise KeyboardInterrupt(f"--resume goes on after epoch {checkpoint.epochs_done}") from None
    files.followed(path).unlink(missing_ok=True)
