import pytest
from support.web.contracts import KEY, OPENVERSE, Openverse
from support.web.fetching import search_with
from support.web.local_web import LocalWeb, reply_json, with_status

from pyimagesearch.console import CommandError
from pyimagesearch.gather import openverse
from pyimagesearch.gather.results import Filters, Found, Licence

URLS = [f"http://photos.example/{number:06}" for number in range(500)]


def search(
    web: LocalWeb, filters: Filters | None = None, key: str = "", count: int = 10_000
) -> list[Found]:
    return search_with(openverse.SERVICE, web.url(OPENVERSE), filters, key, count)


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    assert search(web, count=1) == [
        Found(
            url=URLS[0],
            page="https://page.example/000000",
            title="Photo 0",
            creator="Ann Artist",
            creator_url="https://page.example/ann",
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
            attribution='"Photo 0" by Ann Artist is licensed under CC BY-SA 4.0.',
            width=640,
            height=480,
            rank=1,
        )
    ]


@pytest.mark.parametrize(("key", "pages", "size"), [("", 12, "20"), (KEY, 6, "40")])
def test_240_results_are_all_there_is_with_a_key_or_without(
    web: LocalWeb, key: str, pages: int, size: str
) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    assert [photo.url for photo in search(web, key=key)] == URLS[:240]
    assert [one.parameters["page"] for one in web.asked] == [str(n + 1) for n in range(pages)]
    assert {one.parameters["page_size"] for one in web.asked} == {size}
    assert openverse.SERVICE.most == 240


def test_the_search_asks_for_no_more_pages_than_are_needed_or_there(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS[:45])
    assert len(search(web, count=21)) == 21
    assert len(web.asked) == 2
    assert len(search(web)) == 45
    assert len(web.asked) == 5


def test_photos_without_an_ending_in_their_address_are_found(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse([*URLS[:9], "http://photos.example/a.jpg?size=large"])
    assert len(search(web)) == 10


def test_pages_without_photos_end_the_search(web: LocalWeb) -> None:
    answer = {"page_count": 12, "results": []}
    web.routes[OPENVERSE] = lambda handler: reply_json(handler, answer)
    assert search(web) == []
    assert len(web.asked) == 1


@pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": [{"id": "x"}]}, []])
def test_an_answer_of_another_shape_is_said_not_to_be_understood(
    web: LocalWeb, answer: object
) -> None:
    web.routes[OPENVERSE] = lambda handler: reply_json(handler, answer)
    with pytest.raises(CommandError, match="answer not understood"):
        search(web)


@pytest.mark.parametrize(
    ("licence", "sent"),
    [
        ("any", None),
        ("public", "cc0,pdm"),
        ("share", None),
        ("share-commercially", "cc0,pdm,by,by-sa,by-nd"),
        ("modify", "cc0,pdm,by,by-sa,by-nc,by-nc-sa"),
        ("modify-commercially", "cc0,pdm,by,by-sa"),
    ],
)
def test_the_licence_is_sent_in_openverses_words(
    web: LocalWeb, licence: Licence, sent: str | None
) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    search(web, Filters(licence), count=1)
    assert web.asked[0].parameters.get("license") == sent


def test_size_and_safe_search_are_sent_if_asked_for(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    search(web, count=1)
    search(web, Filters(size="medium", safe_search="off"), count=1)
    search(web, Filters(safe_search="strict"), count=1)
    assert web.asked[0].parameters.keys() == {"q", "page", "page_size"}
    assert web.asked[1].parameters["size"] == "medium"
    assert web.asked[1].parameters["mature"] == "true"
    assert "mature" not in web.asked[2].parameters


def test_a_token_is_sent_as_bearer_if_there_is_one(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    assert len(search(web, key=KEY, count=3)) == 3
    assert web.asked[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("code", "version", "name"),
    [
        ("cc0", "1.0", "CC0 1.0"),
        ("pdm", "1.0", "Public Domain Mark 1.0"),
        ("by-nc", None, "CC BY-NC"),
        (None, "1.0", ""),
    ],
)
def test_licences_are_written_out(
    web: LocalWeb, code: str | None, version: str | None, name: str
) -> None:
    result = {"url": URLS[0], "license": code, "license_version": version}
    web.routes[OPENVERSE] = lambda handler: reply_json(handler, {"results": [result]})
    (photo,) = search(web, count=1)
    assert photo.licence == name


@pytest.mark.usefixtures("short_pauses")
def test_a_throttled_page_is_asked_for_again(web: LocalWeb) -> None:
    web.serve_in_turn(OPENVERSE, with_status(429, Retry_After="0"), Openverse(URLS))
    assert len(search(web, count=20)) == 20
    assert len(web.asked) == 2


def test_a_day_of_throttling_is_not_waited_for(web: LocalWeb) -> None:
    # Django REST framework's words; anonymous clients have a limit for each day.
    answer = {"detail": "Request was throttled. Expected available in 86393 seconds."}
    web.routes[OPENVERSE] = lambda handler: reply_json(handler, answer, 429, Retry_After="86393")
    with pytest.raises(CommandError, match=r"429: Request was throttled.*too many requests"):
        search(web)
    assert len(web.asked) == 1
