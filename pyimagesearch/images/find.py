"""Finding the images that arguments and folders contain."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.images.decoder import URL_REFUSAL, is_url, looks_like_image

# What network drives, archives and systems put next to photos: thumbnails, bins, snapshots.
SYSTEM_FOLDERS = frozenset(
    ("@eadir", "__macosx", "#recycle", "#snapshot", "@recycle", "$recycle.bin", "lost+found")
) | {"system volume information", "thumbnails.lrdata", "recycler", "@__thumb"}


def expand_paths(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the images that `arguments` stand for, in order.

    Folders are searched at any depth, patterns such as "photos/*.jpg" are expanded (the Windows
    shells do not), and "-" stands for the lines of standard input. Raises CommandError for a URL.
    """
    arguments = list(arguments)
    for argument in arguments:
        if is_url(argument) and not os.path.lexists(argument):
            raise CommandError(f"{argument}: {URL_REFUSAL}")
    for argument in arguments:
        if argument == "-":
            for line in sys.stdin:
                if path := line.rstrip("\r\n"):
                    yield from _expand(path)
        else:
            yield from _expand(argument)


def _expand(argument: str) -> Iterator[str]:
    if Path(argument).is_dir():
        yield from map(str, find_images(Path(argument)))
    elif glob.has_magic(argument) and not os.path.lexists(argument):
        # If nothing matches, the pattern is reported as a file that does not exist.
        yield from sorted(glob.glob(argument)) or [argument]  # noqa: PTH207 - may be absolute
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

    def report(error: OSError) -> None:
        console.warn(f"{error.filename}: cannot be opened ({error.strerror}); skipped")

    for folder, subfolders, names in os.walk(root, onerror=report, followlinks=True):
        if (real := os.path.realpath(folder)) in visited:
            subfolders.clear()
            continue
        visited.add(real)
        if len(visited) > max_folders:
            break
        # Sorted, because the first of two links to a folder is used, on every file system.
        subfolders[:] = sorted(name for name in subfolders if not is_skipped_folder(name))
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += filter(looks_like_image, paths)
    return sorted(found)
