"""The images that a command line or a folder tree names."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.images.decoder import looks_like_image


def expand_paths(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the images that `arguments` name, in order.

    Folders are searched at any depth, "-" stands for the lines of standard input.
    """
    for argument in arguments:
        if argument == "-":
            lines = (line.rstrip("\r\n") for line in sys.stdin)
            yield from expand_paths(filter(None, lines))
        elif Path(argument).is_dir():
            yield from map(str, find_images(Path(argument)))
        else:
            yield argument


def find_images(root: Path) -> list[Path]:
    """Return the images below `root` at any depth, sorted by path.

    Hidden files and folders (.thumbnails, .ipynb_checkpoints) and files that are no images are
    passed over. Links to folders are followed, each folder once. A folder that cannot be opened
    is named on stderr.
    """
    found: list[Path] = []
    visited: set[str] = set()

    def name_error(error: OSError) -> None:
        console.warn(f"{error.filename}: cannot be opened ({error.strerror}); skipped")

    for folder, subfolders, names in os.walk(root, onerror=name_error, followlinks=True):
        if (real := os.path.realpath(folder)) in visited:
            subfolders.clear()
            continue
        visited.add(real)
        # In this order, whatever the file system's is: of two links to a folder the first counts.
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += [path for path in paths if looks_like_image(path) and not path.is_dir()]
    return sorted(found)
