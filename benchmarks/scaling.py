"""How do time and memory grow with the number of photos?

Makes folders of small photos by cutting, turning, and brightening or darkening those of the
dataset, so that no two are alike. Runs train.py on each folder for one epoch, twice: the second run
finds the decoded photos in the cache. The memory of the process itself (anonymous) is reported
apart from the pages of the mapped cache, which the system takes back when it needs them. The memory
is read from /proc, so this runs on Linux only.

    python -m benchmarks.scaling [--dataset dataset] [--counts 2000 20000 200000]
"""

import argparse
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import cv2
import numpy as np

from benchmarks import processes
from pyimagesearch import console
from pyimagesearch.images import decoder
from pyimagesearch.labels import Sample, read

SIDE = 96
EPOCH = re.compile(r"epoch 1/1  (\d+\.\d) s")
ANONYMOUS = re.compile(r"RssAnon:\s+(\d+) kB")
RESIDENT = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass(frozen=True)
class Run:
    """What a run of train.py took."""

    start: float  # seconds until the training began
    seconds: float  # in all
    anonymous: float  # MB, peak
    resident: float  # MB, peak, with the pages of the cache


def draw(samples: list[Sample], folder: Path, count: int) -> None:
    """Write `count` changed copies of the photos below `folder`, in a folder for each labelset."""
    images = [decoder.load(sample.path, 2 * SIDE) for sample in samples]
    names = ["_".join(sample.labels) for sample in samples]
    for name in set(names):
        (folder / name).mkdir(parents=True)

    def write(number: int) -> None:
        random = np.random.default_rng(number)
        which = number % len(samples)
        corners = np.array([[0, 0], [1, 0], [0, 1]], np.float32) * SIDE
        moved = 2 * corners + random.uniform(-0.35, 0.35, (3, 2)) * SIDE
        turn = cv2.getAffineTransform(moved.astype(np.float32), corners)
        image = cv2.warpAffine(images[which], turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        image = cv2.convertScaleAbs(image, alpha=random.uniform(0.6, 1.2))
        path = folder / names[which] / f"{number:07}.jpg"
        cv2.imwrite(str(path), image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])

    with ThreadPoolExecutor() as threads:
        for _ in threads.map(write, range(count)):
            pass


class MemoryWatch(Thread):
    """Records the peak memory of a process until it ends."""

    def __init__(self, process: int) -> None:
        """Start to watch the process with this id."""
        super().__init__(daemon=True)
        self.status = Path(f"/proc/{process}/status")
        self.anonymous = self.resident = 0.0  # MB
        self.start()

    def run(self) -> None:
        """Read the memory ten times a second."""
        while match := ANONYMOUS.search(text := self._text()):
            self.anonymous = max(self.anonymous, int(match[1]) / 2**10)
            if resident := RESIDENT.search(text):
                self.resident = int(resident[1]) / 2**10
            time.sleep(0.1)

    def _text(self) -> str:
        try:
            return self.status.read_text()
        except OSError:  # the process has ended
            return ""


def run(folder: Path, output: Path) -> Run:
    """Run train.py for one epoch and measure it; raises CommandError if it fails."""
    flags = (*processes.output_flags(output), "--cache", output / "cache")
    command = ("train.py", "--dataset", folder, "--epochs", 1, *flags)
    begin = time.perf_counter()
    process = processes.start(*command)
    watch, start, printed = MemoryWatch(process.pid), 0.0, ""
    assert process.stdout is not None
    for line in process.stdout:
        printed = line
        if epoch := EPOCH.match(line):
            start = time.perf_counter() - begin - float(epoch[1])
    if process.wait():
        raise processes.failure(command, printed)
    seconds = time.perf_counter() - begin
    watch.join()
    return Run(start, seconds, watch.anonymous, watch.resident)


def main() -> None:
    """Print a line for each run, and what a thousand photos more cost."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--dataset", type=Path, default=Path("dataset"), help="folder of labelled photos"
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 20_000, 200_000])
    options = parser.parse_args()
    samples = read(options.dataset).samples
    print(f"{'photos':>8} {'run':7} training from   in all   memory  with cache pages")
    first: list[tuple[int, Run]] = []
    for count in options.counts:
        with processes.temporary_folder() as root:
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
    sys.exit(console.run(main))
