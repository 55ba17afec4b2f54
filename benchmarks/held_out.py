"""Files that list the photos to hold out, one per line, so that several recipes share a split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def is_listed(paths: Sequence[Path], file: Path) -> NDArray[np.bool_]:
    """Return which of `paths`, (N,), are listed in `file`.

    Ends the program if `file` lists others: then the recipes would be compared on different photos.
    """
    listed = set(file.read_text(encoding="utf-8").splitlines())
    found = np.array([str(path) in listed for path in paths], np.bool_)
    if missing := len(listed) - int(found.sum()):
        raise SystemExit(f"{file}: {missing} of {len(listed)} photos are not in the dataset")
    return found
