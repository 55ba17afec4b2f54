"""What becomes of a photo that was fetched: kept, a copy of one that is here, or not a photo."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pyimagesearch.console import status
from pyimagesearch.gather.complaints import short
from pyimagesearch.gather.fetch import Fetched
from pyimagesearch.gather.identify import Picture, from_fingerprint, lookalike
from pyimagesearch.gather.provenance import PRESENT, REJECTED, SHIELD, Row
from pyimagesearch.gather.results import Found, compose_attribution
from pyimagesearch.gather.store import Folder, Photo

# From how many addresses on one picture is a notice that a photo is gone: addresses that are
# redirected to it, and addresses of one site that have the same bytes.
_REDIRECTED = 2
_SAME_BYTES = 3

# Characters of a title or a licence, for which whole web pages have been seen, of a credit line
# with both, and of an address.
_LONGEST = 500
_LONGEST_CREDIT = 2000
_LONGEST_ADDRESS = 8000


@dataclass(frozen=True)
class Search:
    """What is wanted: `count` photos of `query`. The texts go into every row of sources.csv."""

    query: str
    source: str
    count: int
    is_allowed: Callable[[Found], bool] = lambda found: True
    again: bool = False  # also what was rejected before


@dataclass
class Counts:
    """What became of the photos found; the numbers add up to `found`."""

    found: int = 0
    downloaded: int = 0
    here: int = 0
    rejected: int = 0
    exact: int = 0
    near: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    larger: int = 0  # of the near-duplicates, those that took the place of a smaller photo
    files: set[str] = field(default_factory=set)  # the photos of this search in the folder
    broke_off: bool = False  # whether the search ended in an error

    def line(self) -> str:
        """Return the counts as one line of text."""
        reasons = ", ".join(f"{number} {reason}" for reason, number in self.refused.most_common())
        near = f"{self.near} near" + (f", {self.larger} of them larger" if self.larger else "")
        return (
            f"found {self.found}: downloaded {self.downloaded}, already here {self.here}, "
            f"rejected earlier {self.rejected}, duplicates {self.exact + self.near} "
            f"({self.exact} exact, {near}), refused {self.refused.total()}"
            + (f" ({reasons})" if reasons else "")
        )


class Keeper:
    """Puts photos into a folder, each once, and counts what becomes of them."""

    def __init__(self, folder: Folder, search: Search, counts: Counts) -> None:
        """Keep photos in `folder`."""
        self.new: list[Photo] = []  # that have come and stayed
        self._folder, self._search, self._counts = folder, search, counts
        self._written: dict[Photo, asyncio.Event] = {}
        self._superseding = asyncio.Lock()  # a photo that takes a place may lose it again
        self._larger: set[Photo] = set()
        self._copies: list[tuple[Row, Photo]] = []
        self._unwanted: list[Row] = []
        self._sources: defaultdict[object, set[str]] = defaultdict(set)
        rejected = [one for one in folder.table.rows if one.state == REJECTED and not search.again]
        self._rejected = {one.sha256 for one in rejected}
        looks = (from_fingerprint(one.sha256, one.fingerprint) for one in rejected)
        self._rejected_looks = [look for look in looks if look]

    def refuse(self, found: Found, reason: str) -> None:
        """Say and count why a photo is not taken."""
        status(f"refused: {reason}: {short(found.url)}")
        self._counts.refused[reason] += 1

    async def settle(self, found: Found, fetched: Fetched, picture: Picture) -> None:
        """Keep the photo `found`, or note why not; raises CommandError if it cannot be written."""
        here = self._folder.photos
        row = self._row(found, fetched, picture)
        same = next((one for one in here if one.picture.sha256 == picture.sha256), None)
        like = same or self._lookalike(picture)
        if self._is_notice(found, fetched, picture):
            await self._drop_notice(found, row, same)
        elif same:
            self._counts.exact += 1
            await self._add_copy(row, same)
        elif picture.sha256 in self._rejected or (
            like is None and lookalike(picture, self._rejected_looks)
        ):
            self._counts.rejected += 1
            self._unwanted.append(row)
        elif like is None:
            self._counts.downloaded += 1
            photo = self._arrive(row, picture)
            await self._write(photo, row, fetched.data)
        else:
            self._counts.near += 1
            await self._add_lookalike(row, picture, like, fetched.data)

    def finish(self) -> None:
        """Write the rows of what was not kept, so that the next run need not fetch it again."""
        rows = [
            replace(one, file=photo.file, sha256=photo.picture.sha256, bytes="")
            for one, photo in self._copies
        ]
        rows += [replace(one, file="", state=REJECTED) for one in self._unwanted]
        if rows:
            self._folder.table.change(lambda before: [*before, *rows])

    def _lookalike(self, picture: Picture) -> Photo | None:
        photos = self._folder.photos
        like = lookalike(picture, [photo.picture for photo in photos])
        return next((photo for photo in photos if photo.picture is like), None)

    def _arrive(self, row: Row, picture: Picture) -> Photo:
        """Take in a photo that is going to be written; others are compared with it from now on."""
        photo = Photo(row.file, picture, row)
        self._written[photo] = asyncio.Event()
        self._folder.photos.append(photo)
        self._counts.files.add(photo.file)
        self.new.append(photo)
        return photo

    async def _write(self, photo: Photo, row: Row, data: bytes) -> None:
        await asyncio.to_thread(self._folder.add, data, row)
        self._written[photo].set()

    async def _add_copy(self, row: Row, photo: Photo) -> None:
        """Note `row` as a further address of `photo`, or as its source if it has none."""
        self._counts.files.add(photo.file)
        if photo.row is None:
            photo.row = replace(row, file=photo.file)
            await asyncio.to_thread(self._folder.table.append, photo.row)
        else:
            self._copies.append((row, photo))

    async def _add_lookalike(self, row: Row, picture: Picture, old: Photo, data: bytes) -> None:
        """Keep the picture in the place of `old` if it is larger, else note its address."""
        if old.row is None:
            # The user's own photo must not get a stranger's row.
            self._unwanted.append(row)
        elif not old.is_original or picture.pixels <= old.picture.pixels:
            await self._add_copy(row, old)
        else:
            self._counts.larger += 1
            self._forget(old)
            photo = self._arrive(row, picture)
            self._larger.add(photo)
            self._copies = [(row, photo if one is old else one) for row, one in self._copies]
            async with self._superseding:
                await self._write(photo, row, data)
                await self._until_written(old)
                await asyncio.to_thread(self._folder.supersede, old, row)

    def _is_notice(self, found: Found, fetched: Fetched, picture: Picture) -> bool:
        """Return whether many addresses lead to this picture, so that it only says "not available".

        A redirect that keeps the path, such as http to https, tells nothing.
        """
        start, end = urlsplit(found.url), urlsplit(fetched.url)
        address = found.url.removeprefix(f"{start.scheme}:")
        redirected = self._sources[fetched.url]
        if start.path != end.path:
            redirected.add(address)
        copies = self._sources[_site(start.hostname or ""), picture.sha256]
        copies.add(address)
        return len(redirected) >= _REDIRECTED or len(copies) >= _SAME_BYTES

    async def _drop_notice(self, found: Found, row: Row, same: Photo | None) -> None:
        """Refuse a notice, and take back what was kept of it in this run."""
        reason = "no longer available"
        self.refuse(found, reason)
        self._unwanted.append(row)
        if same in self.new:
            copies = [one for one, photo in self._copies if photo is same]
            self._unwanted += copies
            self._copies = [(one, photo) for one, photo in self._copies if photo is not same]
            was_larger = same in self._larger
            self._counts.downloaded -= not was_larger
            self._counts.near -= was_larger
            self._counts.larger -= was_larger
            self._counts.exact -= len(copies)
            self._counts.refused[reason] += 1 + len(copies)
            self._forget(same)
            await self._until_written(same)
            await asyncio.to_thread(self._folder.reject, same)

    def _forget(self, photo: Photo) -> None:
        self._folder.photos.remove(photo)
        self._counts.files.discard(photo.file)
        if photo in self.new:
            self.new.remove(photo)

    async def _until_written(self, photo: Photo) -> None:
        if photo in self._written:
            await self._written[photo].wait()

    def _row(self, found: Found, fetched: Fetched, picture: Picture) -> Row:
        """Return the row of a photo, with a name that no other photo has."""
        return Row(
            file=f"{found.rank:04}_{picture.sha256[:32]}{picture.ending}",
            url=found.url,
            page=_web_address(found.page),
            title=_cell(found.title),
            creator=_cell(found.creator),
            creator_url=_web_address(found.creator_url),
            licence=_cell(found.licence),
            licence_url=_web_address(found.licence_url),
            attribution=_cell(found.attribution or compose_attribution(found), _LONGEST_CREDIT),
            query=_cell(self._search.query),
            source=self._search.source,
            rank=str(found.rank),
            sha256=picture.sha256,
            bytes=str(len(fetched.data)),
            fingerprint=picture.fingerprint(),
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
            state=PRESENT,
        )


def _site(host: str) -> str:
    """Return the last two parts of a host's name: the servers of one site share its notices."""
    return host if host.replace(".", "").isdigit() else ".".join(host.split(".")[-2:])


def _cell(value: str, longest: int = _LONGEST) -> str:
    """Return a stranger's text as one that a spreadsheet shows and does not calculate.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    value = " ".join(value.split())[:longest]
    return f"{SHIELD}{value}" if value.startswith(("=", "+", "-", "@")) else value


def _web_address(value: str) -> str:
    """Return `value` if it is a web address, "" for javascript: and the like."""
    is_short = len(value) <= _LONGEST_ADDRESS
    return value if is_short and value.startswith(("https://", "http://")) else ""
