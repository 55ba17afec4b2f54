"""How long does a tag take, for one photo and for a folder, beside the 2018 classify.py?

Trains a network for one epoch (its answers do not matter here), then in turns: a process for one
photo by each; a process for a folder by classify.py, the decoding alone, and the 2018 way over a
few of its photos. The folder holds hard links to the photos, again and again. The
network alone is timed on random pixels.

    python -m benchmarks.tagging --dataset PHOTOS [--count 10000] [--runs 5]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np

from pyimagesearch.images import pool
from pyimagesearch.labels import read
from pyimagesearch.model_file.save_load import load_config
from pyimagesearch.tagger import Tagger

PYTHON = sys.executable
PIXELS = 2000  # pictures for the network alone


def timed(work: Callable[[], object]) -> float:
    """Return the wall seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(*command: object) -> str:
    """Run a process and return its stdout; raises where it fails."""
    words = list(map(str, command))
    return subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    ).stdout


def peak_memory(*command: object) -> float:
    """Return the peak resident MB of a process, measured in a fresh parent of its own."""
    script = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return float(run(PYTHON, "-c", script, *command)) / unit


def link_folder(photos: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """Fill `folder` with `count` hard links (or copies) to the photos in turn."""
    links = []
    for number, photo in enumerate(islice(cycle(photos), count)):
        link = folder / f"{number:06}{photo.suffix}"
        try:
            os.link(photo, link)
        except OSError:
            shutil.copyfile(photo, link)
        links.append(link)
    return links


def decode_all(paths: Sequence[Path], side: int) -> None:
    """Decode as classify.py does, and nothing else."""
    for _ in pool.load_many(paths, side):
        pass


def line(what: str, times: Sequence[float], count: int = 1, beside: float | None = None) -> None:
    """Print median, range and, where asked, the ratio to another median."""
    speed = f"  {count / median(times):7.0f} photos/s" if count > 1 else ""
    ratio = f"  {beside / median(times):5.1f} x" if beside else ""
    spread = f"({min(times):.2f}-{max(times):.2f}, n={len(times)})"
    print(f"{what:34} {median(times):8.2f} s {spread:24}{speed}{ratio}", flush=True)


def main() -> None:
    """Print one line a way of tagging."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000, help="photos in the folder")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    photos = [sample.path for sample in read(options.dataset).samples]

    with tempfile.TemporaryDirectory(dir=".") as name:
        root = Path(name)
        model, labelbin, plain = root / "fashion.model", root / "mlb.pickle", root / "plain.keras"
        out = ("-m", model, "-l", labelbin)
        run(PYTHON, "train.py", "-d", "dataset", "--epochs", 1, *out, "-p", root / "plot.png")
        shutil.copyfile(model, plain)
        (root / "few").mkdir()
        (root / "many").mkdir()
        few = link_folder(photos, root / "few", 100)
        many = link_folder(photos, root / "many", options.count)
        side = load_config(model).image_size

        ours = (PYTHON, "classify.py", *out, "-i")
        old = (PYTHON, "-m", "benchmarks.classify_2018", "-m", plain, "-l", labelbin, "-i")
        tagger = Tagger.load(model, labelbin)
        pixels = np.random.default_rng(0).integers(0, 256, (PIXELS, side, side, 3), np.uint8)
        keys = ("old1", "one", "old", "many", "dec", "net")
        times: dict[str, list[float]] = {key: [] for key in keys}
        for _ in range(options.runs):
            times["old1"].append(timed(lambda: run(*old, photos[0])))
            times["one"].append(timed(lambda: run(*ours, photos[0])))
            times["old"].append(timed(lambda: run(*old, *few)))
            times["many"].append(timed(lambda: run(*ours, root / "many", "--csv")))
            times["dec"].append(timed(lambda: decode_all(many, side)))
            times["net"].append(timed(lambda: tagger.predict(pixels)))
        rows = run(*ours, root / "many", "--csv").splitlines()[1:]
        in_order = [row.partition(",")[0] for row in rows] == list(map(str, many))

        line("one photo, 2018 classify.py", times["old1"])
        line("one photo, classify.py", times["one"], beside=median(times["old1"]))
        line("100 photos, 2018 classify.py", times["old"])
        each = (median(times["old"]) - median(times["old1"])) / (len(few) - 1)
        print(f"each photo more, 2018 classify.py: {each * 1000:.0f} ms, {1 / each:.0f} photos/s")
        line(f"{options.count} photos, classify.py", times["many"], options.count)
        line(f"{options.count} photos, decoding alone", times["dec"], options.count)
        line(f"{PIXELS} arrays, the network alone", times["net"], PIXELS)
        pool, network = median(times["dec"]), median(times["net"]) * options.count / PIXELS
        whole = median(times["many"])
        print(
            f"whole folder / decoding alone: {whole / pool:.2f}; / decoding and network, one "
            f"after the other: {whole / (pool + network):.2f}; in order: {in_order}"
        )
        for folder, count in (("few", len(few)), ("many", len(many))):
            memory = peak_memory(*ours, root / folder, "--csv")
            print(f"peak memory for {count} photos: {memory:.0f} MB")


if __name__ == "__main__":
    main()
