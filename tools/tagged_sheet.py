"""Put tagged pictures side by side, as in README.md.

python classify.py --image examples --output tagged
python tools/tagged_sheet.py tagged docs/tagged_examples.jpg
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT, GAP = 340, 12  # pixels


def sheet(pictures: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return BGR `pictures` in a row on white, all with the same height, uint8 (H, W, 3)."""
    row: list[NDArray[np.uint8]] = []
    for picture in pictures:
        width = round(picture.shape[1] * HEIGHT / picture.shape[0])
        small = cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA)
        row += [np.full((HEIGHT, GAP, 3), 255, np.uint8), small.astype(np.uint8)]
    return np.hstack(row[1:])


def main() -> None:
    """Read all PNG files of a folder in the order of their names, and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of PNG pictures")
    parser.add_argument("sheet", type=Path, help="JPEG file to write")
    options = parser.parse_args()
    read = [cv2.imread(str(path)) for path in sorted(options.folder.glob("*.png"))]
    pictures = [picture.astype(np.uint8) for picture in read if picture is not None]
    if not pictures:
        raise SystemExit(f"{options.folder}: has no PNG pictures; write some with classify.py")
    options.sheet.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(options.sheet), sheet(pictures), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
