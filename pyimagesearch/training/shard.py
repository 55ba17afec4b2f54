"""Which rows of a batch belong to a worker, if several workers learn from it together."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Rows = TypeVar("Rows", NDArray[np.integer], NDArray[np.float32], tf.Tensor)


@dataclass(frozen=True)
class Shard:
    """Rows rank, rank + workers, rank + 2 * workers, ... of a batch.

    In this order, the last rows of the batch are the last rows of every shard, too.
    """

    batch: int  # rows of all workers together
    rank: int = 0
    workers: int = 1

    @staticmethod
    def current(batch: int) -> "Shard":
        """Return the shard of this process under the current `tf.distribute` strategy."""
        strategy = tf.distribute.get_strategy()
        worker = strategy.cluster_resolver  # None on a single machine
        return Shard(batch, worker.task_id if worker else 0, strategy.num_replicas_in_sync)

    def take(self, rows: Rows) -> Rows:
        """Return those of `rows`, one for each row of the batch, that belong to this worker."""
        return rows[self.rank :: self.workers]
