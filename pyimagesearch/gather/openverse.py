"""Openverse: 800 million works under open licences, no key needed.

Documentation: https://api.openverse.org/v1/#tag/images/operation/images_search. How many results
there are for a query: https://github.com/WordPress/openverse/blob/main/api/api/constants/restricted_features.py
"""

from collections.abc import AsyncIterator

from pyimagesearch.gather.api import Api, Service
from pyimagesearch.gather.results import (
    Filters,
    Found,
    Licence,
    distinct,
    inner,
    number,
    records,
    text,
)

PAGE = 20
PAGE_WITH_KEY = 40  # up to 50 are allowed; 40 divide the 240
MOST = 240  # results for a phrase, with a key or without

_FREE = "cc0,pdm,by,by-sa"
LICENCE: dict[Licence, str] = {
    "any": "",
    "public": "cc0,pdm",
    "share": "",  # as all licences of Creative Commons permit
    "share-commercially": f"{_FREE},by-nd",
    "modify": f"{_FREE},by-nc,by-nc-sa",
    "modify-commercially": _FREE,
}


def search(api: Api, phrase: str, filters: Filters) -> AsyncIterator[Found]:
    """Yield up to 240 photos for `phrase`; raises CommandError if the service refuses.

    Sensitive works come with safe search "off" only.
    """
    # Not `extension`: the index takes it from the last dot of the address, and most have none.
    parameters: dict[str, str | int] = {"q": phrase}
    if LICENCE[filters.licence]:
        parameters["license"] = LICENCE[filters.licence]
    if filters.size != "any":
        parameters["size"] = filters.size
    if filters.safe_search == "off":
        parameters["mature"] = "true"
    return distinct(_pages(api, parameters))


async def _pages(api: Api, parameters: dict[str, str | int]) -> AsyncIterator[list[Found]]:
    size = PAGE_WITH_KEY if api.key.value else PAGE
    for page in range(1, MOST // size + 1):
        answer = await api.get({**parameters, "page": page, "page_size": size}, _is_understood)
        results = records(answer, "results")
        yield [_found(result) for result in results]
        if not results or page >= number(answer, "page_count"):
            return


def _is_understood(answer: object) -> bool:
    results = inner(answer, "results")
    return isinstance(results, list) and (
        not results or any(text(result, "url") for result in results)
    )


def _found(result: object) -> Found:
    code = text(result, "license")
    # "cc0" and "pdm" are names by themselves, the others are kinds of CC BY.
    name = {"cc0": "CC0", "pdm": "Public Domain Mark"}.get(code, f"CC {code.upper()}")
    return Found(
        url=text(result, "url"),
        page=text(result, "foreign_landing_url"),
        title=text(result, "title"),
        creator=text(result, "creator"),
        creator_url=text(result, "creator_url"),
        licence=f"{name} {text(result, 'license_version')}".strip() if code else "",
        licence_url=text(result, "license_url"),
        attribution=text(result, "attribution"),
        width=number(result, "width"),
        height=number(result, "height"),
    )


SERVICE = Service(
    search,
    endpoint="https://api.openverse.org/v1/images/",
    key_variable="OPENVERSE_TOKEN",
    auth_header="Authorization: Bearer",
    most=MOST,
)
