"""The Brave Image Search API: the open web, with a key.

Contract: https://api-dashboard.search.brave.com/api-reference/images/image_search
"""

from collections.abc import Iterator

from pyimagesearch.gather.api import Api
from pyimagesearch.gather.options import Licence, SafeSearch, Size, WrongArgumentError
from pyimagesearch.gather.results import Found, number, records, take, text

ENDPOINT = "https://api.search.brave.com/res/v1/images/search"
KEY = "BRAVE_SEARCH_KEY"
AUTH_HEADER = "X-Subscription-Token"
MOST = 200  # results of one query; there are no further pages


def search(
    api: Api,
    query: str,
    count: int,
    licence: Licence = "any",
    size: Size = "any",
    safe_search: SafeSearch | None = None,
) -> Iterator[Found]:
    """Yield up to `count` photos for `query`, at most 200.

    Brave filters neither by licence nor by size, so both must be "any"; its safe search is on or
    off, so "moderate" counts as "strict". Raises CommandError where the service refuses.
    """
    if licence != "any" or size != "any":
        raise WrongArgumentError("Brave cannot filter: leave --license and --size out")
    parameters: dict[str, str | int] = {
        "q": query,
        "count": max(1, min(count, MOST)),
        "safesearch": "off" if safe_search == "off" else "strict",
    }
    return take(_pages(api, parameters), count)


def _pages(api: Api, parameters: dict[str, str | int]) -> Iterator[list[Found]]:
    yield [_found(result) for result in records(api.get(parameters), "results")]


def _found(result: object) -> Found:
    return Found(
        url=text(result, "properties", "url"),
        page=text(result, "url"),
        width=number(result, "properties", "width"),
        height=number(result, "properties", "height"),
    )
