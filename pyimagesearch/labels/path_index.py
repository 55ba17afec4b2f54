"""An index of the photos below a folder, by the ends of their paths."""

import bisect
import os
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path

from pyimagesearch.images.find import find_images
from pyimagesearch.images.headers import SUFFIXES

_LEVEL = "\0"  # between the parts of a reversed path; sorts before every letter
_SIMILAR = 100  # neighbours in the alphabet that are compared; comparing with all takes too long


class PathIndex:
    """The photos below one folder, sorted by their reversed paths.

    Paths with a long common end are neighbours there, so a search takes few steps however many
    photos have the same name.
    """

    def __init__(
        self, root: Path, parts_of: Callable[[str], list[str]], max_folders: int = 2**31
    ) -> None:
        """`parts_of` splits a path into parts, in the form in which they are compared."""
        self.photos = [str(path) for path in find_images(root, max_folders)]
        self._root_name = parts_of(str(root.absolute()))[-1:]
        self._start = 0 if root == Path() else len(str(root))
        self._parts_of = parts_of
        self._sorted: dict[bool, tuple[list[str], array[int]]] = {}

    def find(self, parts: Sequence[str], name: str) -> tuple[list[str], int]:
        """Return the photos whose paths share most of their end with `parts`, and how many parts.

        If the last part has the ending of an image, photos with that very ending come first. If
        several are left, the one whose whole path is `parts` or that is spelled exactly like
        `name` wins. Four photos are returned at most.
        """
        if not parts or not self.photos:
            return [], 0
        found, shared = self._search(parts, True) if _has_ending(parts[-1]) else ([], 0)
        if not found:
            found, shared = self._search(parts, False)
        if len(found) > 1:
            photos = [self.photos[number] for number in found]
            whole = [photo for photo in photos if list(parts) in self._spellings(photo)]
            same = [photo for photo in photos if os.path.basename(photo) == name]  # noqa: PTH119
            return (whole if len(whole) == 1 else same if len(same) == 1 else photos[:4]), shared
        return [self.photos[number] for number in found], shared

    def find_similar(self, parts: Sequence[str]) -> str | None:
        """Return the photo with the most similar name, or None if none is similar."""
        import difflib

        if not parts or not self.photos:
            return None
        keys, numbers = self._keys(False)
        stem = os.path.splitext(parts[-1])[0][:255]  # noqa: PTH122
        place = bisect.bisect_left(keys, stem)
        first = max(0, place - _SIMILAR)
        around = [key.partition(_LEVEL)[0] for key in keys[first : place + _SIMILAR]]
        if not (close := difflib.get_close_matches(stem, around, 1)):
            return None
        return self.photos[numbers[first + around.index(close[0])]]

    def _parts(self, photo: str) -> list[str]:
        return self._parts_of(photo[self._start :])

    def _spellings(self, photo: str) -> tuple[list[str], list[str]]:
        """Return the path of a photo with and without its ending."""
        *folders, name = self._parts(photo)
        return [*folders, name], [*folders, _without_ending(name)]

    def _keys(self, with_ending: bool) -> "tuple[list[str], array[int]]":
        """Return the sorted reversed paths, with or without endings, and the numbers of photos."""
        if with_ending not in self._sorted:
            keys = []
            for number, photo in enumerate(self.photos):
                *folders, name = self._parts(photo)
                stem = name if with_ending else _without_ending(name)
                keys.append((_LEVEL.join([stem, *folders[::-1], *self._root_name]), number))
            keys.sort()
            self._sorted[with_ending] = (
                [key for key, _ in keys],
                array("q", [number for _, number in keys]),
            )
        return self._sorted[with_ending]

    def _search(self, parts: Sequence[str], with_ending: bool) -> tuple[list[int], int]:
        """Return the numbers of up to 50 photos that share most of their end with `parts`."""
        keys, numbers = self._keys(with_ending)
        wanted = parts[::-1]
        place = bisect.bisect_left(keys, _LEVEL.join(wanted))
        shared = 0
        for at in (place, place - 1):  # one of the neighbours has the longest common beginning
            if 0 <= at < len(keys) and shared < len(wanted):
                shared = max(shared, _count_shared(keys[at], wanted))
        if not shared:
            return [], 0
        if shared < len(wanted):
            place = bisect.bisect_left(keys, _LEVEL.join(wanted[:shared]))
        last = place + 1
        while last < min(place + 50, len(keys)) and _count_shared(keys[last], wanted) >= shared:
            last += 1
        return list(numbers[place:last]), shared


def _count_shared(key: str, wanted: Sequence[str]) -> int:
    """Return how many first parts of the reversed path `key` are those of `wanted`."""
    count = 0
    for part, other in zip(key.split(_LEVEL, len(wanted)), wanted, strict=False):
        if part != other:
            break
        count += 1
    return count


def _has_ending(name: str) -> bool:
    return os.path.splitext(name)[1] in SUFFIXES  # noqa: PTH122


def _without_ending(name: str) -> str:
    stem, ending = os.path.splitext(name)  # noqa: PTH122
    return stem if ending in SUFFIXES else name
