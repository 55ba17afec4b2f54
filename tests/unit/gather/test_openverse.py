import httpx
import pytest
from support.web.contracts import KEY, OPENVERSE, Openverse
from support.web.local_web import LocalWeb, reply_json, with_status

from pyimagesearch.gather import openverse
from pyimagesearch.gather.api import Api, Key, connect
from pyimagesearch.gather.options import Licence
from pyimagesearch.gather.results import Found

URLS = [f"http://photos.example/{number:06}" for number in range(500)]


def api(web: LocalWeb, key: str = "") -> Api:
    key_ = Key(openverse.KEY, key)
    return connect(web.url(OPENVERSE), httpx.Client(), openverse.AUTH_HEADER, key_)


def test_the_fields_of_an_answer_are_read(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    assert list(openverse.search(api(web), "red dress", 1)) == [
        Found(
            url=URLS[0],
            page="https://page.example/000000",
            creator="Ann Artist",
            licence="CC BY-SA 4.0",
            licence_url="https://creativecommons.org/licenses/by-sa/4.0/",
            width=640,
            height=480,
        )
    ]


def test_twelve_pages_of_twenty_are_all_there_is(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    found = [photo.url for photo in openverse.search(api(web), "red dress", 1000)]
    assert found == URLS[:240]
    assert [one.parameters["page"] for one in web.asked] == [str(n) for n in range(1, 13)]
    assert {one.parameters["page_size"] for one in web.asked} == {"20"}


def test_the_search_stops_at_count_and_at_the_last_page(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS[:45])
    assert len(list(openverse.search(api(web), "a", 21))) == 21
    assert len(web.asked) == 2
    assert len(list(openverse.search(api(web), "a", 99))) == 45
    assert len(web.asked) == 5


def test_pages_without_photos_end_the_search(web: LocalWeb) -> None:
    answer = {"page_count": 12, "results": []}
    web.routes[OPENVERSE] = lambda handler: reply_json(handler, answer)
    assert list(openverse.search(api(web), "a", 99)) == []
    assert len(web.asked) == 1


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
    list(openverse.search(api(web), "a", 1, licence))
    assert web.asked[0].parameters.get("license") == sent


def test_size_and_safe_search_are_sent_where_asked_for(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    list(openverse.search(api(web), "a", 1))
    list(openverse.search(api(web), "a", 1, size="medium", safe_search="off"))
    list(openverse.search(api(web), "a", 1, safe_search="strict"))
    assert web.asked[0].parameters.keys() == {"q", "extension", "page", "page_size"}
    assert web.asked[1].parameters["size"] == "medium"
    assert web.asked[1].parameters["mature"] == "true"
    assert "mature" not in web.asked[2].parameters


def test_a_token_is_sent_as_bearer_where_there_is_one(web: LocalWeb) -> None:
    web.routes[OPENVERSE] = Openverse(URLS)
    assert len(list(openverse.search(api(web, KEY), "a", 3))) == 3
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
    (photo,) = openverse.search(api(web), "a", 1)
    assert photo.licence == name


@pytest.mark.usefixtures("short_pauses")
def test_a_throttled_page_is_asked_again(web: LocalWeb) -> None:
    web.serve_in_turn(OPENVERSE, with_status(429, Retry_After="0"), Openverse(URLS))
    assert len(list(openverse.search(api(web), "a", 20))) == 20
    assert len(web.asked) == 2
