"""From the results of a search to photos in a folder: how many, from where, and when it ends."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.web.contracts import serve_photos
from support.web.fetching import LOCAL, PATIENT, gather
from support.web.local_web import Handler, LocalWeb, encoded, photo, reply

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.download import download
from pyimagesearch.gather.fetch import Limits, Visitor, open_fetcher
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.keep import Search
from pyimagesearch.gather.provenance import Row
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import Folder, open_folder
from pyimagesearch.images import decoder


def photos(path: Path) -> set[bytes]:
    return {entry.read_bytes() for entry in path.iterdir() if entry.suffix == ".jpg"}


def rows(path: Path) -> list[Row]:
    return provenance.read(path / provenance.NAME).rows


def test_photos_arrive_with_their_rows_and_keep_their_rank(web: LocalWeb, tmp_path: Path) -> None:
    bodies = [photo(seed) for seed in range(20)]
    urls = serve_photos(web, bodies)
    found = [
        Found(url, f"https://page.example/{rank}", "Cat", "Ann", licence="CC BY 4.0", rank=rank)
        for rank, url in enumerate(urls, 1)
    ]
    counts, arrived = gather(tmp_path, found)
    assert counts.downloaded == len(counts.files) == 20
    assert photos(tmp_path) == set(bodies)
    assert {path.read_bytes() for path in arrived} == set(bodies)
    assert {one.url for one in rows(tmp_path)} == set(urls)
    for one in rows(tmp_path):
        body = (tmp_path / one.file).read_bytes()
        rank = urls.index(one.url) + 1
        assert body == bodies[rank - 1]
        assert one.file == f"{rank:04}_{inspect(body).sha256[:32]}.jpg"
        assert (one.rank, one.bytes) == (str(rank), str(len(body)))
        assert (one.creator, one.query, one.source) == ("Ann", "red dress", "openverse")
        assert one.attribution == f'"Cat" by Ann, CC BY 4.0, https://page.example/{rank}'
        assert one.sha256 == inspect(body).sha256
        assert one.fetched_at.endswith("+00:00")
    for path in arrived:
        assert decoder.load(path, 64).shape == (64, 64, 3)


def test_a_second_run_asks_for_nothing(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1), photo(1), encoded_smaller(), photo(2)])
    gather(tmp_path, urls)
    asked = len(web.asked)
    counts, arrived = gather(tmp_path, urls)
    assert (counts.here, len(counts.files), arrived) == (4, 2, [])
    assert len(web.asked) == asked


def encoded_smaller() -> bytes:
    """Return the photo 1 in fewer pixels."""
    return photo(1, 64)


def test_the_number_asked_for_comes_in_spite_of_what_is_refused_or_the_same(
    web: LocalWeb, tmp_path: Path
) -> None:
    bodies: list[bytes] = []
    for seed in range(40):
        bodies += [photo(seed), b"<html>not a photo", photo(seed // 8), photo(seed, 64)]
    urls = serve_photos(web, bodies)
    counts, arrived = gather(tmp_path, urls, count=30)
    assert len(arrived) == len(photos(tmp_path)) == len(counts.files) == 30
    assert counts.found < len(urls)
    assert counts.refused["not an image"] > 20
    assert counts.exact + counts.near > 20


def test_no_more_than_the_number_asked_for_are_fetched(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(20)])
    counts, _ = gather(tmp_path, urls, count=7)
    assert len(web.asked) == counts.found == len(photos(tmp_path)) == 7


def test_a_search_that_ends_early_gives_what_there_is(web: LocalWeb, tmp_path: Path) -> None:
    counts, _ = gather(tmp_path, serve_photos(web, [photo(1), b"", photo(2)]), count=50)
    assert (len(counts.files), counts.broke_off) == (2, False)


def test_photos_that_are_here_count_towards_the_number(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(12)])
    gather(tmp_path, urls, count=5)
    counts, arrived = gather(tmp_path, urls, count=8)
    assert (counts.here, len(arrived), len(counts.files)) == (5, 3, 8)


def test_deleted_photos_stay_away_and_others_come_in_their_place(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(12)])
    gather(tmp_path, urls, count=5)
    for one in rows(tmp_path):
        if one.url in urls[:2]:
            (tmp_path / one.file).unlink()
    web.asked.clear()
    counts, arrived = gather(tmp_path, urls, count=5)
    assert (counts.here, counts.rejected, len(arrived)) == (3, 2, 2)
    assert {web.url(path) for path in web.paths()} == {urls[5], urls[6]}
    assert photos(tmp_path).isdisjoint({photo(0), photo(1)})
    counts, _ = gather(tmp_path, urls, count=5)
    assert (counts.here, counts.rejected, counts.downloaded) == (5, 2, 0)


def test_again_fetches_what_was_deleted(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1), photo(2)])
    gather(tmp_path, urls)
    for path in tmp_path.glob("*.jpg"):
        path.unlink()
    counts, arrived = gather(tmp_path, urls, again=True)
    assert (counts.rejected, len(arrived)) == (0, 2)
    assert photos(tmp_path) == {photo(1), photo(2)}
    with open_folder(tmp_path):
        pass
    assert [one.state for one in rows(tmp_path)] == ["present", "present"]


def test_a_broken_photo_is_fetched_again_into_one_row(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1), photo(2)])
    _, (first, _) = gather(tmp_path, urls)
    first.write_bytes(first.read_bytes()[:500])
    counts, arrived = gather(tmp_path, urls)
    assert (counts.here, arrived) == (1, [first])
    assert photos(tmp_path) == {photo(1), photo(2)}
    with open_folder(tmp_path):
        pass
    assert sorted(one.url for one in rows(tmp_path)) == urls


def test_photos_moved_to_a_folder_next_to_it_are_not_fetched_again_nor_counted(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(4)])
    _, arrived = gather(tmp_path / "red", urls, count=3)
    (tmp_path / "blue").mkdir()
    arrived[0].rename(tmp_path / "blue" / arrived[0].name)
    web.asked.clear()
    counts, new = gather(tmp_path / "red", urls, count=3)
    assert (counts.here, counts.rejected, len(new)) == (3, 0, 1)
    assert web.paths() == ["/photo/3"]


@pytest.mark.usefixtures("short_pauses")
def test_what_is_refused_is_counted_by_reason_and_the_rest_comes(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def never_ending(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            handler.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")

    def announced(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")

    web.routes |= {"/never": never_ending, "/giga": announced}
    web.serve("/html", b"<!DOCTYPE html><p>not found", kind="image/jpeg")
    web.serve("/cut", photo(1)[: len(photo(1)) // 2])
    web.serve("/gone", b"", 404)
    web.serve("/file", b"", 302, Location="file:///etc/passwd")
    web.serve("/dot", encoded(np.zeros((1, 1, 3), np.uint8), ".png"))
    web.serve("/broken", b"", 500)
    web.serve("/no", photo(9), X_Robots_Tag="noai")
    web.serve("/wrong-type", photo(2), kind="text/html")
    web.serve("/hostile/..%2f..%2fetc%2fpasswd%00.php", photo(3))
    paths = [*web.routes, "/nowhere", f"/{'long' * 1000}"]
    limits = replace(PATIENT, max_bytes=2**20)
    found = [*map(web.url, paths), "ftp://127.0.0.1/a", "http://[::1", "http://a:99999/"]
    counts, arrived = gather(tmp_path, found, limits=limits)
    assert dict(counts.refused) == {
        "over 1 MiB": 2,
        "not an image": 1,
        "cut off": 1,
        "HTTP 404": 3,
        "not a web address": 4,
        "smaller than 32 pixels": 1,
        "HTTP 500": 1,
        "its site opts out of machine learning": 1,
    }
    assert counts.downloaded == 2
    assert {path.read_bytes() for path in arrived} == {photo(2), photo(3)}
    assert all(path.parent == tmp_path for path in arrived)
    assert {entry.suffix for entry in tmp_path.iterdir()} == {".jpg", ".csv", ".lock"}
    said = capsys.readouterr().err
    assert f"refused: HTTP 404: {web.url('/gone')}" in said
    assert max(map(len, said.splitlines())) < 200
    assert "2 over 1 MiB" in counts.line()
    assert counts.found == len(found)


def test_a_host_that_never_answers_does_not_keep_others_waiting(
    web: LocalWeb, tmp_path: Path
) -> None:
    over = threading.Event()

    def answer_at_last(handler: Handler) -> None:
        over.wait(60)
        reply(handler, b"", 404)

    dead = [web.url(f"/dead/{number}", "localhost") for number in range(60)]
    web.routes |= {f"/dead/{number}": answer_at_last for number in range(60)}
    alive = serve_photos(web, [photo(seed) for seed in range(30)])
    counts: list[int] = []

    def work() -> None:
        done, _ = gather(tmp_path, [*dead, *alive], limits=Limits(parallel=8, read_timeout=30.0))
        counts.append(done.downloaded)

    run = threading.Thread(target=work)
    run.start()
    # While none of the dead host's requests has timed out yet, all others arrive.
    waiting = time.monotonic() + 20
    while len(photos_so_far(tmp_path)) < 30 and time.monotonic() < waiting:
        time.sleep(0.01)
    arrived = len(photos_so_far(tmp_path))
    over.set()
    run.join(60)
    assert arrived == 30
    assert counts == [30]


def photos_so_far(path: Path) -> list[Path]:
    return list(path.glob("*.jpg")) if path.exists() else []


def test_a_busy_host_does_not_make_the_search_go_further_than_needed(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(60)])
    counts, _ = gather(tmp_path, urls, count=40, limits=replace(PATIENT, per_host=1))
    assert counts.found == 40


def test_private_addresses_are_refused_unless_allowed(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1)])
    counts, _ = gather(tmp_path, urls, visitor=Visitor())
    assert dict(counts.refused) == {"not a public address": 1}
    assert web.asked == []


def test_a_full_disk_ends_the_run_with_one_error(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Folder, *rest: object) -> Path:
        raise CommandError("cannot be written to (No space left on device)")

    monkeypatch.setattr(Folder, "add", full)
    with pytest.raises(CommandError, match="No space"):
        gather(tmp_path, serve_photos(web, [photo(seed) for seed in range(9)]))


def run_with(results: AsyncIterator[Found], path: Path) -> tuple[list[Path], bool]:
    arrived: list[Path] = []

    async def work() -> bool:
        async with open_fetcher(PATIENT, LOCAL) as fetcher:
            search = Search("q", "bing", 99)
            counts = await download(results, folder, search, fetcher, arrived.append)
            return counts.broke_off

    with open_folder(path) as folder:
        return arrived, asyncio.run(work())


def test_a_search_that_breaks_off_still_gives_its_first_half(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = serve_photos(web, [photo(1), photo(2)])

    async def breaking() -> AsyncIterator[Found]:
        for url in urls:
            yield Found(url)
        raise CommandError("HTTP 500")

    arrived, broke_off = run_with(breaking(), tmp_path)
    assert (len(arrived), broke_off) == (2, True)
    assert "HTTP 500; going on with the 2 photos found before" in capsys.readouterr().err


def test_a_search_that_fails_at_its_beginning_is_an_error(tmp_path: Path) -> None:
    nothing: list[str] = []

    async def failing() -> AsyncIterator[Found]:
        for url in nothing:
            yield Found(url)
        raise CommandError("HTTP 500")

    with pytest.raises(CommandError, match="HTTP 500"):
        run_with(failing(), tmp_path)


def test_photos_that_came_before_an_error_are_reported(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Folder.add

    def fill_up(self: Folder, data: bytes, one: Row) -> Path:
        if one.rank == "2":
            raise CommandError("No space left")
        return add(self, data, one)

    monkeypatch.setattr(Folder, "add", fill_up)
    (url, other) = serve_photos(web, [photo(1), photo(2)])
    arrived: list[Path] = []

    async def results() -> AsyncIterator[Found]:
        yield Found(url, rank=1)
        while not photos_so_far(tmp_path):
            await asyncio.sleep(0.01)
        yield Found(other, rank=2)

    async def work() -> None:
        async with open_fetcher(PATIENT, LOCAL) as fetcher:
            await download(results(), folder, Search("q", "b", 9), fetcher, arrived.append)

    with open_folder(tmp_path) as folder, pytest.raises(CommandError, match="No space"):
        asyncio.run(work())
    assert [path.read_bytes() for path in arrived] == [photo(1)]


def test_photos_come_in_parallel(web: LocalWeb, tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def wait_for_the_others(handler: Handler) -> None:
        together.wait(30)
        reply(handler, photo(int(handler.path[1:])))

    web.routes.update({f"/{seed}": wait_for_the_others for seed in range(6)})
    counts, _ = gather(tmp_path, [web.url(f"/{seed}") for seed in range(6)])
    assert counts.downloaded == 6
