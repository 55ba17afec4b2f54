"""Fetching from a local server, and through networks that only write down what is asked of them."""

import asyncio
from collections.abc import Iterable

import httpcore

from pyimagesearch.gather.fetch import Fetcher, Limits, RefusedError, open_fetcher

PUBLIC = "93.184.215.14"
QUICK = Limits(seconds=5.0, read_timeout=2.0)


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
