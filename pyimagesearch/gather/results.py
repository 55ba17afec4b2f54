"""What a search may ask for, what it finds, and how JSON and HTML from strangers are read."""

import html
import re
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pyimagesearch.console import CommandError
from pyimagesearch.files import is_windows_name

# What may be done with the photos, in the order of Bing's own list.
Licence = Literal["any", "public", "share", "share-commercially", "modify", "modify-commercially"]
Size = Literal["any", "small", "medium", "large"]
SafeSearch = Literal["off", "moderate", "strict"]

LICENCES: tuple[Licence, ...] = get_args(Licence)
SIZES: tuple[Size, ...] = get_args(Size)
SAFE_SEARCHES: tuple[SafeSearch, ...] = get_args(SafeSearch)

# Licences that let everybody share a work, by a word of their names: Creative Commons, and those
# of https://commons.wikimedia.org/wiki/Commons:Licensing.
_FREE = frozenset(
    {"cc", "gfdl", "fal", "gpl", "lgpl", "agpl", "mit", "bsd", "apache", "ogl", "odbl", "cecill"}
)
_FREE_PHRASES = ("free art", "free use", "attribution")
_PUBLIC = frozenset({"cc0", "pd", "pdm"})
_PUBLIC_PHRASES = ("public domain", "cc zero", "no restrictions")

# A gateway that repeats itself must not keep us asking forever.
PAGES_WITHOUT_NEWS = 3

_LONGEST_MARKUP = 4000  # characters of HTML; credits have a few hundred
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLOCKS = ["br", "p", "div", "li", "tr", "td", "th", "dd", "dt", "h1", "h2", "title"]

_LONGEST_NAME = 60  # characters; a file system takes 255 bytes, a character up to 4
# Letters and digits with their marks, and what joins them: t-shirt, women's, and the joiners of
# Indic and Persian script.
_JOINERS = "-'\u200c\u200d"


class WrongArgumentError(CommandError):
    """The command line asks for something that the service does not offer; exit status 2."""


@dataclass(frozen=True)
class Filters:
    """Which photos are wanted. `safe_search` None is the service's default."""

    licence: Licence = "any"
    size: Size = "any"
    safe_search: SafeSearch | None = None


@dataclass(frozen=True)
class Found:
    """A photo that a search found.

    Texts are "" and sides (pixels) 0 if the service did not state them. `attribution` is a credit
    line that can be printed as it is. `rank` counts the results of a search from 1.
    """

    url: str
    page: str = ""
    title: str = ""
    creator: str = ""
    creator_url: str = ""
    licence: str = ""
    licence_url: str = ""
    attribution: str = ""
    width: int = 0
    height: int = 0
    rank: int = 0


async def distinct(pages: AsyncIterator[list[Found]]) -> AsyncIterator[Found]:
    """Yield the photos of `pages` with their ranks, each address once.

    Ends with the pages, or after three pages in a row without a new address.
    """
    seen: set[str] = set()
    empty = 0
    async for page in pages:
        new = {photo.url: photo for photo in page if photo.url and photo.url not in seen}
        for photo in new.values():
            seen.add(photo.url)
            yield replace(photo, rank=len(seen))
        empty = 0 if new else empty + 1
        if empty >= PAGES_WITHOUT_NEWS:
            return


def compose_attribution(found: Found, credit: str = "") -> str:
    """Return a credit line for `found`: title, creator, licence and page, as far as known.

    `credit`, if given, takes the place of title and creator. The parts are those of
    https://wiki.creativecommons.org/wiki/Recommended_practices_for_attribution.
    """
    title = f'"{found.title}"' if found.title else "Photo"
    by = f" by {found.creator}" if found.creator else ""
    address = f" ({found.licence_url})" if found.licence_url else ""
    licence = f"{found.licence}{address}" if found.licence else ""
    return ", ".join(filter(None, (credit or f"{title}{by}", licence, found.page)))


def permits(licence: str, wanted: Licence) -> bool:
    """Return whether a work under `licence`, such as "CC BY-SA 4.0", may be used as `wanted` says.

    A licence that is not known to be free permits nothing.
    """
    if wanted == "any":
        return True
    words = re.findall(r"[a-z0-9]+", licence.lower())
    phrase = " ".join(words)
    public = not _PUBLIC.isdisjoint(words) or any(text in phrase for text in _PUBLIC_PHRASES)
    free = not _FREE.isdisjoint(words) or any(text in phrase for text in _FREE_PHRASES)
    if wanted == "public" or public:
        return public
    if not free or "sampling" in words or "unfree" in words:
        return False
    for_sale = not {"nc", "noncommercial"}.intersection(words)
    for_change = not {"nd", "noderivatives", "noderivs"}.intersection(words)
    return (for_sale or not wanted.endswith("commercially")) and (
        for_change or not wanted.startswith("modify")
    )


def inner(record: object, *path: str) -> object:
    """Return the value under the keys `path` of nested JSON objects, None if there is none."""
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def text(record: object, *path: str) -> str:
    """Return the text under `path` on one line without control characters, "" if there is none."""
    value = inner(record, *path)
    return one_line(value) if isinstance(value, str) else ""


def one_line(value: str) -> str:
    """Return `value` as one line of printable characters."""
    # JSON may hold lone surrogates, which cannot be written to any file.
    value = value.encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(mark if mark.isprintable() else " " for mark in value).split())


def number(record: object, *path: str) -> int:
    """Return the whole number of at least 0 under `path`, 0 for anything else."""
    value = inner(record, *path)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return max(value, 0) if whole and isinstance(value, int) else 0


def records(record: object, *path: str) -> list[object]:
    """Return the list under `path`, empty for anything else."""
    value = inner(record, *path)
    return value if isinstance(value, list) else []


def plain_text(markup: str) -> str:
    """Return what a reader sees of a piece of HTML, on one line: no styles, nothing hidden."""
    if "<" not in markup:
        return one_line(html.unescape(markup))
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(markup[:_LONGEST_MARKUP], "html.parser")
    for element in [
        *soup.find_all(["style", "script", "template"]),
        *soup.find_all(style=_HIDDEN),
        *soup.find_all(hidden=True),
    ]:
        element.decompose()
    for element in soup.find_all(_BLOCKS):
        element.insert_after(" ")
    return one_line(soup.get_text())


def first_link(markup: str) -> str:
    """Return the address that the first link in a piece of HTML leads to, "" if there is none."""
    if "<" not in markup:
        return ""
    from bs4 import BeautifulSoup

    link = BeautifulSoup(markup[:_LONGEST_MARKUP], "html.parser").find("a", href=True)
    address = one_line(str(link["href"])) if link else ""
    return f"https:{address}" if address.startswith("//") else address


def folder_name(phrase: str) -> str:
    """Return a folder name for `phrase` that is legal on every system: "red dress" -> "red_dress".

    train.py takes the labels from it, so words are joined by "_". "" if there are no letters.
    """
    text = unicodedata.normalize("NFC", phrase.replace("\u2019", "'")).lower()
    words = "".join(mark if _is_of_word(mark) else " " for mark in text).split()
    words = [word for word in (word.strip(_JOINERS) for word in words) if word]
    while len(words) > 1 and len("_".join(words)) > _LONGEST_NAME:
        words.pop()
    name = "_".join(words)[:_LONGEST_NAME]
    # An ending "_" is legal, and no label.
    return f"{name}_" if name and not is_windows_name(name) else name


def _is_of_word(mark: str) -> bool:
    return unicodedata.category(mark)[0] in "LMN" or mark in _JOINERS
