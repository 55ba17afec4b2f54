"""How much near-duplicates on both sides of a split flatter the score.

Cross-validates the default network with near-duplicates kept together and with each photo on its
own, as random splits have it; the same folds but for that.

    python -m benchmarks.near_duplicates --dataset PHOTOS
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from pyimagesearch import hashing, images, metrics, networks, splits, training
from pyimagesearch.console import silence_native_libraries
from pyimagesearch.label_groups import find_groups
from pyimagesearch.labels import read_folders
from pyimagesearch.loading import load_samples
from pyimagesearch.report import mean_and_spread
from pyimagesearch.runs import judge_held_out


def main() -> None:
    """Cross-validate and print a line for each way to split."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--splits", nargs="+", default=["together", "apart"])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="instead of the architecture's own")
    parser.add_argument("--seed", type=int, default=42)
    options = parser.parse_args()
    silence_native_libraries()
    samples = read_folders(options.dataset)
    groups = find_groups(samples)
    architecture = networks.choose(groups, sorted({t for s in samples for t in s.labels}))
    settings = networks.DEFAULTS[architecture]
    settings = replace(settings, epochs=options.epochs or settings.epochs)
    recipe = networks.Recipe(architecture, settings, validation_share=0.2, seed=options.seed)
    side = settings.image_size
    samples, pixels = load_samples(samples, side, images.MAX_PIXELS, 0.1, Path(".cache"))
    together = hashing.clusters(pixels)
    data, _ = training.prepare(samples, pixels, groups, together, 0.2, options.seed)
    has_twin = np.bincount(together)[together] > 1

    for name in options.splits:
        clusters = together if name == "together" else np.arange(len(pixels))
        parts = splits.stratified_folds(data.combinations, clusters, options.folds, options.seed)
        right = np.zeros(len(pixels), np.bool_)
        exact = []
        for held in judge_held_out(data, parts, clusters, recipe):
            truth = data.targets[held.indices] > 0
            right[held.indices] = (held.judged.decided == truth).all(axis=1)
            exact.append(metrics.exact_match(held.judged.decided, truth))
        low, high = metrics.bootstrap_interval(right, options.seed)
        print(
            f"near-duplicates {name}: exact match {mean_and_spread(exact)} over {options.folds} "
            f"folds, 95 % interval {low:.3f} to {high:.3f}; of the {has_twin.sum()} photos with a "
            f"near-duplicate {right[has_twin].mean():.3f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
