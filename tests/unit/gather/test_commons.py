import httpx
import pytest
from support.web.contracts import COMMONS, Commons
from support.web.local_web import LocalWeb, reply_json

from pyimagesearch.console import CommandError
from pyimagesearch.gather import commons
from pyimagesearch.gather.api import Api, Key, connect
from pyimagesearch.gather.options import Size, WrongArgumentError
from pyimagesearch.gather.results import Found

URLS = [f"http://upload.example/{number}.jpg" for number in range(120)]


def api(web: LocalWeb) -> Api:
    client = httpx.Client(headers={"User-Agent": "tests/1.0 (someone@example.org)"})
    return connect(web.url(COMMONS), client, "", Key(""))


def test_the_fields_of_an_answer_are_read_without_markup(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS)
    _, photo = commons.search(api(web), "red dress", 2, size="large")
    assert photo == Found(
        url=URLS[1],
        page="https://commons.example/wiki/File:1.jpg",
        creator="Ann & Bob",
        licence="CC BY-SA 4.0",
        licence_url="https://creativecommons.org/licenses/by-sa/4.0",
        width=4000,
        height=3000,
    )
    assert web.asked[0].parameters["gsrsearch"] == "filetype:bitmap red dress"


@pytest.mark.parametrize("split", [False, True])
def test_all_pages_are_followed_also_where_imageinfo_comes_in_parts(
    web: LocalWeb, split: bool
) -> None:
    web.routes[COMMONS] = Commons(URLS, split)
    found = [photo.url for photo in commons.search(api(web), "a", 999, size="large")]
    assert sorted(found) == sorted(URLS)
    assert len(web.asked) == (6 if split else 3)
    if not split:
        assert found == URLS  # in the order of rank


def test_the_search_stops_at_count(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS)
    assert len(list(commons.search(api(web), "a", 51))) == 51
    assert len(web.asked) == 2


@pytest.mark.parametrize(
    ("size", "width"), [("small", 330), ("medium", 960), ("any", 1280), ("large", None)]
)
def test_the_size_chooses_the_rendering(web: LocalWeb, size: Size, width: int | None) -> None:
    web.routes[COMMONS] = Commons(URLS)
    (photo,) = commons.search(api(web), "a", 1, size=size)
    assert photo.url == (f"{URLS[0]}?width={width}" if width else URLS[0])
    assert photo.width == (width or 4000)


def test_public_keeps_only_the_public_domain(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS)
    found = list(commons.search(api(web), "a", 999, "public"))
    assert len(found) == 40
    assert {photo.licence for photo in found} == {"Public domain"}


def test_an_error_that_comes_with_status_200_is_shown(web: LocalWeb) -> None:
    error = {"error": {"code": "maxlag", "info": "Waiting for a server."}}
    web.routes[COMMONS] = lambda handler: reply_json(handler, error)
    with pytest.raises(CommandError, match=r"maxlag: Waiting for a server\."):
        list(commons.search(api(web), "a", 9))


def test_a_continuation_that_repeats_itself_ends(web: LocalWeb) -> None:
    answer = {"continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    web.routes[COMMONS] = lambda handler: reply_json(handler, answer)
    assert list(commons.search(api(web), "a", 9)) == []
    assert len(web.asked) == 2


def test_a_continuation_without_photos_ends_after_a_few_pages(web: LocalWeb) -> None:
    web.routes[COMMONS] = lambda handler: reply_json(
        handler, {"continue": {"gsroffset": len(web.asked)}}
    )
    assert list(commons.search(api(web), "a", 9)) == []
    assert len(web.asked) == 3


def test_safe_search_cannot_be_asked_for() -> None:
    service = connect(commons.ENDPOINT, httpx.Client(), "", Key(""))
    with pytest.raises(WrongArgumentError, match="safe-search"):
        commons.search(service, "a", 1, safe_search="strict")
