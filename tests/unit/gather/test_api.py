"""Asking a search service, whatever it answers."""

import asyncio
import gzip
import traceback
from collections.abc import Callable

import httpx
import pytest
from support.web.contracts import KEY
from support.web.local_web import (
    SELF_SIGNED,
    Handler,
    LocalWeb,
    local_web,
    reply,
    reply_json,
    with_body,
    with_status,
)

from pyimagesearch.console import CommandError
from pyimagesearch.gather.api import Api, Key, connect, key_from_environment, open_client
from pyimagesearch.gather.politeness import PROJECT_PAGE
from pyimagesearch.gather.results import WrongArgumentError

GOOD = {"good": 1}
# Of Brave, as in https://github.com/egoist/chatwise-releases/issues/1296.
RATE_LIMITED = {
    "type": "ErrorResponse",
    "error": {
        "code": "RATE_LIMITED",
        "detail": "Request rate limit exceeded for plan",
        "meta": {"quota_limit": 2000, "quota_current": 15},
    },
}


def ask(
    endpoint: str,
    parameters: dict[str, str | int] | None = None,
    key: str = KEY,
    variable: str = "SOME_KEY",
    auth_header: str = "X-Key",
    is_understood: Callable[[object], bool] = lambda answer: answer == GOOD,
) -> object:
    async def once() -> object:
        async with open_client() as client:
            api = connect(endpoint, client, auth_header, Key(variable, key))
            return await api.get(parameters or {}, is_understood)

    return asyncio.run(once())


def good_or_complaint(endpoint: str) -> str:
    try:
        return "good" if ask(endpoint) == GOOD else "bad"
    except CommandError as error:
        return str(error)


def good(handler: Handler) -> None:
    reply_json(handler, GOOD)


def failure(web: LocalWeb, path: str = "/api", key: str = KEY, variable: str = "SOME_KEY") -> str:
    with pytest.raises(CommandError) as error:
        ask(web.url(path), key=key, variable=variable)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_the_key_goes_into_the_header_and_the_parameters_into_the_url(web: LocalWeb) -> None:
    web.routes["/api"] = good
    assert ask(web.url("/api"), {"q": "red dress & more", "count": 3}) == GOOD
    assert web.asked[0].parameters == {"q": "red dress & more", "count": "3"}
    assert web.asked[0].headers["X-Key"] == KEY
    assert PROJECT_PAGE in web.asked[0].headers["User-Agent"]


def test_the_parameters_join_those_of_the_endpoint(web: LocalWeb) -> None:
    web.routes["/api"] = good
    ask(web.url("/api?version=1"), {"q": "red"})
    assert web.asked[0].parameters == {"version": "1", "q": "red"}


def test_a_word_before_the_key_and_no_header_without_a_key(web: LocalWeb) -> None:
    web.routes["/api"] = good
    for key in (KEY, ""):
        ask(web.url("/api"), key=key, auth_header="Authorization: Bearer")
    assert web.asked[0].headers["Authorization"] == f"Bearer {KEY}"
    assert "Authorization" not in web.asked[1].headers


@pytest.mark.usefixtures("short_pauses")
def test_failures_that_may_pass_are_retried(web: LocalWeb) -> None:
    web.serve_in_turn("/api", with_status(429), with_status(503), good)
    assert ask(web.url("/api")) == GOOD
    assert len(web.asked) == 3


@pytest.mark.parametrize(
    "code", ["ratelimited", "maxlag", "cirrussearch-too-busy-error", "readonly"]
)
@pytest.mark.usefixtures("short_pauses")
def test_mediawiki_being_busy_inside_http_200_is_retried(web: LocalWeb, code: str) -> None:
    # https://www.mediawiki.org/wiki/Manual:Maxlag_parameter: "with 200 status code"
    def busy(handler: Handler) -> None:
        reply_json(handler, {"error": {"code": code, "info": "Waiting for a server."}})

    web.serve_in_turn("/api", busy, busy, good)
    assert ask(web.url("/api")) == GOOD
    assert len(web.asked) == 3
    web.routes["/api"] = busy
    assert f"{code} Waiting for a server." in failure(web)


@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("", 30.0)])
def test_a_long_pause_is_kept_to_and_announced_with_what_it_waits_for(
    web: LocalWeb,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    header: str,
    seconds: float,
) -> None:
    slept: list[float] = []
    sleep = asyncio.sleep

    async def note(pause: float) -> None:
        slept.append(pause)
        await sleep(0)

    monkeypatch.setattr("asyncio.sleep", note)
    headers = {"Retry_After": header} if header else {}
    web.serve_in_turn("/api", with_status(429, **headers), good)
    assert ask(web.url("/api")) == GOOD
    assert seconds in slept
    said = capsys.readouterr().err
    assert said.startswith(f"waiting {seconds:.0f} seconds for {web.url('/api')}: HTTP 429")


@pytest.mark.usefixtures("short_pauses")
def test_failures_that_last_end_in_one_line(web: LocalWeb) -> None:
    web.serve("/api", b"", 500)
    assert "HTTP 500" in failure(web)
    assert len(web.asked) == 4


def test_a_redirect_is_reported_and_the_key_not_sent_there(web: LocalWeb) -> None:
    web.serve("/api", b"", 302, Location="/elsewhere")
    assert "redirects to /elsewhere" in failure(web)
    assert web.paths() == ["/api"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
def test_errors_that_stay_are_not_retried(web: LocalWeb, status: int) -> None:
    web.serve("/api", b"", status)
    assert f"HTTP {status}" in failure(web)
    assert len(web.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "key", "advice"),
    [
        (401, {"message": "Access denied"}, KEY, "the key in SOME_KEY was not accepted"),
        (401, {"message": "Access denied"}, "", "a key is missing; set SOME_KEY"),
        (422, {"error": {"code": "SUBSCRIPTION_TOKEN_INVALID"}}, KEY, "SOME_KEY was not accepted"),
        (403, {"errors": [{"code": "InsufficientAuthorization"}]}, KEY, "was not accepted"),
        (403, {"errors": [{"code": "RateLimitExceeded"}]}, KEY, "the quota is used up"),
        (403, {"message": "Out of call volume quota."}, KEY, "the quota is used up"),
        (429, {"error": {"code": "QUOTA_LIMITED"}}, KEY, "the quota is used up"),
        (402, {}, KEY, "the quota is used up"),
        (403, {}, KEY, "blocked: the service refuses the key in SOME_KEY or your address"),
        (403, {}, "", "blocked: the service refuses your address"),
        (410, {}, KEY, "https only"),
    ],
)
def test_each_cause_has_a_line_of_its_own(
    web: LocalWeb, status: int, body: object, key: str, advice: str
) -> None:
    web.routes["/api"] = lambda handler: reply_json(handler, body, status)
    assert advice in failure(web, key=key)
    assert len(web.asked) == 1


def test_a_service_without_keys_is_not_said_to_lack_one(web: LocalWeb) -> None:
    for status in (401, 403):
        web.serve("/api", b"", status)
        assert "key" not in failure(web, key="", variable="")


@pytest.mark.usefixtures("short_pauses")
def test_too_many_requests_are_not_taken_for_a_used_up_quota(web: LocalWeb) -> None:
    web.routes["/api"] = lambda handler: reply_json(handler, RATE_LIMITED, 429)
    said = failure(web)
    assert "RATE_LIMITED Request rate limit exceeded for plan: too many requests" in said
    assert len(web.asked) == 4


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
def test_the_message_of_an_error_is_shown(web: LocalWeb, body: object) -> None:
    web.routes["/api"] = lambda handler: reply_json(handler, body, 400)
    assert "InvalidRequest no q" in failure(web)


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b"\nPlease set a user-agent and respect our robot policy.\nSee also", "Please set a user"),
        (b"<html><style>b{}</style><title>Access denied</title><p>x", "Access denied x"),
        (b"x" * 10_000, "x" * 200),
    ],
)
def test_the_first_line_of_an_error_body_is_shown(web: LocalWeb, body: bytes, shown: str) -> None:
    web.serve("/api", body, 403)
    said = failure(web)
    assert f"HTTP 403: {shown}" in said
    assert "See also" not in said
    assert "x" * 201 not in said


@pytest.mark.parametrize(
    "body",
    [
        b"<html>no JSON</html>",
        b"[" * 100_000,
        b'{"_type": "ErrorResponse", "errors": []}',
        b'{"something": "else"}',
        b"null",
        b"\xff\xfe",
    ],
)
def test_an_answer_of_another_shape_is_shown_from_its_beginning(web: LocalWeb, body: bytes) -> None:
    web.routes["/api"] = with_body(body)
    said = failure(web)
    assert "answer not understood: " in said
    start = body[:200].decode("utf-8", "replace")
    assert said.endswith(start)
    assert len(web.asked) == 1


def test_an_empty_answer_is_said_to_be_empty(web: LocalWeb) -> None:
    web.routes["/api"] = with_body(b"")
    assert "answer not understood: it is empty" in failure(web)


def test_long_addresses_are_cut(web: LocalWeb) -> None:
    web.serve("/api", b"", 404)
    said = failure(web, f"/api?{'x' * 5000}")
    assert len(said) < 200


def test_a_compressed_answer_is_unpacked_and_a_broken_one_has_its_own_line(web: LocalWeb) -> None:
    def zipped(handler: Handler) -> None:
        reply(handler, gzip.compress(b'{"good": 1}'), Content_Encoding="gzip")

    web.routes["/api"] = zipped
    assert ask(web.url("/api")) == GOOD
    web.routes["/api"] = lambda handler: reply(handler, b"{}", Content_Encoding="gzip")
    assert "compressed body" in failure(web)
    assert len(web.asked) == 2


def test_an_answer_that_unfolds_to_gigabytes_is_given_up(web: LocalWeb) -> None:
    bomb = gzip.compress(bytes(64 * 2**20))
    web.routes["/api"] = lambda handler: reply(handler, bomb, Content_Encoding="gzip")
    assert "over 32 MiB" in failure(web)


def test_an_untrusted_certificate_has_its_own_line_and_is_tried_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with local_web(SELF_SIGNED) as served:
        served.routes["/api"] = good
        endpoint = f"https://localhost:{served.port}/api"
        with pytest.raises(
            CommandError, match=r"certificate not trusted: self.signed.*SSL_CERT_FILE"
        ):
            ask(endpoint)
        monkeypatch.setenv("SSL_CERT_FILE", str(SELF_SIGNED))
        assert ask(endpoint) == GOOD


def test_a_server_without_encryption_at_https_has_its_own_line(web: LocalWeb) -> None:
    with pytest.raises(CommandError, match="encryption failed"):
        ask(f"https://127.0.0.1:{web.port}/api")


def test_a_refused_connection_is_one_plain_error_without_retries() -> None:
    with pytest.raises(CommandError, match=r"cannot connect to 127\.0\.0\.1"):
        ask("http://127.0.0.1:1/")


def test_a_malformed_answer_is_one_plain_error_without_retries(web: LocalWeb) -> None:
    def garbage(handler: Handler) -> None:
        handler.wfile.write(b"garbage\r\n\r\n")
        handler.close_connection = True

    web.routes["/api"] = garbage
    assert "malformed answer" in failure(web)
    assert len(web.asked) == 1


@pytest.mark.usefixtures("short_pauses")
def test_a_connection_that_breaks_off_is_retried(web: LocalWeb) -> None:
    def broken(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
        handler.close_connection = True

    web.serve_in_turn("/api", broken, good)
    assert ask(web.url("/api")) == GOOD


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("status", [401, 429, 200, 302])
def test_the_key_never_shows_even_if_the_service_repeats_it(
    web: LocalWeb, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def parrot(handler: Handler) -> None:
        given = handler.headers["X-Key"]
        body = f'{{"errors": [{{"code": "{given}", "message": "Key {given} is bad"}}]}}'
        reply(handler, body.encode(), status, given, Location=f"/{given}", Retry_After="6")

    web.routes["/api"] = parrot
    # The announcement of a wait shows what the service said.
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("pyimagesearch.gather.api.pause_before_retry", one_short_pause())
        patched.setattr("pyimagesearch.gather.politeness.LONG_WAIT", 0.0)
        with pytest.raises(CommandError) as error:
            ask(web.url("/api"))
    client = httpx.AsyncClient()
    service = connect(web.url("/api"), client, "X-Key", Key("SOME_KEY", KEY))
    shown = [str(error.value), repr(error.value), repr(service), capsys.readouterr().err]
    shown += traceback.format_exception(error.value)
    assert KEY not in "".join(shown)
    assert KEY in web.asked[0].headers["X-Key"]


@pytest.mark.parametrize("status", [200, 400, 302])
@pytest.mark.parametrize("before", [60, 190, 490])
def test_no_part_of_the_key_shows_if_the_message_is_cut(
    web: LocalWeb, status: int, before: int
) -> None:
    body = b"x" * before + KEY.encode()
    location = f"https://{'x' * before}{KEY}"
    web.routes["/api"] = lambda handler: reply(handler, body, status, Location=location)
    said = failure(web)
    assert KEY[:6] not in said
    assert len(said) <= 500


def one_short_pause() -> Callable[..., float | None]:
    pauses = iter([0.0])
    return lambda *attempt: next(pauses, None)


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


def connected(endpoint: str, key: str = KEY, auth_header: str = "X-Key") -> Api:
    return connect(endpoint, httpx.AsyncClient(), auth_header, Key("SOME_KEY", key))


@pytest.mark.parametrize(
    "endpoint", ["http://api.example/search", "http://192.168.0.1/", "http://localhost.example/"]
)
def test_a_key_is_not_sent_unencrypted(endpoint: str) -> None:
    with pytest.raises(WrongArgumentError, match="https"):
        connected(endpoint)
    assert connected(endpoint, key="").endpoint == endpoint


@pytest.mark.parametrize("endpoint", ["file:///etc/passwd", "api.example", "ftp://a/", "http://"])
def test_an_endpoint_is_a_web_address(endpoint: str) -> None:
    with pytest.raises(WrongArgumentError, match="not a web address"):
        connected(endpoint)


@pytest.mark.parametrize("header", ["", ":", "X Key", "X-Kéy", "X-Key: schlüssel", "X\nKey"])
def test_what_cannot_be_a_header_is_refused(header: str) -> None:
    with pytest.raises(WrongArgumentError, match="--auth-header"):
        connected("https://api.example/", auth_header=header)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        # GNOME and KDE set the first of them.
        ("ALL_PROXY", "socks://127.0.0.1:1080/", "ALL_PROXY=socks://...: this kind of proxy"),
        ("all_proxy", "socks5://me:secret@127.0.0.1:1080/", "all_proxy=socks5://..."),
        ("HTTPS_PROXY", "socks4://127.0.0.1:1080", "HTTPS_PROXY=socks4://..."),
        ("HTTPS_PROXY", "http://[::1", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://\u00fc\u00fc..:1", "HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nonexistent", "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", "/", "SSL_CERT_FILE"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE"),
        ("SSLKEYLOGFILE", "/nonexistent/x", "SSLKEYLOGFILE"),
    ],
)
def test_a_variable_of_the_environment_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CommandError) as error:
        ask("https://127.0.0.1:1/")
    assert said in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("no_proxy", ["localhost,127.0.0.0/8,::1", "fe80::/10,[::1],*.local", "["])
def test_addresses_without_proxy_are_accepted_or_named(
    web: LocalWeb, monkeypatch: pytest.MonkeyPatch, no_proxy: str
) -> None:
    web.routes["/api"] = good
    monkeypatch.setenv("NO_PROXY", no_proxy)
    said = good_or_complaint(web.url("/api"))
    assert said == "good" or "NO_PROXY" in said


def test_a_proxy_that_is_not_running_has_its_own_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with pytest.raises(CommandError, match=r"through the proxy in HTTPS_PROXY.*is the proxy runn"):
        ask("https://api.example/")


def test_a_proxy_that_refuses_has_its_own_line(
    web: LocalWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", web.url("/"))
    with pytest.raises(CommandError, match=r"proxy refuses.*HTTPS_PROXY"):
        ask("https://api.example/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": "application/json; charset=nonsense"},
        {"Content_Encoding": "nonsense"},
        {"Location": "http://[::1"},
        {"Retry_After": "\u00ff"},
        {"Set_Cookie": "=;=;=\u00ff; Expires=never; Domain=\u00ff"},
    ],
)
@pytest.mark.parametrize("status", [200, 302, 404])
def test_no_header_of_an_answer_is_a_traceback(
    web: LocalWeb, headers: dict[str, str], status: int
) -> None:
    web.routes["/api"] = lambda handler: reply(handler, b'{"good": 1}', status, **headers)
    assert "\n" not in good_or_complaint(web.url("/api"))
