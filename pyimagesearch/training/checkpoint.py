"""The checkpoint of a run: everything that training needs to continue as if never stopped.

It is one NumPy archive (.npz) without pickles: the variables of the network in training, of its
optimizer and of the best network so far, and as JSON the rest of the state and the identity of the
run.
"""

import contextlib
import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.recipe import Recipe

if TYPE_CHECKING:
    import keras

FACTS = "facts"
# What NumPy, zipfile and json raise if a file is torn, or is something else.
DAMAGED = (
    *(OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError),
    *(MemoryError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class State:
    """All of a training that changes from epoch to epoch."""

    network: "keras.Model"  # in training
    optimizer: "keras.optimizers.Optimizer"
    best: "keras.Model"  # holds the weights of the best epoch so far
    order: np.random.Generator  # shuffles the training inputs
    epochs: list[EpochMetrics]  # those done

    def variables(self) -> list["keras.Variable"]:
        """Return every number that training changes; those of the best network come last.

        The `variables` of a network are its weights and the seeds of its dropout.
        """
        return [*self.network.variables, *self.optimizer.variables, *self.best.variables]


class Checkpoint:
    """The file from which a stopped run continues; it holds the state after the last epoch."""

    def __init__(self, path: Path, run: Mapping[str, object]) -> None:
        """`run` identifies the run, name by name, in the types of JSON."""
        self.path = path
        self.run = json.loads(json.dumps(run))
        self.epochs_done = 0  # those after which `restore` continues

    def find(self) -> None:
        """Check that the file belongs to this very run; raises CommandError if it does not."""
        with self._open() as archive:
            facts = _facts(archive)
            found, self.epochs_done = dict(facts["run"]), len(facts["epochs"])
        names = [name for name in {**self.run, **found} if found.get(name) != self.run.get(name)]
        if names:
            different = ", ".join(f"{n} {found.get(n)}, not {self.run.get(n)}" for n in names)
            raise CommandError(
                f"{self.path}: belongs to another run: {different}; use the same files and flags, "
                "or train from the beginning without --resume"
            )

    def save(self, state: State) -> None:
        """Write `state` over the last one; if that fails, warn and let the training continue."""
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
            console.warn(f"{error}; training continues")
        else:
            self.epochs_done = len(state.epochs)

    def restore(self, state: State) -> None:
        """Set `state` to what `find` found; if it found nothing, leave it unchanged."""
        if not self.epochs_done:
            return
        with self._open() as archive:
            facts = _facts(archive)
            _assign(state.variables(), archive, first=0)
            state.order.bit_generator.state = facts["order"]
            state.epochs[:] = _epochs(facts)

    def load_best(self, model: "keras.Model") -> list[EpochMetrics]:
        """Give `model` the weights of the best epoch, and return all epochs."""
        with self._open() as archive:
            facts = _facts(archive)
            saved = len(archive.files) - 1
            _assign(model.variables, archive, first=saved - len(model.variables))
            return _epochs(facts)

    @contextlib.contextmanager
    def _open(self) -> Iterator[np.lib.npyio.NpzFile]:
        """Open the file for the block; whatever is wrong with it becomes a CommandError."""
        try:
            with np.load(self.path, allow_pickle=False) as archive:
                yield archive
        except DAMAGED:
            raise CommandError(
                f"{self.path}: cannot be read as a checkpoint; train from the beginning without "
                "--resume"
            ) from None


def _assign(
    variables: Sequence["keras.Variable"], archive: np.lib.npyio.NpzFile, first: int
) -> None:
    for number, variable in enumerate(variables, first):
        values = archive[_name(number)]
        if (values.shape, values.dtype.name) != (tuple(variable.shape), variable.dtype):
            raise ValueError(f"another shape of {variable.path}")
        variable.assign(values)


def _name(number: int) -> str:
    return f"variable_{number}"


def _facts(archive: np.lib.npyio.NpzFile) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(archive[FACTS].tobytes())
    return facts


def _epochs(facts: Mapping[str, Any]) -> list[EpochMetrics]:
    return [EpochMetrics(**epoch) for epoch in facts["epochs"]]


def path_for(model_path: Path) -> Path:
    """Return the path of the checkpoint of the run that makes the model at `model_path`."""
    return model_path.with_name(f"{model_path.name}.checkpoint")


@contextlib.contextmanager
def keep(path: Path, run: Mapping[str, object], resume: bool) -> Iterator[Checkpoint]:
    """Yield the checkpoint of a run; if the block succeeds, the file is removed afterwards.

    With `resume` the run continues from the file, or starts from the beginning if there is none.
    Raises CommandError if the file belongs to another run, or is damaged.
    """
    checkpoint = Checkpoint(path, run)
    if resume and path.exists():
        checkpoint.find()
        console.status(f"{path}: continuing after epoch {checkpoint.epochs_done}")
    elif resume:
        console.status(f"{path}: no such checkpoint; training from the beginning")
    elif path.exists():
        console.warn(
            f"{path}: holds a run that was stopped; the first epoch of this run replaces it "
            "(--resume would continue it)"
        )
    try:
        yield checkpoint
    except KeyboardInterrupt:
        if not checkpoint.epochs_done:
            raise
        raise KeyboardInterrupt(
            f"--resume continues after epoch {checkpoint.epochs_done}"
        ) from None
    files.followed(path).unlink(missing_ok=True)


def identify(data: Dataset, recipe: Recipe) -> dict[str, object]:
    """Return by name what makes a run: its inputs, its labels, its split and its recipe."""
    return {
        **asdict(recipe),
        "inputs": _digest(data.inputs),
        "labels": f"{', '.join(data.classes)} ({_digest(data.targets)})",
        "groups": [f"{group.name}={','.join(group.labels)}" for group in data.groups],
        "training inputs": _digest(data.training),
    }


def _digest(array: NDArray[np.generic]) -> str:
    contents = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return f"{len(array)} of digest {hashlib.sha256(contents.data).hexdigest()[:12]}"
