"""Finds the photo that a row of a label file means, however its path is written."""

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from pyimagesearch.images.headers import SUFFIXES
from pyimagesearch.labels.path_index import PathIndex

MAX_FOLDERS = 10_000  # searched in the folder above a label file, which may be a home folder
MAX_PATH = 4096
# Label Studio puts eight hexadecimal digits before the names of uploaded and exported files.
_UPLOADED = re.compile(r"[0-9a-f]{8}(?:-|__)(.+)")


class Match(NamedTuple):
    """The photo that a path means, or None, with the reason if several photos are possible.

    `is_whole` tells that the photo has the whole path as written, and not only its end.
    """

    photo: str | None
    reason: str = ""
    is_whole: bool = True
    shared: int = 0


class PathResolver:
    """Finds photos in a few folder trees.

    Each folder is listed once, and each tree indexed once if a path is not there as written: a
    million rows must not be a million questions to the disk.
    """

    def __init__(self, roots: Sequence[Path], parent: Path | None = None) -> None:
        """`roots` are searched in order; `parent` only after `widen`, for it may hold anything."""
        self.roots = list(dict.fromkeys(roots))
        self._parent = parent
        self._starts = list(dict.fromkeys([*roots, Path(), *([parent] if parent else [])]))
        # Texts, for a million paths; the current folder is nothing before a path.
        self._prefixes = ["" if start == Path() else f"{start}/" for start in self._starts]
        self._listed: dict[str, frozenset[str]] = {}
        self._indexes: list[PathIndex] = []

    def find(self, text: str) -> Match:
        """Return the photo that `text` means.

        That is the file of this very path below one of the roots; else the photo whose path ends
        like it: the same name, with or without its ending, and of those the one that shares most
        of the folders. Case, Unicode form and the separator do not matter then. A URL or an
        uploaded file is looked for by its own path.
        """
        if photo := self._find_exactly(text):
            return Match(photo)
        if len(text) > MAX_PATH or "\0" in text:
            return Match(None)
        for variant in _variants(text):
            parts = parts_of(variant)
            for index in self._build_indexes():
                found, shared = index.find(parts, _name_of(variant))
                if len(found) == 1:
                    return Match(found[0], "", shared >= len(parts), shared)
                if found:
                    some = ", ".join(found[:3]) + (" and others" if len(found) > 3 else "")
                    return Match(
                        None, f"{text!r}: could be {some}; write the folder, or name it with -d"
                    )
        return Match(None)

    def widen(self) -> bool:
        """Search the folder above the label file too; return False if that was done before."""
        if self._parent is None:
            return False
        self._build_indexes().append(PathIndex(self._parent, parts_of, MAX_FOLDERS))
        self._parent = None
        return True

    def photos(self) -> list[str]:
        """Return all photos below the first root."""
        return self._build_indexes()[0].photos

    def neighbours(self, photos: set[str]) -> list[str]:
        """Return the image files in the same folders as `photos`."""
        folders = {os.path.split(photo)[0] for photo in photos}
        return [
            os.path.join(folder, name)  # noqa: PTH118
            for folder in folders
            for name in self._list(folder or ".")
            if is_image_name(name) and not name.startswith(".")
        ]

    def explain(self, text: str) -> str:
        """Return why no photo was found for `text`, and the most similar one that there is."""
        shown = repr(text if len(text) <= 200 else f"{text[:200]}...")
        if not text.strip():
            return "has no path"
        if text.startswith("data:"):
            return f"{shown[:40]}: is a picture inside the label file; save it as a file"
        if len(text) > MAX_PATH or "\0" in text:
            return f"{shown}: is not a path"
        if reason := self.find(text).reason:
            return reason
        for root in self._starts:
            try:
                is_folder = (root / text).is_dir()
            except OSError:  # a part of the path is too long
                is_folder = False
            if is_folder:
                return f"{shown}: is a folder, not a photo"
        nearest = (index.find_similar(parts_of(text)) for index in self._build_indexes())
        hint = next((f"; there is {photo}" for photo in nearest if photo), "")
        return f"{shown}: no such file{hint}"

    def _build_indexes(self) -> list[PathIndex]:
        if not self._indexes:
            self._indexes = [PathIndex(root, parts_of) for root in self.roots]
        return self._indexes

    def _find_exactly(self, text: str) -> str | None:
        if "./" in text or "//" in text:  # several ways to write one path
            text = os.path.normpath(text)
        is_absolute = os.path.isabs(text)  # noqa: PTH117
        for prefix in ("",) if is_absolute else self._prefixes:
            path = prefix + text
            folder, slash, name = path.rpartition("/")
            if name in self._list(folder or slash or "."):
                return path if os.sep == "/" else os.path.normpath(path)
        return None

    def _list(self, folder: str) -> frozenset[str]:
        """Return the names of the files in a folder; none if it cannot be opened."""
        if folder not in self._listed:
            try:
                with os.scandir(folder) as entries:
                    names = frozenset(entry.name for entry in entries if not entry.is_dir())
            except (OSError, ValueError):
                names = frozenset()
            self._listed[folder] = names
        return self._listed[folder]


def is_image_name(text: str) -> bool:
    """Return whether `text` ends like the name of an image file."""
    dot = text.rfind(".")
    return dot > 0 and text[dot:].strip().lower() in SUFFIXES


def parts_of(text: str) -> list[str]:
    """Return the parts of a path in a form that does not depend on who writes it.

    Both separators are taken, and case, Unicode form, drives, quotes, . and .. are ignored.
    """
    text = text.strip().strip("\"'")
    if not text.isascii():
        if any("\udc80" <= letter <= "\udcff" for letter in text):  # bytes that are not UTF-8
            text = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())
    parts = text.lower().replace("\\", "/").split("/")
    return [part for part in parts if part not in ("", ".", "..") and part[-1] != ":"]


def _name_of(text: str) -> str:
    return text.strip().strip("\"'").replace("\\", "/").rpartition("/")[2]


def _variants(text: str) -> Iterator[str]:
    """Yield the paths that a reference may stand for, the likeliest first."""
    yield text
    path = text
    if "://" in text or "?" in text or "%" in text:
        try:
            address = urlsplit(text)
            query = parse_qsl(address.query)
        except ValueError:
            return
        for key, value in query:  # /data/local-files/?d=folder/photo.jpg
            if key == "d" or is_image_name(value):
                yield value
        path = unquote(address.path)
        yield path
    if uploaded := _UPLOADED.fullmatch(_name_of(path)):
        yield uploaded[1]
