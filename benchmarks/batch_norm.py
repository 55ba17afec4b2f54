"""Does the score suffer if each worker normalises by its own images, without an exchange?

Trains in one process as train.py does, except that each batch is cut into the shards that so many
workers would have. Each shard is normalised by its own moments, and the moving statistics are those
of the first shard, because the first worker saves the network. With one worker this is the training
of train.py, whose workers exchange moments.

    python -m benchmarks.batch_norm --dataset PHOTOS [--workers 1 2 8] [--seeds 3]
"""

import sys
from collections.abc import Sequence
from dataclasses import replace
from statistics import mean
from unittest.mock import patch

import tensorflow as tf

from benchmarks import photos
from pyimagesearch import console
from pyimagesearch.data.dataset import Dataset, split
from pyimagesearch.training import layers, loop
from pyimagesearch.training.history import EpochMetrics, best_epoch
from pyimagesearch.training.layers import FusedBatchNormalization
from pyimagesearch.training.recipe import Recipe
from pyimagesearch.training.shard import Shard
from train import build_model

FIRST_SEED = 42


def normalisation_by_shard(workers: int) -> type[FusedBatchNormalization]:
    """Return a layer that normalises each worker's shard of a batch by the shard's own moments."""

    class ShardBatchNormalization(FusedBatchNormalization):
        def _normalised(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            shards = [Shard(inputs.shape[0], rank, workers) for rank in range(workers)]
            normalise = super()._normalised
            outputs, means, variances = zip(
                *(normalise(shard.take(inputs)) for shard in shards), strict=True
            )
            places = [shard.take(tf.range(inputs.shape[0])) for shard in shards]
            return tf.dynamic_stitch(places, outputs), means[0], variances[0]

    return ShardBatchNormalization


def train(data: Dataset, recipe: Recipe, workers: int) -> list[EpochMetrics]:
    """Return the epochs of a training whose batches are normalised as by `workers` workers."""
    data = split(data, recipe.validation, recipe.seed)
    model = build_model(data, recipe)
    with patch.object(layers, "FusedBatchNormalization", normalisation_by_shard(workers)):
        return loop.fit(model, data, recipe)


def describe(scores: Sequence[float]) -> str:
    """Return the mean of the scores, and the scores."""
    return f"{mean(scores):.3f} ({', '.join(f'{score:.3f}' for score in scores)})"


def main() -> None:
    """Train with each seed for each number of workers, and print a line for each number."""
    parser = photos.make_parser(__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 8])
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    options = parser.parse_args()
    data, recipe = photos.load(options.dataset, FIRST_SEED, options.epochs, "factored")
    for workers in options.workers:
        runs = [
            train(data, replace(recipe, seed=seed), workers)
            for seed in range(FIRST_SEED, FIRST_SEED + options.seeds)
        ]
        best = describe([best_epoch(epochs).validation_exact_match for epochs in runs])
        last = describe([epochs[-1].validation_exact_match for epochs in runs])
        print(
            f"{workers} workers, normalised by {recipe.batch_size // workers} images: exact match "
            f"of the best epoch {best}, of the last {last}",
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(console.run(main))
