"""Train one network on several processes or machines.

Each worker runs `training.fit` under TensorFlow's multi-worker strategy, so that the recipe is the
one of a single machine: the same splits, batches, pictures and schedule, each worker with its share
of every batch. The worker of rank 0 keeps the run's checkpoint, from which Ray starts all of them
again where one was lost, and from which the caller, or a later run, goes on.

Every machine must see the checkpoint's folder and the decoded photos (--cache) under one name.
"""

import contextlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import DTypeLike, NDArray
from tqdm import tqdm

from pyimagesearch import console
from pyimagesearch.cluster.session import cpus_each, last_line, session
from pyimagesearch.console import CommandError
from pyimagesearch.networks.build import Recipe
from pyimagesearch.training import loop, run
from pyimagesearch.training.checkpoint import Checkpoint
from pyimagesearch.training.history import EpochMetrics

LOST_WORKERS = 2  # so many times training goes on; more look like a fault that stays
SECONDS_BETWEEN_REPORTS = 1.0


@dataclass(frozen=True)
class MappedArray:
    """An array in a file that every machine sees; only what is used of it is read."""

    path: str
    dtype: DTypeLike
    offset: int  # bytes
    shape: tuple[int, ...]

    @staticmethod
    def of(array: NDArray[Any]) -> "MappedArray | None":
        """Return where in its file a memory-mapped `array` is; None for one in memory."""
        owner: Any = array
        while owner is not None and not isinstance(owner, np.memmap):
            owner = owner.base
        if owner is None or not array.flags.c_contiguous:
            return None
        offset = owner.offset + array.ctypes.data - owner.ctypes.data
        return MappedArray(str(owner.filename), array.dtype, offset, array.shape)

    def open(self) -> NDArray[Any]:
        """Return the array."""
        return np.memmap(self.path, self.dtype, "r", self.offset, self.shape)


@dataclass(frozen=True)
class Task:
    """What every worker needs to know."""

    data: loop.Data
    mapped: MappedArray | None  # in the place of data.inputs
    recipe: Recipe
    checkpoint: Checkpoint
    workers: int
    cpus: int  # of each worker
    events: Any  # a Ray queue of what rank 0 has to say


def train(
    data: loop.Data,
    recipe: Recipe,
    checkpoint: Checkpoint,
    workers: int,
    on_epoch: Callable[[EpochMetrics], None],
) -> None:
    """Train until `checkpoint` holds the last epoch, going on from what was found in it.

    Calls `on_epoch` in another thread. Raises CommandError where the workers cannot be had, where
    they are lost more often than LOST_WORKERS, and where the loss diverges.
    """
    if recipe.settings.batch_size < 2 * workers or len(data.validation) < workers:
        raise CommandError(
            f"--workers {workers}: each needs two photos of a batch and one to be predictions on; ask "
            "for fewer or raise --batch-size"
        )
    epochs = recipe.settings.epochs
    if checkpoint.epochs_done == epochs:
        return
    steps = loop.steps_per_epoch(data, run.make_schedule(data, recipe))
    mapped = MappedArray.of(data.inputs)
    sent = replace(data, inputs=data.inputs[:0]) if mapped else data
    with (
        session(workers) as ray,
        tqdm(total=epochs * steps, desc="training", unit="step", disable=None) as bar,
        _listening(ray, checkpoint, bar, on_epoch) as (events, errors),
    ):
        if not checkpoint.epochs_done:
            checkpoint.path.unlink(missing_ok=True)  # another run's: not to be gone on from
        kept = Checkpoint(checkpoint.path.absolute(), checkpoint.run)
        cpus = cpus_each(ray, workers)
        _run(ray, Task(sent, mapped, recipe, kept, workers, cpus, events))
    if errors:
        raise CommandError(errors[0])
    checkpoint.find()
    if checkpoint.epochs_done < epochs:
        raise CommandError(f"{checkpoint.path}: the workers could not write it")


@contextlib.contextmanager
def _listening(
    ray: Any, checkpoint: Checkpoint, bar: Any, on_epoch: Callable[[EpochMetrics], None]
) -> Iterator[tuple[Any, list[str]]]:
    """Show during the block what rank 0 says; yield the queue to say it in, and what went wrong."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # On this machine: what is lost with another one must not take the queue along.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    events = ray.util.queue.Queue(actor_options={"scheduling_strategy": here})
    errors = list[str]()

    def next_event() -> Any:
        with contextlib.suppress(ray.exceptions.RayError):  # the queue is lost with its node
            return events.get()

    def listen() -> None:
        is_first = True
        while event := next_event():
            match event:
                case "start", epochs:
                    if not is_first:
                        console.warn(f"a worker was lost; all go on after epoch {epochs}")
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
    """Have Ray run the workers; raises CommandError where they fail too often."""
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
                storage_path=folder, failure_config=FailureConfig(max_failures=LOST_WORKERS)
            ),
        )
        try:
            trainer.fit()
        except (ray.train.TrainingFailedError, ray.exceptions.RayError) as error:
            raise CommandError(
                f"the workers failed {LOST_WORKERS + 1} times ({last_line(error)}); --resume goes "
                "on after the last whole epoch"
            ) from None


def work(config: dict[str, Any]) -> None:
    """Train as one of the workers; Ray has told TensorFlow of the others."""
    import ray

    task: Task = ray.get(config["task"])
    tf.config.threading.set_intra_op_parallelism_threads(task.cpus)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    if strategy.num_replicas_in_sync != task.workers:
        # Workers that do not find each other would each train a network of their own.
        raise RuntimeError(f"{strategy.num_replicas_in_sync} workers met, not {task.workers}")
    data = replace(task.data, inputs=task.mapped.open()) if task.mapped else task.data
    checkpoint = task.checkpoint
    if checkpoint.path.exists():
        checkpoint.find()

    schedule = run.make_schedule(data, task.recipe)
    step = checkpoint.epochs_done * loop.steps_per_epoch(data, schedule)
    last_told = 0.0

    def tell(kind: str, what: object) -> None:
        if strategy.cluster_resolver.task_id == 0:
            task.events.put((kind, what))

    def on_step() -> None:
        nonlocal step, last_told
        step += 1
        if time.monotonic() - last_told > SECONDS_BETWEEN_REPORTS:
            last_told = time.monotonic()
            tell("step", step)

    tell("start", checkpoint.epochs_done)
    try:
        with strategy.scope():
            model = run.build_network(data, task.recipe)
            loop.fit(
                *(model, data, schedule, run.make_augmentation(task.recipe), on_step),
                lambda epoch: tell("epoch", epoch),
                checkpoint,
            )
    except CommandError as error:  # trying again would not help
        tell("error", str(error))
