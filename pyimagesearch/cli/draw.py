"""Copies of photos with their tags on them: drawn, written to files, and shown in a window."""

import argparse
import os
import sys
from pathlib import Path

import cv2
import imutils
import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console, files
from pyimagesearch.console import CommandError
from pyimagesearch.images import decoder, pool
from pyimagesearch.images.decoder import ImageError
from pyimagesearch.tagger import NOTHING, Tagged

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
LONG_SIDE = 640  # pixels, enough to read and to look at
TEXT_SIZE = 22  # pixels


class PictureWriter:
    """Draws tagged copies; writes them to --output and shows them if --show is given.

    The copy of a single photo goes to a file, others go to a folder as photo-tagged.png.
    """

    def __init__(self, options: argparse.Namespace, is_single: bool) -> None:
        """Check the options before any work is done; raises CommandError if they cannot work."""
        self.is_shown = options.show
        self.max_pixels = options.max_pixels
        self.output = Path(options.output) if options.output else None
        self.file = self.output if is_single and self.output and not self.output.is_dir() else None
        self.used: set[str] = set()
        if self.is_shown:
            check_display()
        if self.output:
            self._check_output(self.output)

    def _check_output(self, output: Path) -> None:
        if self.file and output.suffix.lower() not in PICTURES:
            raise CommandError(f"{output}: is not the name of a picture; try {output}.png")
        if self.file is None and output.is_file():
            raise CommandError(f"{output}: is a file; tagging several photos needs a folder")
        files.check_writable(self.file or output / "tagged.png")

    def write(self, path: Path, tagged: Tagged) -> None:
        """Draw the tags on a copy of the photo at `path`, and write and show it."""
        try:
            pixels = pool.decode(decoder.read_bytes(path), max_pixels=self.max_pixels)
        except ImageError as error:
            console.warn(f"{path}: {error}; tagged, but not drawn")
            return
        picture = draw_tags(pixels, tagged)
        if self.output:
            console.status(f"wrote {self._save(path, picture, self.output)}")
        if self.is_shown:
            show(path, picture)

    def _save(self, path: Path, picture: NDArray[np.uint8], folder: Path) -> Path:
        """Write an RGB picture, the copy of the photo at `path`; return where it was written."""
        place, number = self.file or folder / f"{path.stem}-tagged.png", 1
        while place.name in self.used:
            number += 1
            place = folder / f"{path.stem}-tagged-{number}.png"
        self.used.add(place.name)
        if place.exists() and place.samefile(path):
            raise CommandError(f"{place}: is the photo itself; choose another --output")
        with files.atomic_write(place) as new_file:
            _, data = cv2.imencode(place.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            new_file.write_bytes(data.tobytes())
        return place


def draw_tags(pixels: NDArray[np.uint8], tagged: Tagged) -> NDArray[np.uint8]:
    """Return a copy of uint8 (height, width, 3) RGB `pixels`, with its tags in a band below.

    The long side becomes 640 pixels. The text may be in any script.
    """
    height, width = pixels.shape[:2]
    copy = pixels
    if min(height, width) * LONG_SIDE >= max(height, width):  # a thinner one would vanish
        copy = imutils.resize(pixels, **{"width" if width >= height else "height": LONG_SIDE})
    lines = [f"{tag}: {tagged.probabilities[tag]:.1%}" for tag in tagged.tags] or [NOTHING]
    lines += [f"{group}: nothing known" for group in tagged.unknown_groups]
    if tagged.is_new_combination:
        lines.append("new combination")

    font, step = cv2.FontFace("sans"), TEXT_SIZE + 10
    boxes = [cv2.getTextSize((0, 0), line, (0, 0), font, TEXT_SIZE) for line in lines]
    wide = max(copy.shape[1], *(x + w + 24 for x, _, w, _ in boxes))
    canvas = np.full((copy.shape[0] + step * len(lines) + 12, wide, 3), 255, np.uint8)
    left = (wide - copy.shape[1]) // 2
    canvas[: copy.shape[0], left : left + copy.shape[1]] = copy
    for number, line in enumerate(lines, 1):
        place = (12, copy.shape[0] + step * number - 4)
        cv2.putText(canvas, line, place, (20, 20, 20), font, TEXT_SIZE)
    return canvas


def check_display() -> None:
    """Raise CommandError if a window cannot be opened."""
    needs_server = sys.platform.startswith("linux")
    if needs_server and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise CommandError("--show: there is no display; use --output tagged.png instead")


def show(path: Path, picture: NDArray[np.uint8]) -> None:
    """Show an RGB picture in a window until a key is pressed.

    Raises CommandError if no window can be opened.
    """
    try:
        cv2.imshow(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        cv2.waitKey(0)
        cv2.destroyAllWindows()
    except cv2.error:
        raise CommandError(
            "--show: this build of OpenCV cannot open windows; use --output instead"
        ) from None
