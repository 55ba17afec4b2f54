"""Downloads what a search found into a folder: in parallel, resumable, each photo once."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pyimagesearch.console import progress, status
from pyimagesearch.gather import provenance
from pyimagesearch.gather.fetch import Fetcher, Limits, RefusedError, open_fetcher
from pyimagesearch.gather.identify import Picture, inspect
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import Folder
from pyimagesearch.images import decoder

PHOTOS_IN_MEMORY = 2  # for each that is fetched at a time


@dataclass(frozen=True)
class Search:
    """What was searched for and where: it goes into every row of sources.csv."""

    query: str
    source: str


@dataclass
class Counts:
    """What became of the photos found; the numbers add up to `found`."""

    found: int = 0
    downloaded: int = 0
    here: int = 0
    exact: int = 0
    near: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def in_folder(self) -> int:
        """Return how many of the photos found are in the folder now, new or not."""
        return self.found - self.refused.total()

    def line(self) -> str:
        """Return the counts as one line of text."""
        why = ", ".join(f"{number} {reason}" for reason, number in self.refused.most_common())
        return (
            f"found {self.found}: downloaded {self.downloaded}, already here {self.here}, "
            f"duplicates {self.exact + self.near} ({self.exact} exact, {self.near} near), "
            f"refused {self.refused.total()}" + (f" ({why})" if why else "")
        )


def download(
    found: Sequence[Found],
    folder: Folder,
    search: Search,
    limits: Limits,
    user_agent: str,
    allow_private: bool = False,
    arrived: Callable[[Path], None] = lambda path: None,
) -> Counts:
    """Fetch those of `found` that `folder` lacks and return what became of all of them.

    Calls `arrived` with the path of each new photo. Raises CommandError where the folder cannot
    be written to.
    """
    missing = [photo for photo in found if not folder.has(photo.url)]
    counts = Counts(found=len(found), here=len(found) - len(missing))

    async def fetch_all() -> None:
        async with open_fetcher(limits, user_agent, allow_private) as fetcher:
            places = asyncio.Semaphore(PHOTOS_IN_MEMORY * limits.parallel)
            crew = _Crew(fetcher, folder, search, counts, arrived, places)
            tasks = [asyncio.create_task(crew.bring(photo)) for photo in missing]
            try:
                for done in progress(asyncio.as_completed(tasks), len(tasks), "photos", "photo"):
                    await done
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    if missing:
        asyncio.run(fetch_all())
    return counts


@dataclass
class _Crew:
    """What all downloads of a run share."""

    fetcher: Fetcher
    folder: Folder
    search: Search
    counts: Counts
    arrived: Callable[[Path], None]
    places: asyncio.Semaphore  # for photos in memory, fetched or on the way
    # Two copies of one photo must not both find that it is new.
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def bring(self, photo: Found) -> None:
        """Fetch `photo`, look at it and keep it, or say and count why not."""
        async with self.places:
            await self._bring(photo)

    async def _bring(self, photo: Found) -> None:
        try:
            data = await self.fetcher.fetch(photo.url)
            picture = await asyncio.to_thread(inspect, data)
            # Waiting for the disk is most of the work; it is done side by side.
            temporary = await asyncio.to_thread(self.folder.stage, data)
        except (RefusedError, decoder.ImageError) as error:
            reason = str(error).removeprefix("is ")
            status(f"refused: {reason}: {photo.url}")
            self.counts.refused[reason] += 1
            return
        async with self.one_at_a_time:
            path = await asyncio.to_thread(self._settle, photo, picture, temporary)
        if path:
            self.arrived(path)

    def _settle(self, photo: Found, picture: Picture, temporary: Path) -> Path | None:
        """Keep the photo and return its path, or None where the folder has it already."""
        same = self.folder.known.same(picture)
        like = same or self.folder.known.like(picture)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        held = like or picture
        row = provenance.row(
            photo, held.name, held.sha256, self.search.query, self.search.source, now
        )
        if like is None:
            path = self.folder.commit(temporary, picture, row)
            self.counts.downloaded += 1
            return path
        self.folder.discard(temporary)
        # With its row, the next run need not fetch it again to find out.
        self.folder.append_row(row)
        if same:
            self.counts.exact += 1
        else:
            self.counts.near += 1
        return None
