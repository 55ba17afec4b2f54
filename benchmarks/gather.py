"""How much faster than the tutorial's one-by-one loop do photos arrive?

    python -m benchmarks.gather
    python -m benchmarks.gather --photos 100 --runs 5 --parallel 16

A server of its own on loopback answers each request after 50 ms. In turns, and each into an empty
folder, the photos are fetched by the 2018 tutorial's loop (get, write, read with cv2.imread, next)
and by this project's download with all its checks: spread over eight hosts, as photos on the web
are, and all from one host, where politeness is the limit. Needs 127.0.0.2 to 127.0.0.8, which
Linux has and macOS does not.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import cv2
import numpy as np

from pyimagesearch.gather.download import download
from pyimagesearch.gather.fetch import Limits, Visitor, open_fetcher
from pyimagesearch.gather.keep import Counts, Search
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import open_folder

TARGET = 10
HOSTS = [f"127.0.0.{last}" for last in range(1, 9)]


def main() -> None:
    """Measure in turns and print a line for each way."""
    default = Limits()
    parser = argparse.ArgumentParser(
        description="Compare the download with the tutorial's one-by-one loop.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--photos", type=int, default=300, help="photos a run")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way")
    parser.add_argument("--latency", type=float, default=50, help="of the server, milliseconds")
    parser.add_argument("--parallel", type=int, default=default.parallel, help="photos at a time")
    parser.add_argument("--per-host", type=int, default=default.per_host, help="of one host")
    arguments = parser.parse_args()
    limits = Limits(parallel=arguments.parallel, per_host=arguments.per_host)

    bodies = [photo(seed) for seed in range(arguments.photos)]
    server, port = start_server(bodies, arguments.latency / 1000)
    spread = [f"http://{HOSTS[n % len(HOSTS)]}:{port}/{n}" for n in range(len(bodies))]
    one_host = [f"http://{HOSTS[0]}:{port}/{n}" for n in range(len(bodies))]
    ways: dict[str, Callable[[Path], int]] = {
        "one by one": lambda folder: one_by_one(spread, folder),
        f"ours, {len(HOSTS)} hosts": lambda folder: ours(spread, folder, limits),
        "ours, 1 host": lambda folder: ours(one_host, folder, limits),
    }
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    try:
        for _ in range(arguments.runs):
            for way, fetch in ways.items():
                seconds[way].append(timed(fetch, len(bodies)))
    finally:
        server.terminate()
        server.join()

    size = statistics.mean(map(len, bodies)) / 1024
    print(
        f"{len(bodies)} photos of {size:.0f} KiB, {arguments.latency:g} ms latency, median "
        f"(min-max) of {arguments.runs} runs; ours: {limits.parallel} at a time, "
        f"{limits.per_host} of one host; target {TARGET}x"
    )
    slow = statistics.median(seconds["one by one"])
    for way, times in seconds.items():
        median = statistics.median(times)
        print(
            f"{way:13} {median:6.2f} s ({min(times):.2f}-{max(times):.2f}), "
            f"{len(bodies) / median:4.0f} photos/s, {slow / median:4.1f}x"
        )


def photo(seed: int) -> bytes:
    """Return a JPEG of 200 x 200 pixels with a soft pattern in colour."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    done, data = cv2.imencode(".jpg", cv2.resize(coarse, (200, 200)))
    if not done:
        raise RuntimeError("OpenCV cannot write JPEG")
    return data.tobytes()


def timed(fetch: Callable[[Path], int], expected: int) -> float:
    """Return the seconds that `fetch` takes to fill a new folder with `expected` photos."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        count = fetch(Path(folder))
        seconds = time.perf_counter() - start
    if count != expected:
        raise RuntimeError(f"{count} of {expected} photos came")
    return seconds


def one_by_one(urls: list[str], folder: Path) -> int:
    """Fetch as the tutorial's search_bing_api.py did: a request, a file, cv2.imread, the next.

    urllib opens a connection for each photo as requests.get does, and takes less time for it.
    """
    count = 0
    for url in urls:
        path = folder / f"{count:08}.jpg"
        with urllib.request.urlopen(url, timeout=30) as response:
            path.write_bytes(response.read())
        if cv2.imread(str(path)) is None:
            path.unlink()
            continue
        count += 1
    return count


def ours(urls: list[str], folder: Path, limits: Limits) -> int:
    """Fetch with all that search_bing_api.py does after searching."""

    async def found() -> AsyncIterator[Found]:
        for rank, url in enumerate(urls, 1):
            yield Found(url, rank=rank)

    async def everything() -> Counts:
        search = Search("benchmark", "local", len(urls))
        async with open_fetcher(limits, Visitor(allow_private=True)) as fetcher:
            return await download(found(), opened, search, fetcher)

    with open_folder(folder) as opened:
        return asyncio.run(everything()).downloaded


def start_server(bodies: list[bytes], latency: float) -> tuple[BaseProcess, int]:
    """Return a running server for `bodies` (seconds of latency) and its port on all HOSTS."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(bodies, latency, there), daemon=True)
    server.start()
    if not here.poll(60):
        raise RuntimeError("the server did not start")
    return server, int(here.recv())


def serve(bodies: list[bytes], latency: float, ready: Connection) -> None:
    """Answer GET /0, /1, ... with `bodies` on loopback, `latency` seconds after each request."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await reader.readuntil(b"\r\n\r\n")
                body = bodies[int(request.split(b" ", 2)[1][1:])]
                await asyncio.sleep(latency)
                closes = b"connection: close" in request.lower()
                head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
                writer.write(head + (b"Connection: close\r\n\r\n" if closes else b"\r\n") + body)
                await writer.drain()
                if closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    async def forever() -> None:
        first = await asyncio.start_server(answer, HOSTS[0], 0)
        port = first.sockets[0].getsockname()[1]
        others = [await asyncio.start_server(answer, host, port) for host in HOSTS[1:]]
        ready.send(port)
        await asyncio.gather(*(server.serve_forever() for server in [first, *others]))

    asyncio.run(forever())


if __name__ == "__main__":
    main()
