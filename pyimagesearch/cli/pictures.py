"""Tagged pictures: where they are written, and the window that shows them."""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch import files
from pyimagesearch.console import CommandError

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")


class PictureWriter:
    """Writes tagged copies: to a file for one photo, else as photo-tagged.png into a folder."""

    def __init__(self, output: Path, is_single: bool) -> None:
        """Check `output` before any work is done; raises CommandError where it cannot do."""
        self.file = output if is_single and not output.is_dir() else None
        self.folder = output
        self.used: set[str] = set()
        if self.file and output.suffix.lower() not in PICTURES:
            raise CommandError(f"{output}: is no picture's name; try {output}.png")
        if self.file is None and output.is_file():
            raise CommandError(f"{output}: is a file; several photos need a folder")
        files.check_writable(self.file or self.folder / "tagged.png")

    def write(self, path: Path, picture: NDArray[np.uint8]) -> Path:
        """Write an RGB picture, the copy of the photo at `path`; return where it went."""
        place, number = self.file or self.folder / f"{path.stem}-tagged.png", 1
        while place.name in self.used:
            number += 1
            place = self.folder / f"{path.stem}-tagged-{number}.png"
        self.used.add(place.name)
        if place.exists() and place.samefile(path):
            raise CommandError(f"{place}: is the photo itself; name another --output")
        with files.atomic_write(place) as new_file:
            _, data = cv2.imencode(place.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            new_file.write_bytes(data.tobytes())
        return place


def check_display() -> None:
    """Raise CommandError where a window cannot be opened."""
    needs_server = sys.platform.startswith("linux")
    if needs_server and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise CommandError("--show: there is no display here; use --output tagged.png")


def show(path: Path, picture: NDArray[np.uint8]) -> None:
    """Show an RGB picture in a window until a key is pressed; CommandError where none opens."""
    try:
        cv2.imshow(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
        cv2.waitKey(0)
        cv2.destroyAllWindows()
    except cv2.error:
        raise CommandError("--show: this OpenCV cannot open windows; use --output") from None
