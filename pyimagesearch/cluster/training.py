"""Train one network with several processes or machines.

Each worker runs `loop.run_epochs` under TensorFlow's multi-worker strategy on its shard of every
batch. The splits, batches, augmented images and learning rates are those of a single machine. The
worker of rank 0 writes the checkpoint of the run. If a worker is lost, Ray restarts all of them
from the checkpoint; the caller, or a later run, reads the result from it.

Every machine must see the folder of the checkpoint and the decoded photos (--cache) under the same
path.
"""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import DTypeLike, NDArray
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.cluster.session import cpus_each, last_line, session
from pyimagesearch.console import CommandError
from pyimagesearch.data.dataset import Dataset
from pyimagesearch.training.checkpoint import Checkpoint
from pyimagesearch.training.history import EpochMetrics
from pyimagesearch.training.loop import OnEpoch, run_epochs, steps_per_epoch
from pyimagesearch.training.recipe import Recipe

BuildModel = Callable[[Dataset, Recipe], keras.Model]
MAX_RESTARTS = 2  # after a worker was lost; more losses look like a permanent fault
SECONDS_BETWEEN_REPORTS = 1.0


@dataclass(frozen=True)
class MappedArray:
    """Where an array is in a file that every machine sees; a worker reads only what it uses."""

    path: str
    dtype: DTypeLike
    offset: int  # bytes
    shape: tuple[int, ...]

    @staticmethod
    def of(array: NDArray[Any]) -> "MappedArray | None":
        """Return where a memory-mapped `array` is in its file, or None if it is in memory."""
        owner: Any = array
        while owner is not None and not isinstance(owner, np.memmap):
            owner = owner.base
        if owner is None or not array.flags.c_contiguous:
            return None
        offset = owner.offset + array.ctypes.data - owner.ctypes.data
        return MappedArray(str(owner.filename), array.dtype, offset, array.shape)

    def open(self) -> NDArray[Any]:
        """Return the array, memory-mapped."""
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)


@dataclass(frozen=True)
class Task:
    """Everything that a worker needs to know."""

    build_model: BuildModel
    data: Dataset
    mapped: MappedArray | None  # replaces data.inputs
    recipe: Recipe
    checkpoint: Checkpoint
    workers: int
    cpus: int  # of each worker
    events: Any  # the Ray queue to which rank 0 reports its progress


def fit_with_workers(
    model: keras.Model,
    data: Dataset,
    recipe: Recipe,
    on_epoch: OnEpoch,
    checkpoint: Checkpoint,
    workers: int,
    build_model: BuildModel,
) -> list[EpochMetrics]:
    """Train `model` in place as `loop.fit` does, with several workers; return its epochs.

    `build_model` built `model`, and builds the same network in each worker. Continues after the
    last epoch in `checkpoint`. Calls `on_epoch` from another thread. Raises CommandError if the
    workers cannot be started, are lost more than MAX_RESTARTS times, or the loss diverges.
    """
    if recipe.batch_size < 2 * workers or len(data.validation) < workers:
        raise CommandError(
            f"--workers {workers}: each worker needs two {data.unit} of every batch and one for "
            "validation; use fewer workers or raise --batch-size"
        )
    if checkpoint.epochs_done < recipe.epochs:
        _train(build_model, data, recipe, on_epoch, checkpoint, workers)
    return checkpoint.load_best(model)


def _train(
    build_model: BuildModel,
    data: Dataset,
    recipe: Recipe,
    on_epoch: OnEpoch,
    checkpoint: Checkpoint,
    workers: int,
) -> None:
    """Let the workers train until `checkpoint` holds the last epoch."""
    mapped = MappedArray.of(data.inputs)
    sent = replace(data, inputs=data.inputs[:0]) if mapped else data
    with (
        session(workers) as ray,
        tqdm(
            total=recipe.epochs * steps_per_epoch(data, recipe),
            desc="training",
            unit="step",
            disable=None,
        ) as bar,
        _listening(ray, checkpoint, bar, on_epoch) as (events, errors),
    ):
        if not checkpoint.epochs_done:
            checkpoint.path.unlink(missing_ok=True)  # it belongs to another run
        kept = Checkpoint(checkpoint.path.absolute(), checkpoint.run)
        cpus = cpus_each(ray, workers)
        _run(ray, Task(build_model, sent, mapped, recipe, kept, workers, cpus, events))
    if errors:
        raise CommandError(errors[0])
    checkpoint.find()
    if checkpoint.epochs_done < recipe.epochs:
        raise CommandError(f"{checkpoint.path}: the workers could not write it")


@contextlib.contextmanager
def _listening(
    ray: Any, checkpoint: Checkpoint, bar: Any, on_epoch: OnEpoch
) -> Iterator[tuple[Any, list[str]]]:
    """Show the progress that rank 0 reports; yield the queue for it, and a list of errors."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # The queue is on this machine, so that the loss of another one does not end it.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    events = ray.util.queue.Queue(actor_options={"scheduling_strategy": here})
    errors = list[str]()

    def next_event() -> Any:
        with contextlib.suppress(ray.exceptions.RayError):  # if Ray itself is lost, so is the queue
            return events.get()

    def listen() -> None:
        is_first = True
        while event := next_event():
            match event:
                case "start", epochs:
                    if not is_first:
                        console.warn(f"a worker was lost; all continue after epoch {epochs}")
                    is_first = False
                case "step", step:
                    bar.n = step
                    bar.refresh()
                case "epoch", epoch:
                    checkpoint.epochs_done = epoch.number
                    on_epoch(epoch)
                case "error", text:
                    errors.append(text)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield events, errors
    finally:
        with contextlib.suppress(ray.exceptions.RayError):
            events.put(None)
        thread.join()


def _run(ray: Any, task: Task) -> None:
    """Run the workers through Ray; raises CommandError if they fail too often."""
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.tensorflow import TensorflowTrainer

    with tempfile.TemporaryDirectory(prefix=".ray-", dir=task.checkpoint.path.parent) as folder:
        trainer = TensorflowTrainer(
            work,
            train_loop_config={"task": ray.put(task)},
            scaling_config=ScalingConfig(
                num_workers=task.workers, resources_per_worker={"CPU": task.cpus}
            ),
            run_config=RunConfig(
                storage_path=folder, failure_config=FailureConfig(max_failures=MAX_RESTARTS)
            ),
        )
        try:
            trainer.fit()
        except (ray.train.TrainingFailedError, ray.exceptions.RayError) as error:
            raise CommandError(
                f"the workers failed {MAX_RESTARTS + 1} times ({last_line(error)}); --resume "
                "continues after the last complete epoch"
            ) from None


def work(config: dict[str, Any]) -> None:
    """Train as one of the workers; Ray has set TF_CONFIG, by which TensorFlow finds the others."""
    import ray

    task: Task = ray.get(config["task"])
    tf.config.threading.set_intra_op_parallelism_threads(task.cpus)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    if strategy.num_replicas_in_sync != task.workers:
        # Workers that do not find each other would each train a network of their own.
        raise RuntimeError(
            f"{strategy.num_replicas_in_sync} workers found each other, not {task.workers}"
        )
    data = replace(task.data, inputs=task.mapped.open()) if task.mapped else task.data
    checkpoint = task.checkpoint
    if checkpoint.path.exists():
        checkpoint.find()

    step = checkpoint.epochs_done * steps_per_epoch(data, task.recipe)
    last_report = 0.0

    def report(kind: str, what: object) -> None:
        if strategy.cluster_resolver.task_id == 0:
            task.events.put((kind, what))

    def on_step() -> None:
        nonlocal step, last_report
        step += 1
        if time.monotonic() - last_report > SECONDS_BETWEEN_REPORTS:
            last_report = time.monotonic()
            report("step", step)

    report("start", checkpoint.epochs_done)
    try:
        with strategy.scope():
            model = task.build_model(data, task.recipe)
            run_epochs(
                *(model, data, task.recipe, on_step),
                lambda epoch: report("epoch", epoch),
                checkpoint,
            )
    except CommandError as error:  # a restart would not help
        report("error", str(error))
