import httpx
import pytest
from support.web.contracts import BRAVE, KEY, Brave
from support.web.local_web import LocalWeb, reply_json

from pyimagesearch.console import CommandError
from pyimagesearch.gather import brave
from pyimagesearch.gather.api import Api, Key, connect
from pyimagesearch.gather.options import WrongArgumentError
from pyimagesearch.gather.results import Found

URLS = [f"http://photos.example/{number}.jpg" for number in range(300)]


def api(web: LocalWeb, key: str = KEY) -> Api:
    return connect(web.url(BRAVE), httpx.Client(), brave.AUTH_HEADER, Key(brave.KEY, key))


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    assert list(brave.search(api(web), "red dress", 1)) == [
        Found(url=URLS[0], page="https://page.example/0", width=640, height=480)
    ]
    assert web.asked[0].parameters == {"q": "red dress", "count": "1", "safesearch": "strict"}


def test_one_page_of_200_is_all_there_is(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    assert [photo.url for photo in brave.search(api(web), "a", 999)] == URLS[:200]
    assert len(web.asked) == 1


@pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": [{"properties": None}]}])
def test_an_answer_without_photos_is_an_empty_search(web: LocalWeb, answer: object) -> None:
    web.routes[BRAVE] = lambda handler: reply_json(handler, answer)
    assert list(brave.search(api(web), "a", 9)) == []


def test_safe_search_is_on_or_off(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    for wanted in ("off", "moderate", "strict", None):
        list(brave.search(api(web), "a", 1, safe_search=wanted))
    assert [one.parameters["safesearch"] for one in web.asked] == ["off", *["strict"] * 3]


def test_filters_that_brave_lacks_are_refused() -> None:
    service = connect(brave.ENDPOINT, httpx.Client(), brave.AUTH_HEADER, Key(brave.KEY, KEY))
    with pytest.raises(WrongArgumentError, match="--license"):
        brave.search(service, "a", 1, licence="public")
    with pytest.raises(WrongArgumentError, match="--size"):
        brave.search(service, "a", 1, size="large")


def test_a_refused_key_is_shown_as_the_service_says_it(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    with pytest.raises(CommandError, match="HTTP 422: SUBSCRIPTION_TOKEN_INVALID"):
        list(brave.search(api(web, "wrong"), "a", 1))
