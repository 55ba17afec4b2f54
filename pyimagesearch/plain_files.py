"""Files named by the user that must be files: reading a pipe or a device may never end."""

import stat
from pathlib import Path

from pyimagesearch.console import CommandError


def require(path: Path) -> None:
    """Raise CommandError where `path` is a folder, pipe or device, OSError where it is nothing."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise CommandError(f"{path}: is not a plain file; name another")
