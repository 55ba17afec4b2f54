import asyncio
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore
import pytest

from gather.local_web import Handler, LocalWeb, reply, with_body, with_status
from pyimagesearch.gather.fetch import Fetcher, Limits, RefusedError, open_fetcher

PUBLIC = "93.184.215.14"
QUICK = Limits(seconds=5.0, silence=2.0)


def fetch(*urls: str, limits: Limits = QUICK) -> list[bytes | str]:
    """Fetch `urls` at once; the bodies, or the reasons why not, in their order."""

    async def all_of_them() -> list[bytes | str]:
        async with open_fetcher(limits, "tests/1.0", allow_private=True) as fetcher:
            return list(await asyncio.gather(*(outcome(fetcher, url) for url in urls)))

    return asyncio.run(all_of_them())


async def outcome(fetcher: Fetcher, url: str) -> bytes | str:
    try:
        return await fetcher.fetch(url)
    except RefusedError as reason:
        return str(reason)


def fetch_through(network: httpcore.AsyncNetworkBackend, url: str) -> bytes | str:
    """Fetch `url`, with every name leading to a public address, through `network`."""

    async def answer(host: str, port: int) -> list[str]:
        return [PUBLIC if host == "photos.example" else host]

    async def one() -> bytes | str:
        async with open_fetcher(QUICK, "tests/1.0", network=network, resolve=answer) as fetcher:
            return await outcome(fetcher, url)

    return asyncio.run(one())


class CannedNetwork(httpcore.AsyncNetworkBackend):
    """Writes down where connections go and plays `answer` on each; opens none."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.wanted: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.wanted.append(host)
        return httpcore.AsyncMockStream([self.answer])


def redirect_to(place: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def test_a_body_comes_as_it_is_with_our_name_on_the_request(web: LocalWeb) -> None:
    url = web.serve("/a", b"\x00\xffbytes")
    assert fetch(url) == [b"\x00\xffbytes"]
    assert web.asked[0].headers["User-Agent"] == "tests/1.0"
    assert web.asked[0].headers["Host"] == f"127.0.0.1:{web.port}"
    assert web.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 304])
def test_final_answers_are_not_asked_for_again(web: LocalWeb, status: int) -> None:
    assert fetch(web.serve("/a", b"", status)) == [f"HTTP {status}"]
    assert len(web.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.usefixtures("short_pauses")
def test_passing_troubles_are_asked_again(web: LocalWeb, status: int) -> None:
    url = web.serve_in_turn("/a", with_status(status), with_status(status), with_body(b"yes"))
    assert fetch(url) == [b"yes"]
    assert len(web.asked) == 3


@pytest.mark.usefixtures("short_pauses")
def test_troubles_that_last_end_after_four_attempts(web: LocalWeb) -> None:
    assert fetch(web.serve("/a", b"", 500)) == ["HTTP 500"]
    assert len(web.asked) == 4


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_kept_to_and_holds_for_all_photos_of_the_host(
    web: LocalWeb, form: str
) -> None:
    asked_at: list[float] = []
    # A date has no fractions: 2 seconds ahead is between 1 and 2.
    ahead = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)

    def answer(handler: Handler) -> None:
        asked_at.append(time.monotonic())
        if len(asked_at) == 1:
            reply(handler, b"", 429, Retry_After="1" if form == "seconds" else ahead)
        else:
            reply(handler, b"yes")

    web.routes.update({f"/{name}": answer for name in "abc"})
    limits = Limits(per_host=1, silence=2.0)
    assert fetch(*(web.url(f"/{name}") for name in "abc"), limits=limits) == [b"yes"] * 3
    assert asked_at[1] - asked_at[0] >= (0.99 if form == "seconds" else 0.7)
    assert len(asked_at) == 4


def test_a_host_that_asks_for_an_hour_is_not_waited_for(web: LocalWeb) -> None:
    start = time.monotonic()
    assert fetch(web.serve("/a", b"", 429, Retry_After="3600")) == ["HTTP 429"]
    assert time.monotonic() - start < 1
    assert len(web.asked) == 1


@pytest.mark.parametrize("announced", [2**30, 25 * 2**20 + 1])
def test_an_announced_gigabyte_is_refused_before_any_of_it_is_read(
    web: LocalWeb, announced: int
) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(announced))
        handler.end_headers()
        handler.wfile.flush()
        hung_up.set() if handler.rfile.read(1) == b"" else None

    hung_up = threading.Event()
    web.routes["/a"] = answer
    start = time.monotonic()
    assert fetch(web.url("/a")) == ["over 25 MiB"]
    assert time.monotonic() - start < 1
    assert hung_up.wait(2)


def test_a_never_ending_body_ends_at_the_limit(web: LocalWeb) -> None:
    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for _ in range(10_000):
            handler.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            sent.append(65536)

    sent: list[int] = []
    web.routes["/a"] = answer
    assert fetch(web.url("/a"), limits=Limits(max_bytes=2**20)) == ["over 1 MiB"]
    assert sum(sent) < 2**25


def test_a_body_as_large_as_the_limit_is_taken(web: LocalWeb) -> None:
    body = bytes(2**20)
    assert fetch(web.serve("/a", body), limits=Limits(max_bytes=2**20)) == [body]


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_slow_drip_ends_at_the_deadline_and_is_not_asked_for_again(
    web: LocalWeb, where: str
) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + b"\r\nContent-Length: 99\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    def answer_headers(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    web.routes["/a"] = answer if where == "body" else answer_headers
    start = time.monotonic()
    assert fetch(web.url("/a"), limits=Limits(seconds=0.5, silence=5.0)) == ["too slow"]
    assert 0.4 < time.monotonic() - start < 1.5
    assert len(web.asked) == 1


@pytest.mark.usefixtures("short_pauses")
def test_silence_ends_each_attempt_and_the_photo(web: LocalWeb) -> None:
    web.routes["/a"] = lambda handler: time.sleep(0.5)
    limits = Limits(seconds=5.0, silence=0.1)
    assert fetch(web.url("/a"), limits=limits) == ["no answer in time"]
    assert len(web.asked) == 4


@pytest.mark.usefixtures("short_pauses")
def test_a_body_that_breaks_off_is_asked_for_again(web: LocalWeb) -> None:
    def broken(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
        handler.close_connection = True

    assert fetch(web.serve_in_turn("/a", broken, with_body(b"whole"))) == [b"whole"]
    assert fetch(web.serve_in_turn("/b", broken)) == ["connection broke off"]


@pytest.mark.usefixtures("short_pauses")
def test_nobody_listening_and_unknown_names_are_refused_with_a_reason() -> None:
    assert fetch("http://127.0.0.1:1/a", "http://unknown.invalid/a") == ["cannot connect"] * 2


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n"])
@pytest.mark.usefixtures("short_pauses")
def test_answers_that_are_not_http_are_refused(web: LocalWeb, answer: bytes) -> None:
    def garbage(handler: Handler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    web.routes["/a"] = garbage
    assert fetch(web.url("/a")) == ["connection broke off"]


def test_redirects_are_followed_also_relative_ones(web: LocalWeb) -> None:
    web.serve("/a", b"", 302, Location="b?x=1")
    web.serve("/b", b"", 308, Location=web.url("/c"))
    web.serve("/c", b"here")
    assert fetch(web.url("/a")) == [b"here"]
    assert web.paths() == ["/a", "/b", "/c"]


def test_redirects_in_a_circle_end(web: LocalWeb) -> None:
    assert fetch(web.serve("/a", b"", 301, Location="/a")) == ["too many redirects"]
    assert len(web.asked) == 6


@pytest.mark.parametrize(
    "place",
    [
        *("file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "data:image/png,x"),
        *("javascript:alert(1)", "https:///a", "http://[::1", "http://127.0.0.1:99999/"),
        "http://127.0.0.1/" + "a" * 8000,
    ],
)
def test_only_web_addresses_are_asked_first_or_by_redirect(web: LocalWeb, place: str) -> None:
    assert fetch(place) == ["not a web address"]
    assert fetch(web.serve("/a", b"", 302, Location=place)) == ["not a web address"]
    assert web.paths() == ["/a"]


@pytest.mark.parametrize(
    "place",
    [
        *("http://127.0.0.1/", "http://10.0.0.1/", "http://192.168.0.1/", "https://172.16.0.9/"),
        *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::1]/"),
        *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/"),
        *("http://224.0.0.1/", "//10.0.0.1/a"),
    ],
)
def test_a_redirect_to_a_private_address_opens_no_connection(place: str) -> None:
    network = CannedNetwork(redirect_to(place))
    assert fetch_through(network, "http://photos.example/a") == "not a public address"
    assert network.wanted == [PUBLIC]


def test_a_private_address_in_the_result_itself_opens_no_connection() -> None:
    network = CannedNetwork(redirect_to("/"))
    assert fetch_through(network, "http://192.168.0.1/a") == "not a public address"
    assert network.wanted == []


def test_loopback_is_refused_without_the_flag(web: LocalWeb) -> None:
    async def one() -> bytes | str:
        async with open_fetcher(QUICK, "tests/1.0") as fetcher:
            return await outcome(fetcher, web.serve("/a", b"secret"))

    assert asyncio.run(one()) == "not a public address"
    assert web.asked == []


def test_no_more_photos_at_a_time_than_the_host_and_the_run_allow(web: LocalWeb) -> None:
    now: dict[str, int] = {"127.0.0.1": 0, "localhost": 0}
    most: dict[str, int] = {"127.0.0.1": 0, "localhost": 0, "both": 0}
    lock = threading.Lock()

    def answer(handler: Handler) -> None:
        name = handler.headers["Host"].split(":")[0]
        with lock:
            now[name] += 1
            most[name] = max(most[name], now[name])
            most["both"] = max(most["both"], sum(now.values()))
        time.sleep(0.02)
        with lock:
            now[name] -= 1
        reply(handler, b"yes")

    web.routes["/a"] = answer
    urls = [web.url("/a", host) for host in ("127.0.0.1", "localhost")] * 15
    limits = Limits(parallel=5, per_host=3, silence=2.0)
    assert fetch(*urls, limits=limits) == [b"yes"] * 30
    assert most == {"127.0.0.1": 3, "localhost": 3, "both": 5}


def test_wikimedia_is_asked_for_two_photos_at_a_time() -> None:
    class Counting(CannedNetwork):
        now = most = 0

        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
        ) -> httpcore.AsyncNetworkStream:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.01)
            self.now -= 1
            return await super().connect_tcp(host, port)

    async def answer(host: str, port: int) -> list[str]:
        return [PUBLIC]

    async def ten(network: Counting) -> None:
        async with open_fetcher(QUICK, "tests/1.0", network=network, resolve=answer) as fetcher:
            urls = [f"http://upload.wikimedia.org/{number}" for number in range(10)]
            bodies = await asyncio.gather(*(outcome(fetcher, url) for url in urls))
        assert bodies == [b"hi"] * 10

    network = Counting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    asyncio.run(ten(network))
    assert network.most == 2


def test_connections_are_kept_and_used_again(web: LocalWeb) -> None:
    ports: set[int] = set()

    def answer(handler: Handler) -> None:
        ports.add(handler.client_address[1])
        reply(handler, b"yes")

    web.routes["/a"] = answer
    assert fetch(*[web.url("/a")] * 20, limits=Limits(per_host=2)) == [b"yes"] * 20
    assert len(ports) <= 2


def test_a_proxy_of_the_environment_is_not_asked_for_photos(
    web: LocalWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetch(web.serve("/a", b"direct")) == [b"direct"]
