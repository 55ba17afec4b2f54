"""Kinds of values on the command line; a wrong one is named by argparse, exit status 2."""

import argparse
from pathlib import Path


def positive_int(text: str) -> int:
    """Return a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1 is needed")
    return value


def positive_float(text: str) -> float:
    """Return a finite number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: a number above 0 is needed")
    return value


def file_path(text: str) -> Path:
    """Return the path of a file, there or to be written."""
    path = Path(text)
    if not path.name:
        raise argparse.ArgumentTypeError(f"{text!r} names no file")
    return path


def nonempty(text: str) -> str:
    """Return `text`; an unset variable of the shell would name the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("'' names nothing")
    return text


def share(text: str) -> float:
    """Return a number between 0 and 1, both excluded."""
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text}: a share between 0 and 1 is needed")
    return value
