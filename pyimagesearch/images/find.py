"""Finding the images that arguments and folders contain."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.images.decoder import looks_like_image

# Folders that systems, network drives and photo programs create for themselves, in lower case.
# Most others of the kind are hidden: .thumbnails, .ipynb_checkpoints, .Trashes.
_SYSTEM_FOLDERS = frozenset(
    {"@eadir", "#recycle", "@recycle", "#snapshot", "@__thumb", "@recently-snapshot"}
    | {"__macosx", "system volume information", "$recycle.bin", "recycler", "lost+found"}
)


def expand_paths(arguments: Iterable[str]) -> Iterator[str]:
    """Yield the images that `arguments` stand for, in order.

    Folders are searched at any depth, patterns such as "photos/*.jpg" are expanded (the Windows
    shells do not), and "-" stands for the lines of standard input.
    """
    for argument in arguments:
        if argument == "-":
            lines = (line.rstrip("\r\n") for line in sys.stdin)
            yield from expand_paths(filter(None, lines))
        elif Path(argument).is_dir():
            yield from map(str, find_images(Path(argument)))
        elif glob.has_magic(argument) and not os.path.lexists(argument):
            # If nothing matches, the pattern is reported as a file that does not exist.
            yield from sorted(glob.glob(argument)) or [argument]  # noqa: PTH207 - may be absolute
        else:
            yield argument


def find_images(root: Path) -> list[Path]:
    """Return the images below `root` at any depth, sorted by path.

    Hidden files, the folders of `is_skipped_folder` and files that are not images are left out.
    Links to folders are followed, but no folder is searched twice. A folder that cannot be opened
    is reported on stderr.
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
        # Sorted, because the first of two links to a folder is used, on every file system.
        subfolders[:] = sorted(name for name in subfolders if not is_skipped_folder(name))
        paths = (Path(folder, name) for name in names if not name.startswith("."))
        found += [path for path in paths if looks_like_image(path) and not path.is_dir()]
    return sorted(found)


def is_skipped_folder(name: str) -> bool:
    """Return whether a folder with this name is hidden, or does not belong to the user.

    Examples are .thumbnails, @eaDir, __MACOSX and System Volume Information.
    """
    return name.startswith(".") or name.casefold() in _SYSTEM_FOLDERS
