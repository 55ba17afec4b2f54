import asyncio
import gzip
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore
import pytest
from support.web.fetching import CannedNetwork, fetch, fetch_through
from support.web.local_web import (
    SELF_SIGNED,
    Handler,
    LocalWeb,
    local_web,
    reply,
    with_body,
    with_status,
)

from pyimagesearch.gather.fetch import Limits, Visitor
from pyimagesearch.gather.politeness import PROJECT_PAGE


def test_a_body_comes_as_it_is_with_our_name_on_the_request(web: LocalWeb) -> None:
    url = web.serve("/a", b"\x00\xffbytes")
    assert fetch(url) == [b"\x00\xffbytes"]
    assert PROJECT_PAGE in web.asked[0].headers["User-Agent"]
    assert web.asked[0].headers["Host"] == f"127.0.0.1:{web.port}"
    assert web.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 304])
def test_final_answers_are_not_asked_for_again(web: LocalWeb, status: int) -> None:
    assert fetch(web.serve("/a", b"", status)) == [f"HTTP {status}"]
    assert len(web.asked) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.usefixtures("short_pauses")
def test_failures_that_may_pass_are_retried(web: LocalWeb, status: int) -> None:
    url = web.serve_in_turn("/a", with_status(status), with_status(status), with_body(b"yes"))
    assert fetch(url) == [b"yes"]
    assert len(web.asked) == 3


@pytest.mark.usefixtures("short_pauses")
def test_failures_that_last_end_after_four_attempts(web: LocalWeb) -> None:
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
    limits = Limits(per_host=1)
    assert fetch(*(web.url(f"/{name}") for name in "abc"), limits=limits) == [b"yes"] * 3
    assert asked_at[1] - asked_at[0] >= (0.99 if form == "seconds" else 0.7)
    assert len(asked_at) == 4


@pytest.mark.usefixtures("short_pauses")
def test_a_host_that_answers_429_again_and_again_is_left_alone(web: LocalWeb) -> None:
    urls = [web.serve(f"/{number}", b"", 429) for number in range(50)]
    assert fetch(*urls, limits=Limits(per_host=2)) == ["HTTP 429"] * 50
    # Four times two: the pauses, and the requests that were under way when they began.
    assert len(web.asked) <= 8


def test_a_host_that_asks_for_an_hour_is_not_waited_for(web: LocalWeb) -> None:
    urls = [web.serve(f"/{number}", b"", 429, Retry_After="3600") for number in range(9)]
    assert fetch(*urls, limits=Limits(per_host=1)) == ["HTTP 429"] * 9
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
    assert fetch(web.url("/a")) == ["over 25 MiB"]
    assert hung_up.wait(30)


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
    end = b"\r\nContent-Length: 99\r\n\r\n" if where == "body" else b""

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: " + end)
        for _ in range(100):
            handler.wfile.write(b"x")
            sent.append(1)
            time.sleep(0.05)

    sent: list[int] = []
    web.routes["/a"] = answer
    assert fetch(web.url("/a"), limits=Limits(seconds=0.5, read_timeout=5.0)) == ["too slow"]
    assert len(sent) < 100
    assert len(web.asked) == 1


def test_a_host_that_never_answers_is_given_up_after_three_timeouts(web: LocalWeb) -> None:
    over = threading.Event()

    def never(handler: Handler) -> None:
        over.wait(30)

    web.routes |= {f"/{number}": never for number in range(20)}
    urls = [web.url(f"/{number}") for number in range(20)]
    answers = fetch(*urls, limits=Limits(per_host=1, read_timeout=0.1))
    over.set()
    assert answers == ["no answer in time"] * 20
    assert len(web.asked) <= 3


@pytest.mark.usefixtures("short_pauses")
def test_a_body_that_breaks_off_is_asked_for_again(web: LocalWeb) -> None:
    def broken(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal")
        handler.close_connection = True

    assert fetch(web.serve_in_turn("/a", broken, with_body(b"whole"))) == [b"whole"]
    assert fetch(web.serve_in_turn("/b", broken)) == ["connection broke off"]


@pytest.mark.usefixtures("short_pauses")
def test_a_connection_that_closes_without_an_answer_is_retried(web: LocalWeb) -> None:
    def close(handler: Handler) -> None:
        handler.close_connection = True

    assert fetch(web.serve_in_turn("/a", close, with_body(b"yes"))) == [b"yes"]


def test_refused_connections_and_unknown_names_are_tried_once() -> None:
    class Refusing(CannedNetwork):
        async def connect_tcp(
            self,
            host: str,
            port: int,
            timeout: float | None = None,
            local_address: str | None = None,
            socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
        ) -> httpcore.AsyncNetworkStream:
            self.wanted.append(host)
            raise httpcore.ConnectError("refused")

    network = Refusing(b"")
    assert fetch_through(network, "http://photos.example/a") == ["cannot connect"]
    assert len(network.wanted) == 1
    assert fetch("http://127.0.0.1:1/a", "http://unknown.invalid/a") == ["cannot connect"] * 2


@pytest.mark.parametrize("answer", [b"garbage\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n"])
def test_a_malformed_answer_is_tried_once(web: LocalWeb, answer: bytes) -> None:
    def garbage(handler: Handler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    web.routes["/a"] = garbage
    assert fetch(web.url("/a")) == ["malformed answer"]
    assert len(web.asked) == 1


def test_bad_encryption_is_tried_once(web: LocalWeb) -> None:
    assert fetch(f"https://127.0.0.1:{web.port}/a") == ["no trustworthy encryption"]
    with local_web(SELF_SIGNED) as served:
        assert fetch(f"https://localhost:{served.port}/a") == ["no trustworthy encryption"]
        assert served.asked == []


def test_a_compressed_body_is_refused_with_a_reason_of_its_own(web: LocalWeb) -> None:
    url = web.serve("/a", gzip.compress(b"picture"), Content_Encoding="gzip")
    assert fetch(url) == ["compressed, which was not asked for"]


@pytest.mark.parametrize("header", ["noai", "noindex, noimageai", "multi-label-tagger: noai"])
def test_a_site_that_opts_out_of_machine_learning_is_obeyed(web: LocalWeb, header: str) -> None:
    url = web.serve("/a", b"picture", X_Robots_Tag=header)
    assert fetch(url) == ["its site opts out of machine learning"]
    assert fetch(url, visitor=Visitor(allow_private=True, ignore_opt_outs=True)) == [b"picture"]


def test_opt_outs_meant_for_others_do_not_matter(web: LocalWeb) -> None:
    assert fetch(web.serve("/a", b"picture", X_Robots_Tag="otherbot: noai")) == [b"picture"]


def test_only_wikimedia_gets_the_contact_and_is_said_to_want_it() -> None:
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    refused = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    mine = Visitor(contact="me@example.org")
    for host, told in (("upload.wikimedia.org", True), ("photos.example", False)):
        network = CannedNetwork(ok)
        assert fetch_through(network, f"http://{host}/a", visitor=mine) == [b"hi"]
        assert (b"me@example.org" in network.sent) == told
        (reason,) = fetch_through(CannedNetwork(refused), f"http://{host}/a")
        assert ("--contact" in str(reason)) == told
        assert str(reason).startswith("HTTP 403")


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
    assert fetch(*urls, limits=Limits(parallel=5, per_host=3)) == [b"yes"] * 30
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

    network = Counting(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
    urls = [f"http://upload.wikimedia.org/{number}" for number in range(10)]
    assert fetch_through(network, *urls) == [b"hi"] * 10
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
