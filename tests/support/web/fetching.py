"""Fetching from a local server, and through networks that only write down what is asked of them."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path

import httpcore
import httpx

from pyimagesearch.gather.api import Api, Key, Service, connect, open_client
from pyimagesearch.gather.download import download
from pyimagesearch.gather.fetch import Fetcher, Limits, Visitor, open_fetcher
from pyimagesearch.gather.keep import Counts, Search
from pyimagesearch.gather.politeness import RefusedError
from pyimagesearch.gather.results import Filters, Found
from pyimagesearch.gather.store import open_folder

PUBLIC = "93.184.215.14"
# Long enough for a busy machine; what waits for them to pass is marked by shorter ones.
PATIENT = Limits(seconds=60.0, read_timeout=30.0)
LOCAL = Visitor(allow_private=True)


def fetch(*urls: str, limits: Limits = PATIENT, visitor: Visitor = LOCAL) -> list[bytes | str]:
    """Fetch `urls` at once; the bodies, or the reasons why not, in their order."""

    async def all_of_them() -> list[bytes | str]:
        async with open_fetcher(limits, visitor) as fetcher:
            return list(await asyncio.gather(*(outcome(fetcher, url) for url in urls)))

    return asyncio.run(all_of_them())


async def outcome(fetcher: Fetcher, url: str) -> bytes | str:
    try:
        return (await fetcher.fetch(url)).data
    except RefusedError as reason:
        return str(reason)


def fetch_through(
    network: httpcore.AsyncNetworkBackend, *urls: str, visitor: Visitor | None = None
) -> list[bytes | str]:
    """Fetch `urls`, with every name leading to a public address, through `network`."""

    async def answer(host: str, port: int) -> list[str]:
        return [host if host.replace(".", "").isdigit() or ":" in host else PUBLIC]

    async def all_of_them() -> list[bytes | str]:
        async with open_fetcher(PATIENT, visitor or Visitor(), network, answer) as fetcher:
            return list(await asyncio.gather(*(outcome(fetcher, url) for url in urls)))

    return asyncio.run(all_of_them())


class CannedNetwork(httpcore.AsyncNetworkBackend):
    """Writes down where connections go and what is sent, and plays `answer` on each; opens none."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.wanted: list[str] = []
        self.sent = bytearray()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.wanted.append(host)
        network = self

        class Stream(httpcore.AsyncMockStream):
            async def write(self, buffer: bytes, timeout: float | None = None) -> None:
                network.sent += buffer

        return Stream([self.answer])


def redirect_to(place: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {place}\r\nContent-Length: 0\r\n\r\n".encode()


def search_with(
    service: Service,
    endpoint: str,
    filters: Filters | None = None,
    key: str = "",
    count: int = 10_000,
    contact: str = "",
) -> list[Found]:
    """Return the first `count` photos that `service` at `endpoint` finds for "red dress"."""

    async def found() -> list[Found]:
        async with open_client() as client:
            api = connect(
                endpoint, client, service.auth_header, Key(service.key_variable, key), contact
            )
            results = service.search(api, "red dress", filters or Filters())
            return [photo async for photo in first(results, count)]

    return asyncio.run(found())


async def first(results: AsyncIterator[Found], count: int) -> AsyncIterator[Found]:
    while count and (photo := await anext(results, None)) is not None:
        count -= 1
        yield photo


def unused_api(endpoint: str) -> Api:
    """Return a service that is not asked for anything."""
    return connect(endpoint, httpx.AsyncClient(), "X-Key", Key("SOME_KEY"))


def gather(
    path: Path,
    found: Sequence[Found | str],
    count: int = 10_000,
    limits: Limits = PATIENT,
    visitor: Visitor = LOCAL,
    again: bool = False,
) -> tuple[Counts, list[Path]]:
    """Download `found`, the results of a search, into `path`; the counts and the new photos."""
    arrived: list[Path] = []

    async def results() -> AsyncIterator[Found]:
        for rank, photo in enumerate(found, 1):
            yield photo if isinstance(photo, Found) else Found(photo, rank=rank)

    async def everything() -> Counts:
        search = Search("red dress", "openverse", count, again=again)
        async with open_fetcher(limits, visitor) as fetcher:
            return await download(results(), folder, search, fetcher, arrived.append)

    with open_folder(path) as folder:
        return asyncio.run(everything()), arrived
