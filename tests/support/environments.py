"""Fresh Python environments, which share nothing with the one that runs the tests."""

import os
import sysconfig
import venv
from pathlib import Path


def create_environment(folder: Path) -> tuple[Path, Path]:
    """Return the Python and the folder of packages, which is empty, of a new environment."""
    venv.create(folder, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    paths = {"base": str(folder), "platbase": str(folder)}
    return python, Path(sysconfig.get_path("purelib", "venv", paths))
