"""Draw the bundled pictures: dataset/ to train on and examples/ to tag.

    python tools/render_dataset.py

The same seed gives the same pictures. The random numbers of each picture depend on the seed, the
folder and the number of the picture only, so no picture depends on another.
"""

import argparse
import zlib
from pathlib import Path

import cv2
import numpy as np
from drawing.scenes import picture, plan
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
SEED = 2018
LABELS = ("black_jeans", "blue_dress", "blue_jeans", "blue_shirt", "red_dress", "red_shirt")
PER_LABEL = 96
LONG_SIDES = (160, 201)
QUALITY = 84

# Numbers from 1000 on are never drawn into dataset/.
EXAMPLES = (
    ("black_jeans", 1003),
    ("blue_dress", 1000),
    ("blue_jeans", 1001),
    ("blue_shirt", 1005),
    ("red_dress", 1002),
    ("red_shirt", 1003),
    ("black_dress", 1005),
)
EXAMPLE_LONG_SIDE = 380
EXAMPLE_QUALITY = 90


def draw(
    label: str, index: int, seed: int = SEED, long_side: int | None = None
) -> NDArray[np.uint8]:
    """Return picture `index` of the folder `label` as uint8 BGR (height, width, 3)."""
    rng = np.random.default_rng([seed, zlib.crc32(label.encode()), index])
    return picture(plan(label, index), rng, long_side or int(rng.integers(*LONG_SIDES)))


def encoded(image: NDArray[np.uint8], quality: int) -> bytes:
    """Return an image as the bytes of a JPEG file."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    return cv2.imencode(".jpg", image, options)[1].tobytes()


def dataset_picture(label: str, index: int, seed: int = SEED) -> bytes:
    """Return the JPEG file of one picture of dataset/."""
    return encoded(draw(label, index, seed), QUALITY)


def example_picture(number: int, seed: int = SEED) -> bytes:
    """Return the JPEG file of example `number`, counted from 1."""
    label, index = EXAMPLES[number - 1]
    return encoded(draw(label, index, seed, EXAMPLE_LONG_SIDE), EXAMPLE_QUALITY)


def render(dataset: Path, examples: Path, per_label: int, seed: int) -> int:
    """Write all pictures and return their size in bytes."""
    total = 0
    for label in LABELS:
        folder = dataset / label
        folder.mkdir(parents=True, exist_ok=True)
        for index in range(per_label):
            total += (folder / f"{index:03d}.jpg").write_bytes(dataset_picture(label, index, seed))
    examples.mkdir(parents=True, exist_ok=True)
    for number in range(1, len(EXAMPLES) + 1):
        data = example_picture(number, seed)
        total += (examples / f"example_{number:02d}.jpg").write_bytes(data)
    return total


def main() -> None:
    """Draw the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--dataset",
        type=Path,
        default=ROOT / "dataset",
        help="folder to write to",
    )
    parser.add_argument(
        "--examples", type=Path, default=ROOT / "examples", help="folder to write the examples to"
    )
    parser.add_argument("--per-label", type=int, default=PER_LABEL, help="pictures in each folder")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed gives other pictures")
    arguments = parser.parse_args()
    # One thread, because adding in another order could change a pixel.
    cv2.setNumThreads(1)
    total = render(arguments.dataset, arguments.examples, arguments.per_label, arguments.seed)
    print(f"{total / 1e6:.2f} MB in {arguments.dataset} and {arguments.examples}")


if __name__ == "__main__":
    main()
