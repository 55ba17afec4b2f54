import traceback

import httpx
import pytest
from support.web.contracts import KEY
from support.web.local_web import Handler, LocalWeb, reply_json, with_body, with_status

from pyimagesearch.console import CommandError
from pyimagesearch.gather.api import Api, Key, connect, key_from_environment
from pyimagesearch.gather.options import WrongArgumentError

GOOD = {"good": 1}


def api(web: LocalWeb, key: str = KEY) -> Api:
    return connect(web.url("/api"), httpx.Client(), "X-Key", Key("SOME_KEY", key))


def good(handler: Handler) -> None:
    reply_json(handler, GOOD)


def failure(web: LocalWeb) -> str:
    with pytest.raises(CommandError) as error:
        api(web).get({"q": "x"})
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_key_goes_into_the_header_and_the_parameters_into_the_url(web: LocalWeb) -> None:
    web.routes["/api"] = good
    assert api(web).get({"q": "red dress & more", "count": 3}) == GOOD
    assert web.asked[0].parameters == {"q": "red dress & more", "count": "3"}
    assert web.asked[0].headers["X-Key"] == KEY


def test_the_parameters_join_those_of_the_endpoint(web: LocalWeb) -> None:
    web.routes["/api"] = good
    connect(web.url("/api?version=1"), httpx.Client(), "X-Key", Key("X", KEY)).get({"q": "red"})
    assert web.asked[0].parameters == {"version": "1", "q": "red"}


def test_a_word_before_the_key_and_no_header_without_a_key(web: LocalWeb) -> None:
    web.routes["/api"] = good
    for key in (KEY, ""):
        connect(web.url("/api"), httpx.Client(), "Authorization: Bearer", Key("X", key)).get({})
    assert web.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in web.asked[1].headers


@pytest.mark.usefixtures("short_pauses")
def test_passing_troubles_are_asked_again(web: LocalWeb) -> None:
    web.serve_in_turn("/api", with_status(429), with_status(503), good)
    assert api(web).get({}) == GOOD
    assert len(web.asked) == 3


@pytest.mark.usefixtures("short_pauses")
def test_retry_after_is_kept_to(web: LocalWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    web.serve_in_turn("/api", with_status(429, Retry_After="17"), good)
    assert api(web).get({}) == GOOD
    assert slept == [17.0]


@pytest.mark.usefixtures("short_pauses")
def test_troubles_that_last_end_in_one_line(web: LocalWeb) -> None:
    web.serve("/api", b"", 500)
    assert "HTTP 500" in failure(web)
    assert len(web.asked) == 4


def test_a_redirect_is_named_and_the_key_not_sent_there(web: LocalWeb) -> None:
    web.serve("/api", b"", 302, Location="/elsewhere")
    assert "redirects to /elsewhere" in failure(web)
    assert web.paths() == ["/api"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_errors_are_not_asked_again(web: LocalWeb, status: int) -> None:
    web.serve("/api", b"", status)
    assert f"HTTP {status}" in failure(web)
    assert len(web.asked) == 1


def test_a_refused_key_is_named_by_its_variable(web: LocalWeb) -> None:
    web.serve("/api", b"", 401)
    assert "the key in SOME_KEY was not accepted" in failure(web)
    with pytest.raises(CommandError, match="the key in SOME_KEY is not set"):
        api(web, key="").get({})


@pytest.mark.parametrize(
    "body",
    [
        {"_type": "ErrorResponse", "errors": [{"code": "InvalidRequest", "message": "no q"}]},
        {"detail": "InvalidRequest no q"},
        {"error": {"code": "InvalidRequest", "message": "no q"}},
        {"error": {"code": "InvalidRequest", "detail": "no q"}},
        {"message": "InvalidRequest no q"},
    ],
)
def test_what_an_error_says_is_shown(web: LocalWeb, body: object) -> None:
    web.routes["/api"] = lambda handler: reply_json(handler, body, 400)
    assert "no q" in failure(web)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 100_000, b"\xff\xfe", b"nope"])
def test_an_answer_that_is_not_json_is_one_plain_error(web: LocalWeb, body: bytes) -> None:
    web.routes["/api"] = with_body(body)
    assert "not JSON" in failure(web)
    web.serve("/api", body, 400)
    assert "HTTP 400" in failure(web)


@pytest.mark.usefixtures("short_pauses")
def test_nobody_listening_is_one_plain_error() -> None:
    with pytest.raises(CommandError, match="ConnectError"):
        connect("http://127.0.0.1:1/", httpx.Client(), "X-Key", Key("SOME_KEY", KEY)).get({})


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("status", [401, 429, 200, 302])
def test_the_key_never_shows_even_where_the_service_repeats_it(web: LocalWeb, status: int) -> None:
    def parrot(handler: Handler) -> None:
        given = handler.headers["X-Key"]
        body = {"errors": [{"code": given, "message": f"Key {given} is bad"}]}
        handler.send_response(status)
        handler.send_header("Content-Type", given)
        handler.send_header("Location", f"/{given}")
        handler.send_header("Content-Length", "0" if status == 200 else str(len(str(body))))
        handler.end_headers()
        handler.wfile.write(b"" if status == 200 else str(body).replace("'", '"').encode())

    web.routes["/api"] = parrot
    service = api(web)
    with pytest.raises(CommandError) as error:
        service.get({"q": "x"})
    shown = [str(error.value), repr(error.value), repr(service), repr(service.client)]
    shown += traceback.format_exception(error.value)
    assert KEY not in "".join(shown)
    assert KEY in web.asked[0].headers["X-Key"]


@pytest.mark.parametrize("value", ["a b", "schlüssel", "a\nb", "a\x00b", "a\x7f"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr("os.environ", {"SOME_KEY": value})
    with pytest.raises(CommandError, match="SOME_KEY") as error:
        key_from_environment("SOME_KEY")
    assert value not in str(error.value)


def test_a_key_is_read_without_the_line_end_that_files_leave(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_KEY", f"{KEY}\n")
    key = key_from_environment("SOME_KEY")
    assert key.value == KEY
    assert KEY not in repr(key)
    assert key_from_environment("UNSET_KEY").value == ""


@pytest.mark.parametrize(
    "endpoint", ["http://api.example/search", "http://192.168.0.1/", "http://localhost.example/"]
)
def test_a_key_is_not_sent_in_the_clear(endpoint: str) -> None:
    with pytest.raises(WrongArgumentError, match="https"):
        connect(endpoint, httpx.Client(), "X-Key", Key("SOME_KEY", KEY))
    assert connect(endpoint, httpx.Client(), "X-Key", Key("SOME_KEY")).endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["file:///etc/passwd", "api.example", "ftp://a/", "http://"])
def test_an_endpoint_is_a_web_address(endpoint: str) -> None:
    with pytest.raises(WrongArgumentError, match="not a web address"):
        connect(endpoint, httpx.Client(), "X-Key", Key("SOME_KEY", KEY))
