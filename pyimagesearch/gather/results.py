"""What a search finds, and how a stranger's JSON is read: nothing in it is taken on trust."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# A gateway that repeats itself must not keep us asking for ever.
PAGES_WITHOUT_NEWS = 3


@dataclass(frozen=True)
class Found:
    """A photo that a search knows of. Text is "" and a side (pixels) 0 where it did not say."""

    url: str
    page: str = ""
    creator: str = ""
    licence: str = ""
    licence_url: str = ""
    width: int = 0
    height: int = 0


def take(pages: Iterable[list[Found]], count: int) -> Iterator[Found]:
    """Yield the first `count` photos of `pages`, each url once.

    Ends with the pages, or after three pages running that brought nothing new.
    """
    seen: set[str] = set()
    empty = 0
    if count <= 0:
        return
    for page in pages:
        fresh = {photo.url: photo for photo in page if photo.url and photo.url not in seen}
        for photo in fresh.values():
            seen.add(photo.url)
            yield photo
            if len(seen) >= count:
                return
        empty = 0 if fresh else empty + 1
        if empty >= PAGES_WITHOUT_NEWS:
            return


def inner(record: object, *path: str) -> object:
    """Return what lies under the keys `path` of nested JSON objects, None where nothing does."""
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def text(record: object, *path: str) -> str:
    """Return the text under `path` on one line without control characters, "" for none."""
    value = inner(record, *path)
    if not isinstance(value, str):
        return ""
    # JSON may hold lone surrogates, which no file can be written with.
    value = value.encode("utf-8", "replace").decode("utf-8")
    printable = "".join(mark if mark.isprintable() else " " for mark in value)
    return " ".join(printable.split())


def number(record: object, *path: str) -> int:
    """Return the whole number of at least 0 under `path`, 0 for anything else."""
    value = inner(record, *path)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return max(value, 0) if whole and isinstance(value, int) else 0


def records(record: object, *path: str) -> list[object]:
    """Return the list under `path`, empty for anything else."""
    value = inner(record, *path)
    return value if isinstance(value, list) else []
