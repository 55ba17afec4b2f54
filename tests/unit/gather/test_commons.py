import pytest
from support.web.contracts import COMMONS, Commons
from support.web.fetching import search_with, unused_api
from support.web.local_web import LocalWeb, reply_json, with_status

from pyimagesearch.console import CommandError
from pyimagesearch.gather import commons
from pyimagesearch.gather.results import Filters, Found, Size, WrongArgumentError

URLS = [f"http://upload.example/{number}.jpg" for number in range(120)]
LARGE = Filters(size="large")


def search(web: LocalWeb, filters: Filters | None = None, count: int = 10_000) -> list[Found]:
    return search_with(commons.SERVICE, web.url(COMMONS), filters, count=count)


def test_the_fields_of_an_answer_are_read_without_markup(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS)
    photo = search(web, LARGE, count=2)[1]
    page = "https://commons.example/wiki/File:1.jpg"
    licence_url = "https://creativecommons.org/licenses/by-sa/4.0"
    assert photo == Found(
        url=URLS[1],
        page=page,
        title="Name 1",
        creator="Ann & Bob",
        creator_url="https://a.example/Ann",
        licence="CC BY-SA 4.0",
        licence_url=licence_url,
        attribution=f'"Name 1" by Ann & Bob, CC BY-SA 4.0 ({licence_url}), {page}',
        width=4000,
        height=3000,
        rank=2,
    )
    asked = web.asked[0].parameters
    assert asked["gsrsearch"] == "filetype:bitmap red dress"
    assert {"Attribution", "AttributionRequired", "Credit", "ObjectName"} <= set(
        asked["iiextmetadatafilter"].split("|")
    )


def test_hidden_and_styling_html_is_not_part_of_the_creator(web: LocalWeb) -> None:
    # As the Creator template writes it: https://commons.wikimedia.org/wiki/Template:Creator
    artist = (
        "<style>.mw-parser-output .x{margin:0}</style><div class='fn'><a href='//c.example/V'>"
        'Vincent</a></div><div style="display: none;">creator QS:P170,Q5582</div>'
    )
    web.routes[COMMONS] = Commons(URLS, artist=artist)
    (photo,) = search(web, count=1)
    assert (photo.creator, photo.creator_url) == ("Vincent", "https://c.example/V")


def test_the_words_that_the_creator_wishes_for_are_the_credit(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS, metadata={"Attribution": "<b>Photo: Ann</b> / ann.example"})
    (photo,) = search(web, count=1)
    assert photo.attribution.startswith("Photo: Ann / ann.example, Public domain (")
    assert photo.creator == "Ann & Bob"


def test_without_a_creator_the_source_or_the_page_is_credited(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS, artist="")
    assert search(web, count=1)[0].creator == "Own work"
    required = {"Credit": "", "AttributionRequired": "true"}
    web.routes[COMMONS] = Commons(URLS, artist="", metadata=required)
    assert search(web, count=1)[0].attribution.startswith('"Name 0" by its author, see the page')


@pytest.mark.parametrize("split", [False, True])
def test_all_pages_are_followed_even_if_imageinfo_comes_in_parts(
    web: LocalWeb, split: bool
) -> None:
    web.routes[COMMONS] = Commons(URLS, split)
    found = [photo.url for photo in search(web, LARGE)]
    assert sorted(found) == sorted(URLS)
    assert len(web.asked) == (6 if split else 3)
    if not split:
        assert found == URLS  # in the order of rank


def test_pages_of_50_are_asked_for_and_no_more_than_are_needed(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons(URLS)
    assert len(search(web, count=51)) == 51
    assert len(web.asked) == 2
    assert {one.parameters["gsrlimit"] for one in web.asked} == {"50"}


@pytest.mark.parametrize(
    ("size", "width"), [("small", 330), ("medium", 960), ("any", 1280), ("large", None)]
)
def test_the_size_chooses_the_rendering(web: LocalWeb, size: Size, width: int | None) -> None:
    web.routes[COMMONS] = Commons(URLS)
    (photo,) = search(web, Filters(size=size), count=1)
    assert photo.url == (f"{URLS[0]}?width={width}" if width else URLS[0])
    assert photo.width == (width or 4000)


def test_a_search_without_results_is_empty(web: LocalWeb) -> None:
    web.routes[COMMONS] = Commons([])
    assert search(web) == []


def test_an_error_that_comes_with_status_200_is_shown(web: LocalWeb) -> None:
    error = {"error": {"code": "badvalue", "info": "Unrecognized value."}}
    web.routes[COMMONS] = lambda handler: reply_json(handler, error)
    with pytest.raises(CommandError, match=r"badvalue: Unrecognized value\."):
        search(web)
    assert len(web.asked) == 1


@pytest.mark.parametrize("answer", [{}, [], {"query": {"pages": None}}, {"results": []}])
def test_an_answer_of_another_shape_is_said_not_to_be_understood(
    web: LocalWeb, answer: object
) -> None:
    web.routes[COMMONS] = lambda handler: reply_json(handler, answer)
    with pytest.raises(CommandError, match="answer not understood"):
        search(web)


def test_a_continuation_that_repeats_itself_ends(web: LocalWeb) -> None:
    answer = {"continue": {"gsroffset": 50, "continue": "gsroffset||"}}
    web.routes[COMMONS] = lambda handler: reply_json(handler, answer)
    assert search(web) == []
    assert len(web.asked) == 2


def test_a_continuation_without_photos_ends_after_a_few_pages(web: LocalWeb) -> None:
    web.routes[COMMONS] = lambda handler: reply_json(
        handler, {"continue": {"gsroffset": len(web.asked)}}
    )
    assert search(web) == []
    assert len(web.asked) == 3


def test_safe_search_cannot_be_asked_for() -> None:
    with pytest.raises(WrongArgumentError, match="safe-search"):
        commons.search(unused_api(commons.SERVICE.endpoint), "a", Filters(safe_search="strict"))


def test_other_servers_are_not_told_the_contact(web: LocalWeb) -> None:
    web.routes[COMMONS] = with_status(403)
    with pytest.raises(CommandError, match="blocked"):
        search_with(commons.SERVICE, web.url(COMMONS), contact="me@example.org")
    assert "me@example.org" not in web.asked[0].headers["User-Agent"]
