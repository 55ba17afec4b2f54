import pytest
from support.web.contracts import BRAVE, KEY, Brave
from support.web.fetching import search_with, unused_api
from support.web.local_web import LocalWeb, reply_json

from pyimagesearch.console import CommandError
from pyimagesearch.gather import brave
from pyimagesearch.gather.results import SAFE_SEARCHES, Filters, Found, WrongArgumentError

URLS = [f"http://photos.example/{number}.jpg" for number in range(300)]


def search(web: LocalWeb, filters: Filters | None = None, key: str = KEY) -> list[Found]:
    return search_with(brave.SERVICE, web.url(BRAVE), filters, key)


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    assert search(web)[0] == Found(
        url=URLS[0],
        page="https://page.example/0",
        title="Result 0",
        width=640,
        height=480,
        rank=1,
    )
    assert web.asked[0].parameters == {"q": "red dress", "count": "200", "safesearch": "strict"}


def test_one_page_of_200_is_all_there_is(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    assert [photo.url for photo in search(web)] == URLS[:200]
    assert len(web.asked) == 1
    assert brave.SERVICE.most == 200


def test_an_answer_without_photos_is_an_empty_search(web: LocalWeb) -> None:
    web.routes[BRAVE] = lambda handler: reply_json(handler, {"type": "images", "results": []})
    assert search(web) == []


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": None},
        {"results": [{"properties": None}]},
        {"type": "ErrorResponse", "error": {"code": "X", "detail": "x"}},
    ],
)
def test_an_answer_of_another_shape_is_said_not_to_be_understood(
    web: LocalWeb, answer: object
) -> None:
    web.routes[BRAVE] = lambda handler: reply_json(handler, answer)
    with pytest.raises(CommandError, match="answer not understood"):
        search(web)


def test_safe_search_is_on_or_off(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    for wanted in (*SAFE_SEARCHES, None):
        search(web, Filters(safe_search=wanted))
    assert [one.parameters["safesearch"] for one in web.asked] == ["off", *["strict"] * 3]


def test_filters_that_brave_lacks_are_refused() -> None:
    api = unused_api(brave.SERVICE.endpoint)
    with pytest.raises(WrongArgumentError, match="--license"):
        brave.search(api, "a", Filters(licence="public"))
    with pytest.raises(WrongArgumentError, match="--size"):
        brave.search(api, "a", Filters(size="large"))


def test_a_refused_key_is_shown_as_the_service_says_it(web: LocalWeb) -> None:
    web.routes[BRAVE] = Brave(URLS)
    with pytest.raises(CommandError, match=r"HTTP 422: SUBSCRIPTION_TOKEN_INVALID.*not accepted"):
        search(web, key="wrong")
