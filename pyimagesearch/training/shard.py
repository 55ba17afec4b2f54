"""Which rows of a batch a worker has, where several learn from it together."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Rows = TypeVar("Rows", NDArray[np.integer], NDArray[np.float32], tf.Tensor)


@dataclass(frozen=True)
class Shard:
    """Of a batch the rows that one of `workers` has: each so manieth, from number `rank` on.

    In this order, what comes last in the batch comes last in every share too.
    """

    batch: int  # rows of all workers
    rank: int = 0
    workers: int = 1

    @staticmethod
    def here(batch: int) -> "Shard":
        """Return the share of this process under the current `tf.distribute` strategy."""
        strategy = tf.distribute.get_strategy()
        worker = strategy.cluster_resolver  # None on a single machine
        return Shard(batch, worker.task_id if worker else 0, strategy.num_replicas_in_sync)

    def of(self, rows: Rows) -> Rows:
        """Return those of `rows`, one for each row of the batch, that are this worker's."""
        return rows[self.rank :: self.workers]

    def after(self, rows: int) -> "Shard":
        """Return this worker's share of what follows the first so many `rows` of the batch."""
        return Shard(self.batch - rows, (self.rank - rows) % self.workers, self.workers)
