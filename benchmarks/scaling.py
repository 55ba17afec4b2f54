"""How do time and memory grow with the number of photos?

Draws folders of small photos, no two alike, by cutting, turning and recolouring those of the
dataset, and runs train.py for one epoch on each folder twice: the second run finds the photos
decoded. Memory that belongs to the process (anonymous) is told apart from pages of the mapped
cache, which the system takes back when it needs them.

    python -m benchmarks.scaling [--dataset dataset] [--counts 2000 20000 200000]
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import cv2
import numpy as np

from pyimagesearch.images import decoder
from pyimagesearch.labels import Sample, read

SIDE = 96
EPOCH = re.compile(r"epoch 1/1  (\d+\.\d) s")
ANONYMOUS = re.compile(r"RssAnon:\s+(\d+) kB")
RESIDENT = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Run:
    """What a run of train.py took."""

    start: float  # seconds until training began
    seconds: float  # in all
    anonymous: float  # MB, peak
    resident: float  # MB, peak, with the pages of the cache


def draw(samples: list[Sample], folder: Path, count: int) -> None:
    """Write `count` changed copies of the photos into `folder`, a folder a combination."""
    pictures = [decoder.load(sample.path, 2 * SIDE) for sample in samples]
    names = ["_".join(sample.labels) for sample in samples]
    for name in set(names):
        (folder / name).mkdir(parents=True)

    def one(number: int) -> None:
        random = np.random.default_rng(number)
        which = number % len(samples)
        corners = np.array([[0, 0], [1, 0], [0, 1]], np.float32) * SIDE
        moved = 2 * corners + random.uniform(-0.35, 0.35, (3, 2)) * SIDE
        turn = cv2.getAffineTransform(moved.astype(np.float32), corners)
        picture = cv2.warpAffine(pictures[which], turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        picture = cv2.convertScaleAbs(picture, alpha=random.uniform(0.6, 1.2))
        path = folder / names[which] / f"{number:07}.jpg"
        cv2.imwrite(str(path), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])

    with ThreadPoolExecutor() as threads:
        for _ in threads.map(one, range(count)):
            pass


class Watch(Thread):
    """Notes the peak memory of a process until it ends; Linux only."""

    def __init__(self, process: int) -> None:
        """Begin to watch the process of this number."""
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{process}/status")
        self.anonymous = self.resident = 0.0  # MB
        self.start()

    def run(self) -> None:
        """Look every tenth of a second."""
        while match := ANONYMOUS.search(text := self._text()):
            self.anonymous = max(self.anonymous, int(match[1]) / 2**10)
            if resident := RESIDENT.search(text):
                self.resident = int(resident[1]) / 2**10
            time.sleep(0.1)

    def _text(self) -> str:
        try:
            return self.status.read_text()
        except OSError:  # it has ended
            return ""


def run(folder: Path, output: Path) -> Run:
    """Run train.py for one epoch and watch it; raises where it fails."""
    files = ("-m", output / "m", "-l", output / "l", "-p", output / "p", "--cache", output / "c")
    command = (sys.executable, "train.py", "-d", folder, "--epochs", 1, *files)
    begin = time.perf_counter()
    process = subprocess.Popen(
        list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    watch, start = Watch(process.pid), 0.0
    assert process.stderr is not None
    for line in process.stderr:
        if epoch := EPOCH.match(line):
            start = time.perf_counter() - begin - float(epoch[1])
    if process.wait():
        raise SystemExit(f"{' '.join(map(str, command))} failed")
    seconds = time.perf_counter() - begin
    watch.join()
    return Run(start, seconds, watch.anonymous, watch.resident)


def main() -> None:
    """Print a line a run, and what each further photo costs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", type=Path, default=Path("dataset"))
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 20_000, 200_000])
    options = parser.parse_args()
    samples = read(options.dataset).samples
    print(f"{'photos':>8} {'run':7} training from   in all   memory  with cache pages")
    first: list[tuple[int, Run]] = []
    for count in options.counts:
        with tempfile.TemporaryDirectory(dir=".") as name:
            root = Path(name)
            draw(samples, root / "photos", count)
            for which in ("first", "second"):
                done = run(root / "photos", root)
                print(
                    f"{count:8} {which:7} {done.start:11.1f} s {done.seconds:7.1f} s "
                    f"{done.anonymous:5.0f} MB {done.resident:10.0f} MB",
                    flush=True,
                )
                if which == "first":
                    first.append((count, done))
    (few, small), (many, large) = first[0], first[-1]
    if many > few:
        more = (many - few) / 1000
        print(
            f"a thousand photos more: {(large.seconds - small.seconds) / more:.2f} s, "
            f"{(large.anonymous - small.anonymous) / more:.2f} MB"
        )


if __name__ == "__main__":
    main()
