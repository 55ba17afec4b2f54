"""The images that a command line or a folder tree names."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.images.decoder import looks_like_image

# What network drives, archives and systems put next to photos: thumbnails, bins, snapshots.
SYSTEM_FOLDERS = frozenset(
    ("@eadir", "__macosx", "#recycle", "#snapshot", "@recycle", "$recycle.bin", "lost+found")
) | {"system volume information", "thumbnails.lrdata"}


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


def is_skipped_folder(name: str) -> bool:
    """Return whether a folder is hidden (.thumbnails) or one of the SYSTEM_FOLDERS."""
    return name.startswith(".") or name.lower() in SYSTEM_FOLDERS


def find_images(root: Path, max_folders: int = sys.maxsize) -> list[Path]:
    """Return the images below `root` at any depth, sorted by path.

    Hidden files, hidden folders, the SYSTEM_FOLDERS and files that are not images are skipped.
    Links to folders are followed, each folder once. A folder that cannot be opened is reported on
    stderr. The search ends after `max_folders` folders.
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
        if len(visited) > max_folders:
            break
        # In this order, whatever the file system's is: of two links to a folder the first counts.
        subfolders[:] = sorted(name for name in subfolders if not is_skipped_folder(name))
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += filter(looks_like_image, paths)
    return sorted(found)
