"""One photo's bytes from the web: politely, within limits, from public addresses only."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore
import httpx

from pyimagesearch.gather import addresses
from pyimagesearch.gather.addresses import AddressRefusedError, VettingBackend
from pyimagesearch.gather.retry import MAX_RETRY_AFTER, RETRYABLE, pause_before_retry

MAX_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_LAST_PORT = 65535
_LONGEST_URL = 8000  # characters, as RFC 9110 section 4.1 asks of servers

# Hosts that ask programs for less than browsers take. "Always keep a total concurrency of at
# most 2": https://wikitech.wikimedia.org/wiki/Robot_policy
_SHY_HOSTS = {"upload.wikimedia.org": 2}


@dataclass(frozen=True)
class Limits:
    """What one photo, one host and the whole run may take."""

    max_bytes: int = 25 * 2**20
    seconds: float = 60.0  # transfer of one photo, all attempts and redirects together
    read_timeout: float = 10.0  # seconds to connect, and between bytes
    parallel: int = 32  # photos at a time
    per_host: int = 6  # of them from one host; browsers take as many


class RefusedError(Exception):
    """The photo is not taken; the text is the reason, short and without the url, to be counted."""


class _RetryableError(Exception):
    """The attempt failed, another may not; the text is the reason."""

    def __init__(self, reason: str, retry_after: str = "") -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class _Host:
    """Whose turn it is with one host, and from when on it wants to be asked."""

    def __init__(self, at_a_time: int) -> None:
        self._turns = asyncio.Semaphore(at_a_time)
        self._open_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self._turns:
            # The time may be put off again while waiting.
            while (wait := self._open_at - asyncio.get_running_loop().time()) > 0:
                await asyncio.sleep(wait)
            yield

    def put_off(self, seconds: float) -> None:
        self._open_at = max(self._open_at, asyncio.get_running_loop().time() + seconds)


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

    def __init__(self, pool: httpcore.AsyncConnectionPool, limits: Limits, user_agent: str) -> None:
        """Fetch over `pool`."""
        self._pool = pool
        self._limits = limits
        self._user_agent = user_agent
        self._hosts: dict[str, _Host] = {}
        self._parallel = asyncio.Semaphore(limits.parallel)

    async def fetch(self, url: str) -> bytes:
        """Return the body of `url`; raises RefusedError where there is none to be had."""
        stopwatch = _Stopwatch(self._limits.seconds)
        here = _web_url(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask_until_answered(here, stopwatch)
            if isinstance(answer, bytes):
                return answer
            here = answer
        raise RefusedError("too many redirects")

    async def _ask_until_answered(self, url: httpx.URL, stopwatch: _Stopwatch) -> bytes | httpx.URL:
        """Return the body of `url`, or where it redirects to."""
        host = self._host(url.host)
        attempt = 0
        while True:
            try:
                async with host.turn(), self._parallel, stopwatch.running():
                    return await self._ask(url)
            except _RetryableError as trouble:
                pause = pause_before_retry(attempt, trouble.retry_after)
                if pause is None:
                    raise RefusedError(str(trouble)) from None
                if trouble.retry_after:
                    host.put_off(min(pause, MAX_RETRY_AFTER))
                await asyncio.sleep(pause)
            attempt += 1

    async def _ask(self, url: httpx.URL) -> bytes | httpx.URL:
        """Send one request."""
        seconds = self._limits.read_timeout
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), seconds)
        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", self._user_agent.encode()),
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
                return await self._read(url, response)
        except AddressRefusedError:
            raise RefusedError("not a public address") from None
        except httpcore.TimeoutException:
            raise _RetryableError("no answer in time") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
            broken = isinstance(error, httpcore.ConnectError)
            reason = "cannot connect" if broken else "connection broke off"
            raise _RetryableError(reason) from None

    async def _read(self, url: httpx.URL, response: httpcore.Response) -> bytes | httpx.URL:
        """Return what `response` to `url` brings: the body, or where to ask instead."""
        headers = httpx.Headers(response.headers)
        if response.status in _REDIRECTS and "location" in headers:
            return _web_url(headers["location"], url)
        if response.status in RETRYABLE:
            raise _RetryableError(f"HTTP {response.status}", headers.get("retry-after", ""))
        if response.status != _OK:
            raise RefusedError(f"HTTP {response.status}")
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

    def _host(self, name: str) -> _Host:
        if name not in self._hosts:
            at_a_time = min(self._limits.per_host, _SHY_HOSTS.get(name, self._limits.per_host))
            self._hosts[name] = _Host(at_a_time)
        return self._hosts[name]


@asynccontextmanager
async def open_fetcher(
    limits: Limits,
    user_agent: str,
    allow_private: bool = False,
    network: httpcore.AsyncNetworkBackend | None = None,
    resolve: addresses.Resolve = addresses.resolve,
) -> AsyncIterator[Fetcher]:
    """Give a Fetcher that connects to public addresses only, unless `allow_private`.

    `network` and `resolve` are how it gets there; tests put recorders in their place. Proxies of
    the environment are not used: a proxy looks names up by itself, so that nothing would keep a
    hostile url off the private addresses that it can reach. (httpcore is the engine of httpx;
    used here directly because only it lets us say how to connect.)
    """
    backend = VettingBackend(network or httpcore.AnyIOBackend(), allow_private, resolve)
    async with httpcore.AsyncConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        max_connections=limits.parallel,
        keepalive_expiry=limits.read_timeout,
        network_backend=backend,
    ) as pool:
        yield Fetcher(pool, limits, user_agent)


def _web_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return `text`, relative to `base`, as a url to ask; RefusedError where it is none."""
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
