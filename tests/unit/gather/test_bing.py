import httpx
import pytest
from support.web.contracts import BING, KEY, Bing
from support.web.local_web import LocalWeb, reply_json

from pyimagesearch.console import CommandError
from pyimagesearch.gather import bing
from pyimagesearch.gather.api import Api, Key, connect
from pyimagesearch.gather.options import WrongArgumentError

URLS = [f"http://photos.example/{number}.jpg" for number in range(400)]


def api(web: LocalWeb, key: str = KEY) -> Api:
    return connect(web.url(BING), httpx.Client(), bing.AUTH_HEADER, Key(bing.KEY, key))


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    (photo,) = bing.search(api(web), "red dress", 1)
    assert (photo.url, photo.page) == (URLS[0], "https://page.example/0")
    assert (photo.width, photo.height) == (640, 480)


def test_overlapping_pages_are_followed_by_next_offset_and_each_photo_comes_once(
    web: LocalWeb,
) -> None:
    web.routes[BING] = Bing(URLS, overlap=20)
    found = [photo.url for photo in bing.search(api(web), "red dress", 1000)]
    assert found == URLS
    assert [one.parameters["offset"] for one in web.asked] == ["0", "130", "260", "400"]
    assert {one.parameters["count"] for one in web.asked} == {"150"}


def test_the_search_stops_at_count_whatever_the_estimate_says(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    assert len(list(bing.search(api(web), "red dress", 151))) == 151
    assert len(web.asked) == 2


def test_a_gateway_that_repeats_itself_is_asked_a_few_times_only(web: LocalWeb) -> None:
    answer = {"value": [{"contentUrl": URLS[0]}]}
    web.routes[BING] = lambda handler: reply_json(
        handler, {**answer, "nextOffset": 10 * len(web.asked)}
    )
    assert len(list(bing.search(api(web), "red dress", 99))) == 1
    assert len(web.asked) == 4


@pytest.mark.parametrize("answer", [{}, {"value": []}, {"value": None}, [], None, {"value": [3]}])
def test_an_answer_without_photos_ends_the_search(web: LocalWeb, answer: object) -> None:
    web.routes[BING] = lambda handler: reply_json(handler, answer)
    assert list(bing.search(api(web), "red dress", 9)) == []
    assert len(web.asked) == 1


def test_the_filters_are_sent_in_bings_words(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    (photo,) = bing.search(api(web), "a", 1, "modify-commercially", "large", "strict")
    asked = web.asked[0].parameters
    assert asked["license"] == "ModifyCommercially"
    assert (asked["size"], asked["safeSearch"], asked["imageType"]) == ("Large", "Strict", "Photo")
    assert photo.licence == "Bing filter: ModifyCommercially"
    list(bing.search(api(web), "a", 1))
    assert web.asked[1].parameters.keys() == {"q", "imageType", "safeSearch", "count", "offset"}
    assert web.asked[1].parameters["safeSearch"] == "Moderate"


@pytest.mark.parametrize("status", [401, 403, 410, 429, 500])
@pytest.mark.usefixtures("short_pauses")
def test_an_error_body_is_shown_in_one_line(web: LocalWeb, status: int) -> None:
    errors = [{"code": "SomeCode", "subCode": "Sub", "message": "Some message."}]
    body = {"_type": "ErrorResponse", "errors": errors}
    web.routes[BING] = lambda handler: reply_json(handler, body, status)
    with pytest.raises(CommandError, match=f"HTTP {status}: SomeCode Some message"):
        list(bing.search(api(web), "red dress", 9))


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "https://api.bing.microsoft.com/v7.0/images/search",
        "https://api.cognitive.microsoft.com/bing/v7.0/images/search",
    ],
)
def test_microsofts_own_endpoint_is_said_to_be_gone(endpoint: str) -> None:
    service = connect(endpoint, httpx.Client(), bing.AUTH_HEADER, Key(bing.KEY, KEY))
    with pytest.raises(WrongArgumentError, match=r"August 2025.*--endpoint"):
        bing.search(service, "red dress", 9)


def test_a_gateway_may_want_the_key_in_another_header(web: LocalWeb) -> None:
    web.routes[BING] = lambda handler: reply_json(handler, {"value": [{"contentUrl": URLS[0]}]})
    service = connect(web.url(BING), httpx.Client(), "api-key", Key(bing.KEY, KEY))
    assert len(list(bing.search(service, "a", 1))) == 1
    assert web.asked[0].headers["api-key"] == KEY
