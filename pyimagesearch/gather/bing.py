"""The Bing Image Search API v7, which Microsoft retired and gateways still speak.

Parameters: https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/query-parameters
Answers: https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/response-objects
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from pyimagesearch.gather.api import Api
from pyimagesearch.gather.options import Licence, SafeSearch, Size, WrongArgumentError
from pyimagesearch.gather.results import Found, number, records, take, text

KEY = "BING_SEARCH_KEY"
AUTH_HEADER = "Ocp-Apim-Subscription-Key"
PAGE = 150

GONE = (
    "Microsoft switched its Bing Search APIs off on 11 August 2025; give --endpoint the address "
    "of a gateway that still speaks v7 (https://.../v7.0/images/search), or use another --source"
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


def search(
    api: Api,
    query: str,
    count: int,
    licence: Licence = "any",
    size: Size = "any",
    safe_search: SafeSearch | None = None,
) -> Iterator[Found]:
    """Yield up to `count` photos for `query`; raises CommandError where the service refuses.

    Bing knows neither creators nor licences of single photos: where `licence` is given, the row
    says under which filter the photo was found.
    """
    if not api.endpoint or urlsplit(api.endpoint).hostname in _GONE_HOSTS:
        raise WrongArgumentError(GONE)
    parameters: dict[str, str | int] = {"q": query, "imageType": "Photo"}
    if LICENCE[licence]:
        parameters["license"] = LICENCE[licence]
    if size != "any":
        parameters["size"] = size.capitalize()
    parameters["safeSearch"] = (safe_search or "moderate").capitalize()
    label = f"Bing filter: {LICENCE[licence]}" if LICENCE[licence] else ""
    return take(_pages(api, parameters, count, label), count)


def _pages(
    api: Api, parameters: dict[str, str | int], count: int, licence: str
) -> Iterator[list[Found]]:
    offset = 0
    while True:
        answer = api.get({**parameters, "count": min(count, PAGE), "offset": offset})
        values = records(answer, "value")
        yield [_found(value, licence) for value in values]
        # Pages overlap; nextOffset says where the next one begins that does not. How many there
        # are in all, totalEstimatedMatches, changes from page to page and ends nothing.
        following = number(answer, "nextOffset")
        if not values or following <= offset:
            return
        offset = following


def _found(value: object, licence: str) -> Found:
    return Found(
        url=text(value, "contentUrl"),
        page=text(value, "hostPageUrl"),
        licence=licence,
        width=number(value, "width"),
        height=number(value, "height"),
    )
