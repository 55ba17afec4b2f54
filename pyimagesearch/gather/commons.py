"""Wikimedia Commons through the MediaWiki API, no key needed.

Documentation: https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/API:Imageinfo,
https://www.mediawiki.org/wiki/API:Continue, https://www.mediawiki.org/wiki/Extension:CommonsMetadata
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from pyimagesearch.console import CommandError
from pyimagesearch.gather.api import Api, Service
from pyimagesearch.gather.complaints import short
from pyimagesearch.gather.results import (
    Filters,
    Found,
    Size,
    WrongArgumentError,
    compose_attribution,
    distinct,
    first_link,
    inner,
    number,
    plain_text,
    records,
    text,
)

PAGE = 50  # imageinfo takes no more files in one request
MOST = 10_000  # results for a phrase: https://www.mediawiki.org/wiki/Help:CirrusSearch

# Renderings in widths that Wikimedia keeps ready (pixels,
# https://www.mediawiki.org/wiki/Common_thumbnail_sizes): originals weigh tens of megabytes.
WIDTH: dict[Size, int] = {"small": 330, "medium": 960, "any": 1280, "large": 0}

_METADATA = (
    "Artist",
    "Attribution",
    "AttributionRequired",
    "Credit",
    "License",
    "LicenseShortName",
    "LicenseUrl",
    "ObjectName",
)


def search(api: Api, phrase: str, filters: Filters) -> AsyncIterator[Found]:
    """Yield photos for `phrase`; raises CommandError if the service refuses.

    The size chooses the rendering, "large" the original file. All of Commons may be shared, sold
    and changed, so the licence is not part of the request. Commons has no safe search.
    """
    if filters.safe_search is not None:
        raise WrongArgumentError("Wikimedia Commons has no safe search; leave out --safe-search")
    parameters: dict[str, str | int] = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        # Photos and drawings, not videos, sounds or vector graphics.
        "gsrsearch": f"filetype:bitmap {phrase}",
        "gsrnamespace": 6,
        "gsrlimit": PAGE,
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata",
        "iiextmetadatafilter": "|".join(_METADATA),
        "iiextmetadatalanguage": "en",
    }
    if WIDTH[filters.size]:
        parameters["iiurlwidth"] = WIDTH[filters.size]
    return distinct(_pages(api, parameters))


async def _pages(api: Api, parameters: dict[str, str | int]) -> AsyncIterator[list[Found]]:
    place: dict[str, str | int] = {}
    while True:
        answer = await api.get({**parameters, **place}, _is_understood)
        # Errors come with status 200.
        if isinstance(inner(answer, "error"), dict):
            problem = f"{text(answer, 'error', 'code')}: {text(answer, 'error', 'info')}"
            raise CommandError(f"{short(api.endpoint)}: {problem}")
        files = sorted(records(answer, "query", "pages"), key=lambda file: number(file, "index"))
        # A file whose imageinfo did not fit into this answer comes again with the next.
        yield [_found(file, info) for file in files for info in records(file, "imageinfo")]
        following = inner(answer, "continue")
        if not isinstance(following, dict) or not following:
            return
        # To be sent back as it came, whatever it contains.
        before, place = place, {str(name): str(value) for name, value in following.items()}
        if place == before:
            return


def _is_understood(answer: object) -> bool:
    # A search that finds nothing has no "query" at all, only "batchcomplete".
    known = (("query", "pages"), ("batchcomplete",), ("continue",), ("error", "code"))
    return any(inner(answer, *path) is not None for path in known)


def _found(file: object, info: object) -> Found:
    rendered = text(info, "thumburl")
    artist = _metadata(info, "Artist")
    found = Found(
        url=rendered or text(info, "url"),
        page=text(info, "descriptionurl"),
        title=plain_text(_metadata(info, "ObjectName")) or _title(file),
        creator=plain_text(artist) or plain_text(_metadata(info, "Credit")),
        creator_url=first_link(artist),
        licence=plain_text(_metadata(info, "LicenseShortName")) or _metadata(info, "License"),
        licence_url=text(info, "extmetadata", "LicenseUrl", "value"),
        width=number(info, "thumbwidth" if rendered else "width"),
        height=number(info, "thumbheight" if rendered else "height"),
    )
    # The words that the creator wishes to be credited with, if there are any.
    credit = plain_text(_metadata(info, "Attribution"))
    if not credit and not found.creator and _metadata(info, "AttributionRequired") == "true":
        credit = f'"{found.title}" by its author, see the page'
    return replace(found, attribution=compose_attribution(found, credit))


def _metadata(info: object, name: str) -> str:
    """Return the value `name` of the extended metadata, which is HTML."""
    value = inner(info, "extmetadata", name, "value")
    return value if isinstance(value, str) else ""


def _title(file: object) -> str:
    """Return the name of a file without "File:" and its ending."""
    return text(file, "title").removeprefix("File:").rpartition(".")[0]


SERVICE = Service(search, endpoint="https://commons.wikimedia.org/w/api.php", most=MOST)
