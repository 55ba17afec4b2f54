"""One photo's bytes from the web: politely, within limits, from public addresses only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore
import httpx

from pyimagesearch.gather import addresses
from pyimagesearch.gather.addresses import AddressRefusedError, VettingBackend
from pyimagesearch.gather.complaints import broke_off
from pyimagesearch.gather.politeness import (
    RETRYABLE,
    TOO_MANY_REQUESTS,
    Host,
    RefusedError,
    opted_out,
    pause_before_retry,
    tls_problem,
    user_agent,
    wants_contact,
)

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_LAST_PORT = 65535
_LONGEST_URL = 8000  # characters, as RFC 9110 section 4.1 asks of servers


@dataclass(frozen=True)
class Limits:
    """What one photo, one host and the whole run may take."""

    max_bytes: int = 25 * 2**20
    seconds: float = 60.0  # transfer of one photo, all attempts and redirects together
    read_timeout: float = 10.0  # seconds to connect, and between bytes
    parallel: int = 32  # photos at a time
    per_host: int = 6  # of them from one host; browsers take as many


@dataclass(frozen=True)
class Visitor:
    """Who asks, and what is allowed: `contact` goes to Wikimedia's hosts only, "" for none."""

    contact: str = ""
    allow_private: bool = False
    ignore_opt_outs: bool = False


@dataclass(frozen=True)
class Fetched:
    """The bytes of a photo and the address that they came from, after all redirects."""

    data: bytes
    url: str


class _RetryableError(Exception):
    """This attempt failed, the next one may not; the text is the reason."""

    def __init__(self, reason: str, retry_after: str = "") -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _Stopwatch:
    """Seconds left for a photo; runs during transfers, not while waiting for a turn."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        clock = asyncio.get_running_loop().time
        start = clock()
        try:
            async with asyncio.timeout(self._left):
                yield
        except TimeoutError:
            raise RefusedError("too slow") from None
        finally:
            self._left -= clock() - start


class Fetcher:
    """Fetches photos; made by `open_fetcher`."""

    def __init__(
        self, pool: httpcore.AsyncConnectionPool, limits: Limits, visitor: Visitor
    ) -> None:
        """Fetch over `pool`."""
        self.parallel = limits.parallel
        self._pool = pool
        self._limits = limits
        self._visitor = visitor
        self._hosts: dict[str, Host] = {}
        self._turns = asyncio.Semaphore(limits.parallel)

    def host(self, url: str) -> Host:
        """Return the host of `url`; what is not a web address belongs to the host ""."""
        try:
            return self._host(_web_url(url).host)
        except RefusedError:
            return self._host("")

    async def fetch(self, url: str) -> Fetched:
        """Return the body of `url`; raises RefusedError if there is none to be had."""
        stopwatch = _Stopwatch(self._limits.seconds)
        here = _web_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask_until_answered(here, stopwatch)
            if isinstance(answer, bytes):
                return Fetched(answer, str(here))
            here = answer
        raise RefusedError("too many redirects")

    async def _ask_until_answered(self, url: httpx.URL, stopwatch: _Stopwatch) -> bytes | httpx.URL:
        """Return the body of `url`, or the address that it redirects to."""
        host = self._host(url.host)
        attempt = 0
        while True:
            try:
                async with host.turn() as asked_at, self._turns, stopwatch.running():
                    return await self._ask(url, host, asked_at)
            except _RetryableError as error:
                pause = pause_before_retry(attempt, error.retry_after)
                if pause is None or host.given_up:
                    raise RefusedError(str(error)) from None
                await asyncio.sleep(pause)
            attempt += 1

    async def _ask(self, url: httpx.URL, host: Host, asked_at: float) -> bytes | httpx.URL:
        """Send one request."""
        seconds = self._limits.read_timeout
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", user_agent(url.host, self._visitor.contact).encode()),
            (b"Accept", b"image/*;q=1.0, */*;q=0.1"),
            # A compressed body could unfold to any size; pictures are compressed as they are.
            (b"Accept-Encoding", b"identity"),
        ]
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        request = self._pool.stream(
            "GET", target, headers=headers, extensions={"timeout": timeouts}
        )
        try:
            async with request as response:
                host.answered()
                return await self._read(url, response, host, asked_at)
        except AddressRefusedError:
            raise RefusedError("not a public address") from None
        except httpcore.TimeoutException:
            host.timed_out()
            raise _RetryableError("no answer in time") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            if reason := _hopeless(error):
                raise RefusedError(reason) from None
            raise _RetryableError("connection broke off") from None

    async def _read(
        self, url: httpx.URL, response: httpcore.Response, host: Host, asked_at: float
    ) -> bytes | httpx.URL:
        """Return what `response` to `url` brings: the body, or where to ask instead."""
        headers = httpx.Headers(response.headers)
        if response.status in _REDIRECTS and "location" in headers:
            return _web_url(headers["location"], url)
        if response.status != _OK:
            raise self._failure(response.status, headers, host, asked_at)
        if not self._visitor.ignore_opt_outs and opted_out(headers.get_list("x-robots-tag")):
            raise RefusedError("its site opts out of machine learning")
        if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise RefusedError("compressed, which was not asked for")
        limit = self._limits.max_bytes
        announced = headers.get("content-length", "")
        too_big = RefusedError(f"over {limit / 2**20:g} MiB")
        if announced.isdigit() and (len(announced) > len(str(limit)) or int(announced) > limit):
            raise too_big
        body = bytearray()
        async for part in response.aiter_stream():
            body += part
            if len(body) > limit:
                raise too_big
        return bytes(body)

    def _failure(
        self, status: int, headers: httpx.Headers, host: Host, asked_at: float
    ) -> Exception:
        """Return what to raise for an answer with an error `status`."""
        reason = f"HTTP {status}"
        if wants_contact(host.name, status, self._visitor.contact):
            reason += " (Wikimedia wants to know whom it can write to: --contact)"
        if status not in RETRYABLE:
            return RefusedError(reason)
        retry_after = headers.get("retry-after", "")
        if status == TOO_MANY_REQUESTS or retry_after:
            host.pause(asked_at, reason, retry_after)
            if host.given_up:
                return RefusedError(reason)
        return _RetryableError(reason, retry_after)

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Host(name, self._limits.per_host)
        return self._hosts[name]


@asynccontextmanager
async def open_fetcher(
    limits: Limits,
    visitor: Visitor,
    network: httpcore.AsyncNetworkBackend | None = None,
    resolve: addresses.Resolve = addresses.resolve,
) -> AsyncIterator[Fetcher]:
    """Give a Fetcher that connects to public addresses only, unless `visitor` may do otherwise.

    `network` and `resolve` are how it gets there; tests put recorders in their place. Proxies of
    the environment are not used: a proxy looks up names by itself, so nothing would keep a hostile
    address off the private ones that it can reach. (httpcore is the engine of httpx, used here
    because only it lets us say how to connect.)
    """
    backend = VettingBackend(network or httpcore.AnyIOBackend(), visitor.allow_private, resolve)
    async with httpcore.AsyncConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        max_connections=limits.parallel,
        keepalive_expiry=limits.read_timeout,
        network_backend=backend,
    ) as pool:
        yield Fetcher(pool, limits, visitor)


def _hopeless(error: Exception) -> str:
    """Return why another attempt would fail as well, "" if it may not."""
    if tls_problem(error):
        return "no trustworthy encryption"
    if isinstance(error, httpcore.ConnectError):
        return "cannot connect"
    malformed = isinstance(error, httpcore.ProtocolError) and not broke_off(error)
    return "malformed answer" if malformed else ""


def _web_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return `text`, relative to `base`, as an address to ask; RefusedError if it is not one."""
    # A very long one would make sources.csv unreadable: Python limits a cell to 128 KiB.
    if len(text) > _LONGEST_URL:
        raise RefusedError("not a web address")
    try:
        url = base.join(text) if base else httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise RefusedError("not a web address") from None
    port_exists = url.port is None or 0 < url.port <= _LAST_PORT
    if url.scheme not in ("http", "https") or not url.host or not port_exists:
        raise RefusedError("not a web address")
    return url
