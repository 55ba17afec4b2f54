"""How long does tagging take, for one photo and for a folder, compared with the 2018 classify.py?

Trains a network for one epoch (its answers do not matter here). Then these take turns: a process
for one photo, ours and the 2018 one; the 2018 one for 100 photos; ours for a folder; decoding that
folder and nothing else; the network alone, on random pixels. The folder holds hard links to the
photos, again and again.

    python -m benchmarks.tagging --dataset PHOTOS [--count 10000] [--runs 5]
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.photos import decode_all, paths_of
from benchmarks.processes import (
    copy_for_keras,
    link_photos,
    model_flags,
    output_flags,
    peak_memory,
    run,
    temporary_folder,
)
from benchmarks.timing import Work, in_turns, median_and_range
from pyimagesearch import console
from pyimagesearch.tagger import Tagger

FEW = 100  # photos for the 2018 classify.py
PIXELS = 2000  # images for the network alone


def print_times(
    what: str, seconds: Sequence[float], count: int = 1, other: float | None = None
) -> None:
    """Print the median and the range, and how many times shorter that is than `other` seconds."""
    speed = f"  {count / median(seconds):7.0f} photos/s" if count > 1 else ""
    ratio = f"  {other / median(seconds):5.1f} x" if other else ""
    text = f"{median_and_range(seconds, '.2f')} s, n={len(seconds)}"
    print(f"{what:34} {text:28}{speed}{ratio}", flush=True)


def measure(root: Path, photos: Sequence[Path], count: int, runs: int) -> None:
    """Train into `root`, and print the time and the memory of each way of tagging."""
    run("train.py", "--dataset", "dataset", "--epochs", 1, *output_flags(root))
    few = link_photos(photos, root / "few", FEW)
    many = link_photos(photos, root / "many", count)
    tagger = Tagger.load(root / "fashion.model", root / "mlb.pickle")
    side = tagger.config.image_size
    pixels = np.random.default_rng(0).integers(0, 256, (PIXELS, side, side, 3), np.uint8)

    ours = ("classify.py", *model_flags(root), "--image")
    old = (
        *("-m", "benchmarks.classify_2018"),
        *("--model", copy_for_keras(root), "--labelbin", root / "mlb.pickle", "--image"),
    )
    works: dict[str, Work] = {
        "one, 2018": lambda: run(*old, photos[0]),
        "one": lambda: run(*ours, photos[0]),
        "few, 2018": lambda: run(*old, *few),
        "many": lambda: run(*ours, root / "many", "--csv"),
        "decoding": lambda: decode_all(many, side),
        "network": lambda: tagger.predict(pixels),
    }
    print_results(in_turns(works, runs), count)

    rows = run(*ours, root / "many", "--csv").splitlines()[1:]
    in_order = [row.partition(",")[0] for row in rows] == list(map(str, many))
    print(f"rows in the order of the photos: {in_order}")
    for folder, photos_in in ((root / "few", FEW), (root / "many", count)):
        memory = peak_memory(*ours, folder, "--csv")
        print(f"peak memory for {photos_in} photos: {memory:.0f} MB", flush=True)


def print_results(seconds: Mapping[str, Sequence[float]], count: int) -> None:
    """Print a line for each way of tagging, and how the whole compares with its parts."""
    middle = {name: median(values) for name, values in seconds.items()}
    each = (middle["few, 2018"] - middle["one, 2018"]) / (FEW - 1)
    decoding, network = middle["decoding"], middle["network"] * count / PIXELS
    print_times("one photo, 2018 classify.py", seconds["one, 2018"])
    print_times("one photo, classify.py", seconds["one"], other=middle["one, 2018"])
    print_times(f"{FEW} photos, 2018 classify.py", seconds["few, 2018"])
    print(f"each further photo, 2018 classify.py: {each * 1000:.0f} ms, {1 / each:.0f} photos/s")
    print_times(f"{count} photos, classify.py", seconds["many"], count)
    print_times(f"{count} photos, decoding alone", seconds["decoding"], count)
    print_times(f"{PIXELS} images, the network alone", seconds["network"], PIXELS)
    print(
        f"whole folder / decoding alone: {middle['many'] / decoding:.2f}; / decoding and network, "
        f"one after the other: {middle['many'] / (decoding + network):.2f}",
        flush=True,
    )


def main() -> None:
    """Measure in a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True, help="folder of labelled photos")
    parser.add_argument("--count", type=int, default=10_000, help="photos in the folder")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    photos = paths_of(options.dataset)
    with temporary_folder() as root:
        measure(root, photos, options.count, options.runs)


if __name__ == "__main__":
    sys.exit(console.run(main))
