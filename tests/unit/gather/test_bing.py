import pytest
from support.web.contracts import BING, KEY, Bing
from support.web.fetching import search_with, unused_api
from support.web.local_web import LocalWeb, reply_json

from pyimagesearch.console import CommandError
from pyimagesearch.gather import bing
from pyimagesearch.gather.results import LICENCES, Filters, Found, Licence, WrongArgumentError

URLS = [f"http://photos.example/{number}.jpg" for number in range(400)]


def search(web: LocalWeb, filters: Filters | None = None, count: int = 10_000) -> list[Found]:
    return search_with(bing.SERVICE, web.url(BING), filters, KEY, count)


def addresses(found: list[Found]) -> list[str]:
    return [photo.url for photo in found]


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    (photo,) = search(web, count=1)
    assert photo == Found(
        url=URLS[0],
        page="https://page.example/0",
        title="a photo",
        width=640,
        height=480,
        rank=1,
    )


def test_overlapping_pages_are_followed_by_next_offset_and_each_photo_comes_once(
    web: LocalWeb,
) -> None:
    web.routes[BING] = Bing(URLS, overlap=20)
    found = search(web)
    assert addresses(found) == URLS
    assert [photo.rank for photo in found] == list(range(1, 401))
    assert [one.parameters["offset"] for one in web.asked] == ["0", "130", "260", "400"]
    assert {one.parameters["count"] for one in web.asked} == {"150"}


@pytest.mark.parametrize("page", [150, 35])
def test_a_gateway_without_next_offset_is_paged_by_what_it_gives(web: LocalWeb, page: int) -> None:
    # https://learn.microsoft.com/en-us/bing/search-apis/bing-web-search/page-results: "increment
    # offset by" the count; some gateways give fewer results than asked for.
    web.routes[BING] = Bing(URLS, page=page, states_next_offset=False)
    assert addresses(search(web)) == URLS
    offsets = [int(one.parameters["offset"]) for one in web.asked]
    assert offsets == [*range(0, 400, page), 400]


def test_the_search_asks_for_no_more_pages_than_are_needed(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    assert len(search(web, count=151)) == 151
    assert len(web.asked) == 2


def test_a_gateway_that_repeats_itself_is_asked_a_few_times_only(web: LocalWeb) -> None:
    answer = {"value": [{"contentUrl": URLS[0]}]}
    web.routes[BING] = lambda handler: reply_json(
        handler, {**answer, "nextOffset": 10 * len(web.asked)}
    )
    assert len(search(web)) == 1
    assert len(web.asked) == 4


def test_an_answer_without_photos_ends_the_search(web: LocalWeb) -> None:
    web.routes[BING] = lambda handler: reply_json(handler, {"value": []})
    assert search(web) == []
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"_type": "ErrorResponse", "errors": [{"code": "InvalidRequest", "message": "no q"}]},
        {},
        {"value": None},
        [],
        None,
        {"value": [3]},
        {"value": [{"url": "http://photos.example/1.jpg"}]},
    ],
)
def test_an_answer_of_another_shape_is_said_not_to_be_understood(
    web: LocalWeb, answer: object
) -> None:
    web.routes[BING] = lambda handler: reply_json(handler, answer)
    with pytest.raises(CommandError, match="answer not understood"):
        search(web)


@pytest.mark.parametrize("licence", LICENCES)
def test_the_licence_is_sent_in_bings_words(web: LocalWeb, licence: Licence) -> None:
    # https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/query-parameters
    words = ["", "Public", "Share", "ShareCommercially", "Modify", "ModifyCommercially"]
    word = dict(zip(LICENCES, words, strict=True))[licence]
    web.routes[BING] = Bing(URLS)
    (photo,) = search(web, Filters(licence), count=1)
    assert web.asked[0].parameters.get("license", "") == word
    assert photo.licence == (f"Bing filter: {word}" if word else "")


def test_size_and_safe_search_are_sent_in_bings_words(web: LocalWeb) -> None:
    web.routes[BING] = Bing(URLS)
    search(web, Filters(size="large", safe_search="strict"), count=1)
    asked = web.asked[0].parameters
    assert (asked["size"], asked["safeSearch"], asked["imageType"]) == ("Large", "Strict", "Photo")
    search(web, count=1)
    assert web.asked[1].parameters.keys() == {"q", "imageType", "safeSearch", "count", "offset"}
    assert web.asked[1].parameters["safeSearch"] == "Moderate"


@pytest.mark.parametrize("status", [401, 403, 410, 429, 500])
@pytest.mark.usefixtures("short_pauses")
def test_an_error_body_is_shown_in_one_line(web: LocalWeb, status: int) -> None:
    errors = [{"code": "SomeCode", "subCode": "Sub", "message": "Some message."}]
    body = {"_type": "ErrorResponse", "errors": errors}
    web.routes[BING] = lambda handler: reply_json(handler, body, status)
    with pytest.raises(CommandError, match=f"HTTP {status}: SomeCode Some message"):
        search(web)


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "https://api.bing.microsoft.com/v7.0/images/search",
        "https://api.cognitive.microsoft.com/bing/v7.0/images/search",
    ],
)
def test_microsofts_own_endpoint_is_said_to_be_gone(endpoint: str) -> None:
    with pytest.raises(WrongArgumentError, match=r"August 2025.*--endpoint"):
        bing.search(unused_api(endpoint), "red dress", Filters())
