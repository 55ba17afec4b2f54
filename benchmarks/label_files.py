"""The time to read CSV files of 10,000, 100,000 and 1,000,000 rows of ids without endings.

Every row has a photo of its own, an empty file in one of a hundred folders, and paths are ids such
as train_31112, so that each has to be looked up in the index of the folder. The ratio of the times
per row says whether reading is linear.

    python -m benchmarks.label_files
"""

import argparse
import csv
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = (10_000, 100_000, 1_000_000)
LABELS = ("haze", "primary", "agriculture", "clear", "water", "habitation", "road", "cloudy")
# In a process of its own, so that its memory is that of the reading alone.
READ = """
import sys, time
from pathlib import Path
from pyimagesearch import labels
from pyimagesearch.console import silence_native_libraries
silence_native_libraries()
wall, cpu = time.perf_counter(), time.process_time()
found = labels.read(Path(sys.argv[1]))
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
assert len(found.samples) == int(sys.argv[2]), len(found.samples)
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
except ImportError:
    peak = 0
print(wall, cpu, peak)
"""


def make_set(folder: Path, rows: int) -> Path:
    """Make the photos and their CSV in `folder`; return the path of the CSV."""
    for number in range(100):
        (folder / "photos" / f"{number:02d}").mkdir(parents=True)
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(("image_name", "tags"))
        for number in range(rows):
            photo = folder / "photos" / f"{number % 100:02d}" / f"train_{number}.jpg"
            photo.touch()
            first = number % len(LABELS)
            lines.writerow((photo.stem, " ".join(LABELS[first : first + 1 + number % 3])))
    return path


def measure(path: Path, rows: int) -> tuple[float, float, int]:
    """Return the seconds and the cpu-seconds of reading, and the most MB in use (0: unknown)."""
    command = [sys.executable, "-c", READ, str(path), str(rows)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    wall, cpu, peak = done.stdout.split()
    return float(wall), float(cpu), int(peak)


def main() -> None:
    """Print a line for each number of rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, metavar="N")
    options = parser.parse_args()
    print(f"{'rows':>10} {'seconds':>8} {'cpu-s':>8} {'us/row':>7} {'peak MB':>8}")
    each = []
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            wall, cpu, peak = measure(make_set(Path(folder), rows), rows)
        each.append(cpu / rows * 1e6)
        print(f"{rows:10,} {wall:8.2f} {cpu:8.2f} {each[-1]:7.1f} {peak:8}", flush=True)
    print(f"cpu-seconds per row, last to first: {each[-1] / each[0]:.2f}")


if __name__ == "__main__":
    main()
