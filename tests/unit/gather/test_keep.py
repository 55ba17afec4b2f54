"""What becomes of a photo that has come: copies, larger ones, rejected ones, and notices."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from support.web.contracts import serve_photos
from support.web.fetching import gather
from support.web.local_web import (
    Answer,
    Handler,
    LocalWeb,
    encoded,
    photo,
    pixels,
    with_status,
)

from pyimagesearch.gather import provenance
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.keep import Counts
from pyimagesearch.gather.provenance import PRESENT, REJECTED, Row
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import open_folder

NOTICE = "no longer available"


def photos(path: Path) -> set[bytes]:
    return {entry.read_bytes() for entry in path.iterdir() if entry.suffix == ".jpg"}


def rows(path: Path) -> list[Row]:
    return provenance.read(path / provenance.NAME).rows


def test_the_same_bytes_on_several_sites_are_one_photo(web: LocalWeb, tmp_path: Path) -> None:
    serve_photos(web, [photo(1), photo(1)])
    hosts = ("127.0.0.1", "localhost")
    urls = [web.url(f"/photo/{number}", host) for number in range(2) for host in hosts]
    counts, arrived = gather(tmp_path, urls)
    assert (counts.downloaded, counts.exact, counts.near) == (1, 3, 0)
    assert len(arrived) == len({one.file for one in rows(tmp_path)}) == 1
    assert sorted(one.url for one in rows(tmp_path)) == sorted(urls)
    assert {one.state for one in rows(tmp_path)} == {PRESENT}


@pytest.mark.parametrize("order", [1, -1])
def test_of_copies_in_other_sizes_the_largest_is_kept_and_its_row_agrees(
    web: LocalWeb, tmp_path: Path, order: int
) -> None:
    copies = [
        encoded(pixels(3, side), quality=quality) for side in (96, 128, 200) for quality in (70, 95)
    ][::order]
    urls = serve_photos(web, copies)
    counts, arrived = gather(tmp_path, urls)
    assert (counts.downloaded, counts.exact, counts.near) == (1, 0, 5)
    (kept,) = photos(tmp_path)
    assert inspect(kept).pixels == 200 * 200
    assert [path.read_bytes() for path in arrived] == [kept]
    first = rows(tmp_path)[0]
    assert first.file == arrived[0].name
    assert copies[urls.index(first.url)] == kept
    assert {(one.file, one.sha256) for one in rows(tmp_path)} == {(first.file, first.sha256)}
    assert sorted(one.url for one in rows(tmp_path)) == urls
    assert len(counts.files) == 1


def test_a_larger_copy_takes_the_place_of_a_photo_of_an_earlier_run(
    web: LocalWeb, tmp_path: Path
) -> None:
    small, large = serve_photos(web, [photo(3, 96), photo(3, 200)])
    gather(tmp_path, [small])
    counts, arrived = gather(tmp_path, [small, large], count=1)
    assert (counts.here, arrived) == (1, [])
    counts, arrived = gather(tmp_path, [small, large], count=2)
    assert (counts.near, counts.larger, len(arrived)) == (1, 1, 1)
    assert photos(tmp_path) == {photo(3, 200)}
    assert [one.url for one in rows(tmp_path)] == [large, small]
    counts, _ = gather(tmp_path, [small, large], count=2)
    assert (counts.here, counts.downloaded, counts.near) == (2, 0, 0)


def test_a_photo_that_its_owner_edited_is_not_replaced_by_a_larger_one(
    web: LocalWeb, tmp_path: Path
) -> None:
    small, large = serve_photos(web, [photo(3, 96), photo(3, 200)])
    _, (path,) = gather(tmp_path, [small])
    edited = encoded(pixels(3, 96), quality=50)
    path.write_bytes(edited)
    gather(tmp_path, [small, large])
    assert photos(tmp_path) == {edited}


def test_the_same_garment_in_two_colours_is_two_photos(web: LocalWeb, tmp_path: Path) -> None:
    red = np.full((120, 90, 3), 255, np.uint8)
    cv2.ellipse(red, (45, 60), (20, 45), 0, 0, 360, (30, 30, 220), -1)
    both = [encoded(red), encoded(np.ascontiguousarray(red[..., ::-1]))]
    counts, _ = gather(tmp_path, serve_photos(web, both))
    assert counts.downloaded == 2


def test_photos_of_earlier_runs_count_as_duplicates(web: LocalWeb, tmp_path: Path) -> None:
    urls = serve_photos(web, [photo(1), photo(1), photo(2)])
    gather(tmp_path, urls[:1])
    counts, _ = gather(tmp_path, urls[1:])
    assert (counts.downloaded, counts.exact) == (1, 1)


def test_the_users_own_photo_gets_the_row_of_exactly_the_same_bytes(
    web: LocalWeb, tmp_path: Path
) -> None:
    (tmp_path / "own.jpg").write_bytes(photo(1))
    (url,) = serve_photos(web, [photo(1)])
    gather(tmp_path, [url])
    assert [(one.file, one.url) for one in rows(tmp_path)] == [("own.jpg", url)]
    assert photos(tmp_path) == {photo(1)}


@pytest.mark.parametrize("side", [64, 200])
def test_the_users_own_photo_never_gets_the_row_of_one_that_only_looks_like_it(
    web: LocalWeb, tmp_path: Path, side: int
) -> None:
    (tmp_path / "own.jpg").write_bytes(photo(1))
    (url,) = serve_photos(web, [photo(1, side)])
    counts, arrived = gather(tmp_path, [url])
    assert (counts.near, arrived) == (1, [])
    assert photos(tmp_path) == {photo(1)}
    assert [(one.file, one.state) for one in rows(tmp_path)] == [("", REJECTED)]
    asked = len(web.asked)
    gather(tmp_path, [url])
    assert len(web.asked) == asked


def test_a_rejected_photo_stays_away_at_other_addresses_and_in_other_sizes(
    web: LocalWeb, tmp_path: Path
) -> None:
    first, same, larger, other = serve_photos(web, [photo(1), photo(1), photo(1, 200), photo(2)])
    _, (path,) = gather(tmp_path, [first])
    path.unlink()
    counts, _ = gather(tmp_path, [first, same, larger, other])
    assert (counts.rejected, counts.downloaded) == (3, 1)
    assert photos(tmp_path) == {photo(2)}
    asked = len(web.asked)
    counts, _ = gather(tmp_path, [first, same, larger, other])
    assert (counts.rejected, counts.here, len(web.asked)) == (3, 1, asked)


def test_many_addresses_that_redirect_to_one_picture_are_no_longer_available(
    web: LocalWeb, tmp_path: Path
) -> None:
    # As Flickr does with photos that were deleted.
    web.serve("/unavailable.jpg", photo(77))
    gone = [web.serve(f"/gone/{n}.jpg", b"", 302, Location="/unavailable.jpg") for n in range(9)]
    real = serve_photos(web, [photo(1), photo(2), photo(3)])
    found = [gone[0], real[0], *gone[1:5], real[1], *gone[5:], real[2]]
    counts, arrived = gather(tmp_path, found, count=3)
    assert dict(counts.refused) == {NOTICE: 9}
    assert photos(tmp_path) == {path.read_bytes() for path in arrived}
    assert photos(tmp_path) == {photo(1), photo(2), photo(3)}
    assert (counts.downloaded, len(counts.files)) == (3, 3)
    asked = len(web.asked)
    counts, _ = gather(tmp_path, found)
    assert (counts.rejected, len(web.asked)) == (9, asked)


def test_one_picture_at_many_addresses_of_a_site_is_no_longer_available(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = serve_photos(web, [photo(77)] * 4 + [photo(1)] + [photo(77)] * 4)
    counts, arrived = gather(tmp_path, urls)
    assert dict(counts.refused) == {NOTICE: 8}
    assert (counts.downloaded, counts.exact) == (1, 0)
    assert [path.read_bytes() for path in arrived] == [photo(1)]
    assert photos(tmp_path) == {photo(1)}
    assert {one.state for one in rows(tmp_path) if one.url != urls[4]} == {REJECTED}
    assert len(rows(tmp_path)) == 9


def test_a_redirect_that_keeps_the_path_is_no_sign_of_a_notice(
    web: LocalWeb, tmp_path: Path
) -> None:
    # As from http to https, or to the server that has the photo.
    for number in range(2):
        path = f"/{number}/a.jpg"
        web.serve(path, photo(number))
        moved = web.routes[path]

        def answer(handler: Handler, moved: Answer = moved, path: str = path) -> None:
            at_home = handler.headers["Host"].startswith("127")
            (moved if at_home else with_status(302, Location=web.url(path)))(handler)

        web.routes[path] = answer
    urls = [
        web.url(f"/{number}/a.jpg{end}", "localhost") for number in range(2) for end in ("", "?")
    ]
    counts, _ = gather(tmp_path, urls)
    assert (counts.downloaded, counts.exact) == (2, 2)


def test_a_notice_does_not_take_away_a_photo_of_an_earlier_run(
    web: LocalWeb, tmp_path: Path
) -> None:
    urls = serve_photos(web, [photo(1)] * 5)
    gather(tmp_path, urls[:1])
    gather(tmp_path, urls)
    assert photos(tmp_path) == {photo(1)}


def test_hostile_text_stays_one_harmless_cell(web: LocalWeb, tmp_path: Path) -> None:
    (url,) = serve_photos(web, [photo(1)])
    found = Found(
        url,
        page="javascript:alert(1)",
        title="x" * 100_000,
        creator='=HYPERLINK("http://evil")',
        creator_url="https://a/" + "x" * 200_000,
        licence="-1+1\r\n\tx",
        licence_url="file:///a",
        attribution="@a",
    )
    gather(tmp_path, [found])
    (one,) = rows(tmp_path)
    assert one.creator == '\'=HYPERLINK("http://evil")'
    assert (one.licence, one.attribution) == ("'-1+1 x", "'@a")
    assert (one.page, one.licence_url, one.creator_url) == ("", "", "")
    assert len(one.title) == 500


def test_a_photo_without_a_row_of_a_torn_run_is_compared(web: LocalWeb, tmp_path: Path) -> None:
    (tmp_path / "own.jpg").write_bytes(photo(1))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with open_folder(tmp_path) as folder:
        assert [one.file for one in folder.photos] == ["own.jpg"]


def test_the_counts_are_one_line() -> None:
    counts = Counts(found=22, downloaded=8, here=3, rejected=2, exact=2, near=1)
    counts.refused.update({"HTTP 404": 4, "too slow": 2})
    assert counts.line() == (
        "found 22: downloaded 8, already here 3, rejected earlier 2, duplicates 3 (2 exact, "
        "1 near), refused 6 (4 HTTP 404, 2 too slow)"
    )
    counts.larger = 1
    assert "(2 exact, 1 near, 1 of them larger)" in counts.line()
