"""Would several workers do as well if each normalised by its own images, without an exchange?

Trains in one process as train.py does, but each batch is cut as so many workers would share it:
every part is normalised by its own moments, and the moving statistics are those of the first part,
as the worker that saves the network would have them. One worker is what train.py does with any
number of them.

    python -m benchmarks.batch_norm --dataset PHOTOS [--workers 1 2 8] [--seeds 3]
"""

import argparse
from pathlib import Path
from statistics import mean
from unittest.mock import patch

import tensorflow as tf
from pyimagesearch.networks.training_layers import FusedBatchNormalization

from benchmarks import photos
from pyimagesearch.console import silence_native_libraries
from pyimagesearch.networks import training_layers
from pyimagesearch.training import run
from pyimagesearch.training.history import best_epoch
from pyimagesearch.training.shard import Shard


def apart(workers: int) -> type[FusedBatchNormalization]:
    """Return the layer that normalises each worker's share of a batch by itself."""

    class Apart(FusedBatchNormalization):
        def _normalised(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            shares = [Shard(inputs.shape[0], rank, workers) for rank in range(workers)]
            normalise = super()._normalised
            parts, means, variances = zip(
                *(normalise(shard.take(inputs)) for share in shares), strict=True
            )
            places = [shard.take(tf.range(inputs.shape[0])) for share in shares]
            return tf.dynamic_stitch(places, parts), means[0], variances[0]

    return Apart


def main() -> None:
    """Train with each seed for each number of workers, and print a line a number."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 8])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="instead of the architecture's own")
    options = parser.parse_args()
    silence_native_libraries()
    for workers in options.workers:
        best, last = [], []
        for seed in range(42, 42 + options.seeds):
            data, _, recipe = photos.prepare(options.dataset, seed, options.epochs)
            with patch.object(training_layers, "FusedBatchNormalization", apart(workers)):
                epochs = run.run(data, recipe).epochs
            best.append(best_epoch(epochs).validation_exact_match)
            last.append(epochs[-1].validation_exact_match)
        size = recipe.settings.batch_size // workers
        print(
            f"{workers} workers, normalised by {size} images: exact match of the best epoch "
            f"{mean(best):.3f} ({', '.join(f'{score:.3f}' for score in best)}), of the last "
            f"{mean(last):.3f} ({', '.join(f'{score:.3f}' for score in last)})",
            flush=True,
        )


if __name__ == "__main__":
    main()
