"""The Brave Image Search API: the open web, with a key.

Documentation: https://api-dashboard.search.brave.com/api-reference/images/image_search
"""

from collections.abc import AsyncIterator

from pyimagesearch.gather.api import Api, Service
from pyimagesearch.gather.results import (
    Filters,
    Found,
    WrongArgumentError,
    distinct,
    inner,
    number,
    records,
    text,
)

MOST = 200  # results for a phrase; there are no further pages


def search(api: Api, phrase: str, filters: Filters) -> AsyncIterator[Found]:
    """Yield up to 200 photos for `phrase`; raises CommandError if the service refuses.

    Brave filters neither by licence nor by size, so both must be "any". Its safe search is on or
    off; "moderate" is taken as "strict".
    """
    if filters.licence != "any" or filters.size != "any":
        raise WrongArgumentError("Brave cannot filter: leave out --license and --size")
    parameters: dict[str, str | int] = {
        "q": phrase,
        "count": MOST,  # one request costs the same, however many results it brings
        "safesearch": "off" if filters.safe_search == "off" else "strict",
    }
    return distinct(_pages(api, parameters))


async def _pages(api: Api, parameters: dict[str, str | int]) -> AsyncIterator[list[Found]]:
    answer = await api.get(parameters, _is_understood)
    yield [_found(result) for result in records(answer, "results")]


def _is_understood(answer: object) -> bool:
    results = inner(answer, "results")
    return isinstance(results, list) and (
        not results or any(text(result, "properties", "url") for result in results)
    )


def _found(result: object) -> Found:
    return Found(
        url=text(result, "properties", "url"),
        page=text(result, "url"),
        title=text(result, "title"),
        width=number(result, "properties", "width"),
        height=number(result, "properties", "height"),
    )


SERVICE = Service(
    search,
    endpoint="https://api.search.brave.com/res/v1/images/search",
    key_variable="BRAVE_SEARCH_KEY",
    auth_header="X-Subscription-Token",
    needs_key=True,
    most=MOST,
    states_licences=False,
)
