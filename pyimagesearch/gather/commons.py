"""Wikimedia Commons through the MediaWiki API, no key needed.

Contract: https://www.mediawiki.org/wiki/API:Search, https://www.mediawiki.org/wiki/API:Imageinfo,
https://www.mediawiki.org/wiki/API:Continue
Manners: https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
"""

import html
import re
from collections.abc import Iterator

from pyimagesearch.console import CommandError
from pyimagesearch.gather.api import Api
from pyimagesearch.gather.options import Licence, SafeSearch, Size, WrongArgumentError
from pyimagesearch.gather.results import Found, inner, number, records, take, text

ENDPOINT = "https://commons.wikimedia.org/w/api.php"
PAGE = 50  # imageinfo takes no more files in one request

# Renderings in widths that Wikimedia keeps ready (pixels,
# https://www.mediawiki.org/wiki/Common_thumbnail_sizes): originals weigh tens of megabytes.
WIDTH: dict[Size, int] = {"small": 330, "medium": 960, "any": 1280, "large": 0}

# All of Commons may be shared, sold and changed; only the public domain is a choice.
_PUBLIC = ("cc0", "pd", "cc-zero", "cc-pd")


def search(
    api: Api,
    query: str,
    count: int,
    licence: Licence = "any",
    size: Size = "any",
    safe_search: SafeSearch | None = None,
) -> Iterator[Found]:
    """Yield up to `count` photos for `query`; raises CommandError where the service refuses.

    `size` chooses the rendering, "large" the original file. Commons has no safe search:
    `safe_search` must be None.
    """
    if safe_search is not None:
        raise WrongArgumentError("Wikimedia Commons has no safe search; leave --safe-search out")
    parameters: dict[str, str | int] = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "generator": "search",
        # Photos and drawings, not videos, sounds or vector graphics.
        "gsrsearch": f"filetype:bitmap {query}",
        "gsrnamespace": 6,
        "gsrlimit": max(1, min(count, PAGE)),
        "prop": "imageinfo",
        "iiprop": "url|size|mime|extmetadata",
        "iiextmetadatafilter": "Artist|License|LicenseShortName|LicenseUrl",
    }
    if WIDTH[size]:
        parameters["iiurlwidth"] = WIDTH[size]
    return take(_pages(api, parameters, public_only=licence == "public"), count)


def _pages(api: Api, parameters: dict[str, str | int], public_only: bool) -> Iterator[list[Found]]:
    where: dict[str, str | int] = {}
    while True:
        answer = api.get({**parameters, **where})
        # Errors come with status 200.
        if isinstance(inner(answer, "error"), dict):
            what = f"{text(answer, 'error', 'code')}: {text(answer, 'error', 'info')}"
            raise CommandError(f"{api.endpoint}: {what}")
        files = sorted(records(answer, "query", "pages"), key=lambda file: number(file, "index"))
        # A file whose imageinfo did not fit into this answer comes again with the next.
        infos = [info for file in files for info in records(file, "imageinfo")]
        yield [_found(info) for info in infos if _is_public(info) or not public_only]
        going_on = inner(answer, "continue")
        if not isinstance(going_on, dict) or not going_on:
            return
        # To be sent back as it came, whatever is in it.
        following = {str(name): str(value) for name, value in going_on.items()}
        if following == where:
            return
        where = {**following}


def _found(info: object) -> Found:
    rendered = text(info, "thumburl")
    return Found(
        url=rendered or text(info, "url"),
        page=text(info, "descriptionurl"),
        creator=_without_markup(text(info, "extmetadata", "Artist", "value")),
        licence=_without_markup(text(info, "extmetadata", "LicenseShortName", "value")),
        licence_url=text(info, "extmetadata", "LicenseUrl", "value"),
        width=number(info, "thumbwidth" if rendered else "width"),
        height=number(info, "thumbheight" if rendered else "height"),
    )


def _is_public(info: object) -> bool:
    return text(info, "extmetadata", "License", "value").lower().startswith(_PUBLIC)


def _without_markup(value: str) -> str:
    """Return the text of a piece of HTML: creators come as links to their pages."""
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", " ", value)).split())
