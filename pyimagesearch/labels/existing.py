"""What to do with the labels that a photo already has when new ones are written."""

from collections.abc import Sequence
from typing import Literal

Existing = Literal["keep", "append", "replace"]


def merge_labels(
    there: Sequence[str], labels: Sequence[str], existing: Existing, is_there: bool | None = None
) -> list[str] | None:
    """Return what is to be written, or None if what is there stays as it is.

    "keep" never changes what is there, "append" adds the labels that are missing, "replace" keeps
    nothing. `is_there` says whether something is there, for an empty file also says something.
    """
    is_there = bool(there) if is_there is None else is_there
    if not is_there or existing == "replace":
        return list(labels)
    if existing == "keep":
        return None
    missing = [label for label in labels if label not in there]
    return [*there, *missing] if missing else None
