"""Types of values on the command line; argparse reports a wrong one and exits with status 2."""

import argparse
from pathlib import Path


def positive_int(text: str) -> int:
    """Return an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be at least 1")
    return value


def positive_float(text: str) -> float:
    """Return a finite number greater than 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be greater than 0")
    return value


def fraction(text: str) -> float:
    """Return a number between 0 and 1, both excluded."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be a fraction between 0 and 1")
    return value


def file_path(text: str) -> Path:
    """Return the path of a file, which may not exist yet."""
    path = Path(text)
    if not path.name:
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of a file")
    return path


def nonempty(text: str) -> str:
    """Return `text`; an unset shell variable would otherwise mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("'' is empty")
    return text


def names(text: str) -> list[str]:
    """Return names separated by commas."""
    return text.split(",")
