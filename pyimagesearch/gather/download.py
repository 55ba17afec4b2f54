"""Downloads what a search finds into a folder, until there are as many photos as wanted."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from tqdm import tqdm

from pyimagesearch.console import CommandError, warn
from pyimagesearch.gather.fetch import Fetcher
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.keep import Counts, Keeper, Search
from pyimagesearch.gather.politeness import Host, RefusedError
from pyimagesearch.gather.provenance import PRESENT, REJECTED
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import Folder
from pyimagesearch.images import decoder

PHOTOS_IN_MEMORY = 2  # for each that is fetched at a time


async def download(
    found: AsyncIterator[Found],
    folder: Folder,
    search: Search,
    fetcher: Fetcher,
    arrived: Callable[[Path], None] = lambda path: None,
) -> Counts:
    """Fetch photos of `found` until `folder` has as many as wanted; return what became of them.

    At the end, even after an error, `arrived` is called with the path of each new photo. Raises
    CommandError if the folder cannot be written to, or if the search fails at its beginning.
    """
    counts = Counts()
    keeper = Keeper(folder, search, counts)
    try:
        await _Run(found, folder, search, fetcher, keeper, counts).work()
    finally:
        keeper.finish()
        for photo in keeper.new:
            if (path := folder.path / photo.file).exists():
                arrived(path)
    return counts


class _Run:
    """The photos that wait for their download, and the downloads under way."""

    def __init__(
        self,
        found: AsyncIterator[Found],
        folder: Folder,
        search: Search,
        fetcher: Fetcher,
        keeper: Keeper,
        counts: Counts,
    ) -> None:
        self._found, self._search, self._fetcher = found, search, fetcher
        self._keeper, self._counts = keeper, counts
        self._rows = {one.url: one for one in folder.table.rows}
        self._ended = False
        self._waiting: list[Found] = []
        self._running: dict[asyncio.Task[None], Host] = {}

    async def work(self) -> None:
        """Search and download side by side until there are enough photos, or no more results."""
        searching: asyncio.Task[None] | None = None
        with tqdm(
            total=self._search.count, unit="photo", file=sys.stderr, disable=None, leave=False
        ) as bar:
            try:
                while True:
                    self._start_waiting()
                    if not (searching or self._ended) and self._expected() < self._search.count:
                        searching = asyncio.create_task(self._search_on())
                    tasks = {*self._running, *filter(None, [searching])}
                    if not tasks:
                        return
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        self._running.pop(task, None)
                        searching = None if task is searching else searching
                        task.result()
                    bar.update(len(self._counts.files) - bar.n)
            finally:
                left = [*self._running, *filter(None, [searching])]
                for task in left:
                    task.cancel()
                await asyncio.gather(*left, return_exceptions=True)

    def _expected(self) -> int:
        """Return how many photos there will be if no further download fails."""
        return len(self._counts.files) + len(self._waiting) + len(self._running)

    async def _search_on(self) -> None:
        """Take the next result of the search."""
        try:
            photo = await anext(self._found, None)
        except CommandError as error:
            if not self._counts.found:
                raise
            self._ended = self._counts.broke_off = True
            warn(f"{error}; going on with the {self._counts.found} photos found before")
            return
        if photo is None:
            self._ended = True
        else:
            self._consider(photo)

    def _consider(self, photo: Found) -> None:
        """Decide whether `photo` has to be fetched."""
        self._counts.found += 1
        row = self._rows.get(photo.url)
        if not self._search.is_allowed(photo):
            self._counts.refused["under another licence"] += 1
        elif row and row.state == PRESENT:
            self._counts.here += 1
            if "/" not in row.file:  # not moved to another folder
                self._counts.files.add(row.file)
        elif row and row.state == REJECTED and not self._search.again:
            self._counts.rejected += 1
        else:
            self._waiting.append(photo)

    def _start_waiting(self) -> None:
        """Start what there is room for, the best first; no host takes more than its share of it."""
        busy = Counter(self._running.values())
        later = []
        for photo in self._waiting:
            host = self._fetcher.host(photo.url)
            has_room = host.given_up or busy[host] < PHOTOS_IN_MEMORY * host.at_a_time
            if has_room and len(self._running) < PHOTOS_IN_MEMORY * self._fetcher.parallel:
                self._running[asyncio.create_task(self._bring(photo))] = host
                busy[host] += 1
            else:
                later.append(photo)
        self._waiting = later

    async def _bring(self, photo: Found) -> None:
        """Fetch `photo` and keep it, or say and count why not."""
        try:
            fetched = await self._fetcher.fetch(photo.url)
            picture = await asyncio.to_thread(inspect, fetched.data)
        except (RefusedError, decoder.ImageError) as error:
            self._keeper.refuse(photo, str(error).removeprefix("is "))
        else:
            await self._keeper.settle(photo, fetched, picture)
