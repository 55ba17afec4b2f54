"""The Bing Image Search API v7, which Microsoft retired and gateways still offer.

Parameters: https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/query-parameters
Answers: https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/response-objects
"""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from pyimagesearch.gather.api import Api, Service
from pyimagesearch.gather.results import (
    Filters,
    Found,
    Licence,
    WrongArgumentError,
    distinct,
    inner,
    number,
    records,
    text,
)

PAGE = 150

GONE = (
    "Microsoft switched off its Bing Search APIs on 11 August 2025; set --endpoint to the address "
    "of a gateway that still offers v7 (https://.../v7.0/images/search), or use another --source"
)
_GONE_HOSTS = frozenset({"api.bing.microsoft.com", "api.cognitive.microsoft.com"})

LICENCE: dict[Licence, str] = {
    "any": "",
    "public": "Public",
    "share": "Share",
    "share-commercially": "ShareCommercially",
    "modify": "Modify",
    "modify-commercially": "ModifyCommercially",
}


def search(api: Api, phrase: str, filters: Filters) -> AsyncIterator[Found]:
    """Yield photos for `phrase`; raises CommandError if the service refuses.

    Bing states neither creators nor licences of single photos: if a licence is asked for, each
    photo says under which filter it was found.
    """
    if not api.endpoint or urlsplit(api.endpoint).hostname in _GONE_HOSTS:
        raise WrongArgumentError(GONE)
    parameters: dict[str, str | int] = {"q": phrase, "imageType": "Photo", "count": PAGE}
    if LICENCE[filters.licence]:
        parameters["license"] = LICENCE[filters.licence]
    if filters.size != "any":
        parameters["size"] = filters.size.capitalize()
    parameters["safeSearch"] = (filters.safe_search or "moderate").capitalize()
    return distinct(_pages(api, parameters, found_under(filters.licence)))


def found_under(licence: Licence) -> str:
    """Return what is noted as the licence of photos found with the filter `licence`."""
    return f"Bing filter: {LICENCE[licence]}" if LICENCE[licence] else ""


async def _pages(
    api: Api, parameters: dict[str, str | int], licence: str
) -> AsyncIterator[list[Found]]:
    offset = 0
    while True:
        answer = await api.get({**parameters, "offset": offset}, _is_understood)
        values = records(answer, "value")
        yield [_found(value, licence) for value in values]
        # Pages overlap; nextOffset is where the next one begins that does not. Some gateways leave
        # it out, and some give fewer results than asked for. totalEstimatedMatches changes from
        # page to page and tells nothing.
        stated = inner(answer, "nextOffset")
        following = stated if isinstance(stated, int) else offset + len(values)
        if not values or following <= offset:
            return
        offset = following


def _is_understood(answer: object) -> bool:
    values = inner(answer, "value")
    return isinstance(values, list) and (
        not values or any(text(value, "contentUrl") for value in values)
    )


def _found(value: object, licence: str) -> Found:
    return Found(
        url=text(value, "contentUrl"),
        page=text(value, "hostPageUrl"),
        title=text(value, "name"),
        licence=licence,
        width=number(value, "width"),
        height=number(value, "height"),
    )


SERVICE = Service(
    search,
    endpoint="",  # Microsoft's own is gone
    key_variable="BING_SEARCH_KEY",  # whether one is needed is up to the gateway
    auth_header="Ocp-Apim-Subscription-Key",
    states_licences=False,
)
