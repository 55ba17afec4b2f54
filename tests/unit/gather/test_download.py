import dataclasses
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.web.contracts import serve_photos
from support.web.local_web import Handler, LocalWeb, encoded, photo, pixels, reply

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.download import Counts, Search, download
from pyimagesearch.gather.fetch import Limits
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import Folder, open_folder
from pyimagesearch.images import decoder

LIMITS = Limits(max_bytes=2**20, seconds=1.0, read_timeout=0.5)


def gather(path: Path, *urls: str, allow_private: bool = True) -> tuple[Counts, list[Path]]:
    arrived: list[Path] = []
    found = [Found(url, page="https://page.example/", creator="Ann") for url in urls]
    with open_folder(path) as folder:
        counts = download(
            found,
            folder,
            Search("red dress", "openverse"),
            LIMITS,
            "tests/1.0",
            allow_private,
            arrived=arrived.append,
        )
    assert counts.found == len(urls)
    assert counts.downloaded == len(arrived)
    assert counts.in_folder() == counts.downloaded + counts.here + counts.exact + counts.near
    return counts, arrived


def photos(path: Path) -> set[bytes]:
    return {entry.read_bytes() for entry in path.iterdir() if entry.suffix == ".jpg"}


def rows(path: Path) -> list[provenance.Row]:
    table, torn = provenance.read(path / provenance.NAME)
    assert not torn
    return table


def test_photos_arrive_with_their_rows(web: LocalWeb, tmp_path: Path) -> None:
    bodies = [photo(seed) for seed in range(20)]
    urls = serve_photos(web, bodies)
    counts, arrived = gather(tmp_path, *urls)
    assert counts.downloaded == 20
    assert photos(tmp_path) == set(bodies)
    assert {path.read_bytes() for path in arrived} == set(bodies)
    assert {one.url for one in rows(tmp_path)} == set(urls)
    for one in rows(tmp_path):
        assert (tmp_path / one.file).read_bytes() == bodies[urls.index(one.url)]
        assert (one.creator, one.query, one.source) == ("Ann", "red dress", "openverse")
        assert one.sha256 == inspect((tmp_path / one.file).read_bytes()).sha256
        assert one.fetched_at.endswith("+00:00")


def test_what_training_reads_can_be_read(web: LocalWeb, tmp_path: Path) -> None:
    _, arrived = gather(tmp_path, *serve_photos(web, [photo(1), photo(2)]))
    for path in arrived:
        assert decoder.load(path, 64).shape == (64, 64, 3)


def test_a_second_run_asks_for_nothing(web: LocalWeb, tmp_path: Path) -> None:
    bodies = [photo(1), photo(1), encoded(pixels(1), quality=80), photo(2)]
    urls = serve_photos(web, bodies)
    gather(tmp_path, *urls)
    asked = len(web.asked)
    counts, arrived = gather(tmp_path, *urls)
    assert (counts.here, arrived) == (4, [])
    assert len(web.asked) == asked


def test_a_second_run_fetches_only_what_is_missing(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(seed) for seed in range(6)])
    gather(tmp_path, *urls[:3])
    first = rows(tmp_path)
    (tmp_path / first[0].file).unlink()
    web.asked.clear()
    counts, _ = gather(tmp_path, *urls)
    assert (counts.here, counts.downloaded) == (2, 4)
    expected = {first[0].url, *urls[3:]}
    assert {web.url(path) for path in web.paths()} == expected
    assert len(photos(tmp_path)) == len(rows(tmp_path)) == 6


def test_the_same_bytes_at_many_urls_are_one_photo(web: LocalWeb, tmp_path: Path) -> None:
    counts, _ = gather(tmp_path, *serve_photos(web, [photo(1)] * 12))
    assert (counts.downloaded, counts.exact, counts.near) == (1, 11, 0)
    assert len(photos(tmp_path)) == 1
    assert len({one.file for one in rows(tmp_path)}) == 1
    assert len(rows(tmp_path)) == 12


def test_copies_in_other_sizes_are_one_photo(web: LocalWeb, tmp_path: Path) -> None:
    copies = [
        encoded(pixels(3, side), quality=quality) for side in (96, 200) for quality in (70, 95)
    ]
    counts, _ = gather(tmp_path, *serve_photos(web, copies))
    assert (counts.downloaded, counts.exact, counts.near) == (1, 0, 3)
    assert len(photos(tmp_path)) == 1


def test_the_same_garment_in_two_colours_is_two_photos(web: LocalWeb, tmp_path: Path) -> None:
    red = np.full((120, 90, 3), 255, np.uint8)
    cv2.ellipse(red, (45, 60), (20, 45), 0, 0, 360, (30, 30, 220), -1)
    both = [encoded(red), encoded(np.ascontiguousarray(red[..., ::-1]))]
    counts, _ = gather(tmp_path, *serve_photos(web, both))
    assert counts.downloaded == 2


def test_photos_of_earlier_runs_count_as_duplicates(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1), photo(1), photo(2)])
    gather(tmp_path, urls[0])
    counts, _ = gather(tmp_path, *urls[1:])
    assert (counts.downloaded, counts.exact) == (1, 1)


def test_a_photo_without_row_gets_one_when_its_source_is_found(
    web: LocalWeb, tmp_path: Path
) -> None:
    (tmp_path / "own.jpg").write_bytes(photo(1))
    (url,) = serve_photos(web, [photo(1)])
    gather(tmp_path, url)
    assert [(one.file, one.url) for one in rows(tmp_path)] == [("own.jpg", url)]
    assert photos(tmp_path) == {photo(1)}


@pytest.mark.usefixtures("short_pauses")
def test_what_is_refused_is_counted_by_reason_and_the_rest_comes(
    web: LocalWeb, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def never_ending(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            handler.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")

    def slow(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            handler.wfile.write(b"x")
            time.sleep(0.05)

    def announced(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")

    web.routes |= {"/never": never_ending, "/slow": slow, "/giga": announced}
    web.serve("/html", b"<!DOCTYPE html><p>not found", kind="image/jpeg")
    web.serve("/cut", photo(1)[: len(photo(1)) // 2])
    web.serve("/gone", b"", 404)
    web.serve("/file", b"", 302, Location="file:///etc/passwd")
    web.serve("/dot", encoded(np.zeros((1, 1, 3), np.uint8), ".png"))
    web.serve("/broken", b"", 500)
    web.serve("/wrong-type", photo(2), kind="text/html")
    web.serve("/hostile/..%2f..%2fetc%2fpasswd%00.php", photo(3))
    paths = [*web.routes, "/nowhere"]
    counts, arrived = gather(tmp_path, *map(web.url, paths), "ftp://127.0.0.1/a")
    assert dict(counts.refused) == {
        "over 1 MiB": 2,
        "too slow": 1,
        "not an image": 1,
        "cut off": 1,
        "HTTP 404": 2,
        "not a web address": 2,
        "smaller than 32 pixels": 1,
        "HTTP 500": 1,
    }
    assert counts.downloaded == 2
    assert {path.read_bytes() for path in arrived} == {photo(2), photo(3)}
    assert all(path.parent == tmp_path for path in arrived)
    assert {entry.suffix for entry in tmp_path.iterdir()} == {".jpg", ".csv", ".lock"}
    said = capsys.readouterr().err
    assert f"refused: HTTP 404: {web.url('/gone')}" in said
    assert "2 over 1 MiB" in counts.line()


def test_the_counts_are_said_in_one_line() -> None:
    counts = Counts(found=20, downloaded=8, here=3, exact=2, near=1)
    counts.refused.update({"HTTP 404": 4, "too slow": 2})
    assert counts.line() == (
        "found 20: downloaded 8, already here 3, duplicates 3 (2 exact, 1 near), "
        "refused 6 (4 HTTP 404, 2 too slow)"
    )


def test_private_addresses_are_refused_unless_allowed(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1)])
    counts, _ = gather(tmp_path, *urls, allow_private=False)
    assert dict(counts.refused) == {"not a public address": 1}
    assert web.asked == []


def test_a_full_disk_ends_the_run_with_one_error(
    web: LocalWeb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Folder, *rest: object) -> Path:
        raise CommandError("cannot write there: No space left on device")

    monkeypatch.setattr(Folder, "commit", full)
    with pytest.raises(CommandError, match="No space"):
        gather(tmp_path, *serve_photos(web, [photo(seed) for seed in range(9)]))


def test_photos_come_in_parallel(web: LocalWeb, tmp_path: Path) -> None:
    together = threading.Barrier(6)

    def wait_for_the_others(handler: Handler) -> None:
        together.wait(5)
        reply(handler, photo(int(handler.path[1:])))

    web.routes.update({f"/{seed}": wait_for_the_others for seed in range(6)})
    limits = dataclasses.replace(LIMITS, seconds=5.0, read_timeout=5.0)
    found = [Found(web.url(f"/{seed}")) for seed in range(6)]
    with open_folder(tmp_path) as folder:
        counts = download(found, folder, Search("a", "b"), limits, "tests/1.0", True)
    assert counts.downloaded == 6
