"""Openverse: 800 million works under open licences, no key needed.

Contract: https://api.openverse.org/v1/#tag/images/operation/images_search
Limits: https://docs.openverse.org/api/reference/authentication_and_throttling.html
"""

from collections.abc import Iterator

from pyimagesearch.gather.api import Api
from pyimagesearch.gather.options import Licence, SafeSearch, Size
from pyimagesearch.gather.results import Found, number, records, take, text

ENDPOINT = "https://api.openverse.org/v1/images/"
KEY = "OPENVERSE_TOKEN"
AUTH_HEADER = "Authorization: Bearer"
PAGE = 20  # more than that wants a token
MOST = 240  # results of one query, in 12 pages

_FREE = "cc0,pdm,by,by-sa"
LICENCE: dict[Licence, str] = {
    "any": "",
    "public": "cc0,pdm",
    # Every Creative Commons licence lets the work be shared.
    "share": "",
    "share-commercially": f"{_FREE},by-nd",
    "modify": f"{_FREE},by-nc,by-nc-sa",
    "modify-commercially": _FREE,
}


def search(
    api: Api,
    query: str,
    count: int,
    licence: Licence = "any",
    size: Size = "any",
    safe_search: SafeSearch | None = None,
) -> Iterator[Found]:
    """Yield up to `count` photos for `query`, at most 240.

    Sensitive works come with `safe_search` "off" only. Raises CommandError where the service
    refuses.
    """
    parameters: dict[str, str | int] = {"q": query, "extension": "jpg,jpeg,png,webp"}
    if LICENCE[licence]:
        parameters["license"] = LICENCE[licence]
    if size != "any":
        parameters["size"] = size
    if safe_search == "off":
        parameters["mature"] = "true"
    return take(_pages(api, parameters), count)


def _pages(api: Api, parameters: dict[str, str | int]) -> Iterator[list[Found]]:
    for page in range(1, MOST // PAGE + 1):
        answer = api.get({**parameters, "page": page, "page_size": PAGE})
        results = records(answer, "results")
        yield [_found(result) for result in results]
        if not results or page >= number(answer, "page_count"):
            return


def _found(result: object) -> Found:
    code = text(result, "license")
    # "cc0" and "pdm" are names by themselves, the others are kinds of CC BY.
    name = {"cc0": "CC0", "pdm": "Public Domain Mark"}.get(code, f"CC {code.upper()}")
    return Found(
        url=text(result, "url"),
        page=text(result, "foreign_landing_url"),
        creator=text(result, "creator"),
        licence=f"{name} {text(result, 'license_version')}".strip() if code else "",
        licence_url=text(result, "license_url"),
        width=number(result, "width"),
        height=number(result, "height"),
    )
