"""A folder of photos: what is written when, and what the next run makes of changes to it."""

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.web.local_web import encoded, fork_server, photo, pixels

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.provenance import MISSING, PRESENT, REJECTED, Row
from pyimagesearch.gather.store import Folder, Photo, open_folder

OLD = "file,url,page,creator,licence,licence_url,query,source,sha256,fetched_at"


def row(seed: int, **other: str) -> Row:
    picture = inspect(photo(seed))
    values: dict[str, Any] = {
        "file": f"{seed:04}_{picture.sha256[:32]}.jpg",
        "url": f"http://a/{seed}",
        "creator": "Ann",
        "licence": "CC BY 4.0",
        "sha256": picture.sha256,
        "bytes": str(len(photo(seed))),
        "fingerprint": picture.fingerprint(),
    }
    return replace(Row(), **{**values, **other})


def filled(path: Path, *seeds: int) -> list[Path]:
    with open_folder(path) as folder:
        return [folder.add(photo(seed), row(seed)) for seed in seeds]


def reopened(path: Path) -> list[Row]:
    """Open the folder, as the next run does, and return the rows as they are on disk then."""
    with open_folder(path):
        pass
    table = provenance.read(path / provenance.NAME)
    assert not table.was_torn
    return table.rows


def states(path: Path) -> dict[str, str]:
    return {one.url: one.state for one in reopened(path)}


def test_an_added_photo_has_its_bytes_its_name_and_its_row(tmp_path: Path) -> None:
    (path,) = filled(tmp_path / "new" / "folder", 1)
    assert path.read_bytes() == photo(1)
    assert path.name == row(1).file
    assert reopened(path.parent) == [row(1)]


def test_what_is_here_is_known_to_the_next_run_without_decoding_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path, 1, 2)
    expected = [row(1).sha256, row(2).sha256]
    monkeypatch.delattr("pyimagesearch.gather.identify.pool")
    with open_folder(tmp_path) as folder:
        assert [one.picture.sha256 for one in folder.photos] == expected
        assert all(one.row and one.is_original for one in folder.photos)
        assert {one.picture.pixels for one in folder.photos} == {96 * 96}


def test_temporary_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / f".{row(2).file}.unfinished-abcd").write_bytes(b"half")
    (tmp_path / ".hidden").write_bytes(b"somebody's")
    assert reopened(tmp_path) == [row(1)]
    assert not list(tmp_path.glob("*unfinished*"))
    assert (tmp_path / ".hidden").exists()


def add_and_be_killed_before_the_row(path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched, open_folder(path) as folder:
        patched.setattr(provenance.Table, "append", lambda table, one: os._exit(9))
        folder.add(photo(2), row(2))


def add_and_be_killed_after_the_row(path: Path) -> None:
    append = provenance.Table.append

    def append_and_be_killed(table: provenance.Table, one: Row) -> None:
        append(table, one)
        os._exit(9)

    with pytest.MonkeyPatch.context() as patched, open_folder(path) as folder:
        patched.setattr(provenance.Table, "append", append_and_be_killed)
        folder.add(photo(2), row(2))


def test_a_photo_has_no_name_before_its_row_is_written(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    assert exit_code(add_and_be_killed_before_the_row, tmp_path) == 9
    assert not (tmp_path / row(2).file).exists()
    assert states(tmp_path) == {"http://a/1": PRESENT}
    assert not list(tmp_path.glob("*unfinished*"))


def test_a_photo_that_was_killed_between_its_row_and_its_name_gets_its_name(
    tmp_path: Path,
) -> None:
    filled(tmp_path, 1)
    assert exit_code(add_and_be_killed_after_the_row, tmp_path) == 9
    assert not (tmp_path / row(2).file).exists()
    assert states(tmp_path) == {"http://a/1": PRESENT, "http://a/2": PRESENT}
    assert (tmp_path / row(2).file).read_bytes() == photo(2)


def test_a_torn_line_is_left_out_and_no_other_row_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, 1, 2)
    with (tmp_path / provenance.NAME).open("ab") as file:
        file.write(b'3.jpg,http://a/3,"torn')
    filled(tmp_path, 4)
    assert reopened(tmp_path) == [row(1), row(2), row(4)]
    assert "cut off" in capsys.readouterr().err


def test_a_deleted_photo_is_rejected_and_its_row_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = filled(tmp_path, 1, 2)
    paths[1].unlink()
    assert reopened(tmp_path) == [row(1), row(2, state=REJECTED)]
    assert "photos deleted: 1; they stay away (--again" in capsys.readouterr().err
    assert reopened(tmp_path) == [row(1), row(2, state=REJECTED)]
    assert capsys.readouterr().err == ""


def test_a_photo_that_comes_back_from_the_bin_is_present_again(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    path.unlink()
    assert states(tmp_path) == {"http://a/1": REJECTED}
    path.write_bytes(photo(1))
    assert states(tmp_path) == {"http://a/1": PRESENT}


@pytest.mark.parametrize("left", [b"", photo(2)[:-200], b"<html>"])
def test_a_broken_photo_is_missing_so_that_it_is_fetched_again(
    tmp_path: Path, left: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = filled(tmp_path, 1, 2)
    paths[1].write_bytes(left)
    assert states(tmp_path) == {"http://a/1": PRESENT, "http://a/2": MISSING}
    assert f"to be fetched again: {paths[1].name}" in capsys.readouterr().err


def test_a_photo_that_its_owner_edited_keeps_its_row(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    path.write_bytes(photo(99))
    with open_folder(tmp_path) as folder:
        (one,) = folder.photos
        assert (one.row, one.is_original) == (row(1), False)
    assert reopened(tmp_path) == [row(1)]
    assert path.read_bytes() == photo(99)


def test_a_renamed_photo_keeps_its_row(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    path.rename(tmp_path / "the best one.JPG")
    assert reopened(tmp_path) == [row(1, file="the best one.JPG")]


def test_photos_that_swapped_their_names_keep_their_rows(tmp_path: Path) -> None:
    first, second = filled(tmp_path, 1, 2)
    first.rename(tmp_path / "x")
    second.rename(first)
    (tmp_path / "x").rename(second)
    assert reopened(tmp_path) == [row(1, file=second.name), row(2, file=first.name)]


def test_a_photo_under_the_name_of_a_deleted_one_is_not_taken_for_it(tmp_path: Path) -> None:
    first, second = filled(tmp_path, 1, 2)
    second.replace(first)
    assert states(tmp_path) == {"http://a/1": REJECTED, "http://a/2": PRESENT}


def test_a_photo_moved_to_a_folder_next_to_it_keeps_its_row_there_and_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    red, blue = tmp_path / "red_dress", tmp_path / "blue_dress"
    (path,) = filled(red, 1)
    blue.mkdir()
    path.rename(blue / "was red.jpg")
    for _ in range(2):
        assert reopened(red) == [row(1, file="../blue_dress/was red.jpg")]
        assert reopened(blue) == [row(1, file="was red.jpg")]
    assert "without a row" not in capsys.readouterr().err
    (blue / "was red.jpg").unlink()
    assert states(red) == states(blue) == {"http://a/1": REJECTED}


def test_a_copy_in_a_folder_next_to_it_has_a_row_of_its_own(tmp_path: Path) -> None:
    (path,) = filled(tmp_path / "red", 1)
    (tmp_path / "blue").mkdir()
    shutil.copy(path, tmp_path / "blue" / "copy.jpg")
    assert reopened(tmp_path / "red") == [row(1)]
    assert reopened(tmp_path / "blue") == [row(1, file="copy.jpg")]


def test_neighbours_without_a_readable_table_do_no_harm(tmp_path: Path) -> None:
    (path,) = filled(tmp_path / "red", 1)
    (tmp_path / "blue").mkdir()
    (tmp_path / "blue" / provenance.NAME).write_text("somebody's own table\n")
    (tmp_path / "file.jpg").write_bytes(b"")
    path.unlink()
    (tmp_path / "red" / "own.jpg").write_bytes(photo(5))
    assert states(tmp_path / "red") == {"http://a/1": REJECTED}


def test_photos_without_a_row_are_reported_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, 1)
    (tmp_path / "own.jpg").write_bytes(photo(7))
    with open_folder(tmp_path) as folder:
        assert {one.file: one.row is None for one in folder.photos}["own.jpg"]
    assert "photos without a row in sources.csv: own.jpg" in capsys.readouterr().err
    assert (tmp_path / "own.jpg").exists()


@pytest.mark.parametrize(
    "name", ["../outside.jpg", "/etc/passwd", "sub/a.jpg", "..\\outside.jpg", "", ".", ".."]
)
def test_a_row_cannot_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.jpg").write_bytes(photo(1))
    (inside / ".x.unfinished-1").write_bytes(photo(1))
    provenance.read(inside / provenance.NAME).append(row(1, file=name))
    assert states(inside) == {"http://a/1": REJECTED}
    assert (tmp_path / "outside.jpg").read_bytes() == photo(1)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name != "inside"] == ["outside.jpg"]


def test_a_spreadsheets_columns_survive_a_run(tmp_path: Path) -> None:
    filled(tmp_path, 1, 2)
    path = tmp_path / provenance.NAME
    lines = path.read_text().splitlines()
    noted = [f"{note};{line.replace(',', ';')}" for note, line in zip("nab", lines, strict=True)]
    path.write_text("\r\n".join(["note" + noted[0][1:], *noted[1:], ""]), newline="")
    (tmp_path / row(1).file).unlink()
    filled(tmp_path, 3)
    rows = reopened(tmp_path)
    assert [one.extra["note"] for one in rows] == ["a", "b", ""]
    assert [one.state for one in rows] == [REJECTED, PRESENT, PRESENT]
    assert path.read_text().startswith("note;file;url;")


def test_a_table_of_the_first_version_gets_what_it_lacks(tmp_path: Path) -> None:
    one = row(1)
    (tmp_path / one.file).write_bytes(photo(1))
    old = f"{one.file},{one.url},,Ann,CC BY 4.0,,red,openverse,{one.sha256},now\n"
    (tmp_path / provenance.NAME).write_text(f"{OLD}\n{old}")
    (again,) = reopened(tmp_path)
    assert (again.fingerprint, again.state) == (one.fingerprint, PRESENT)


def larger(folder: Folder, old: Photo) -> Row:
    data = encoded(pixels(1, 200))
    new = row(1, file="larger.jpg", url="http://b/1", sha256=inspect(data).sha256)
    folder.add(data, new)
    folder.supersede(old, new)
    return new


def test_a_larger_copy_takes_over_the_rows_of_the_smaller_photo(tmp_path: Path) -> None:
    filled(tmp_path, 0, 1, 2)
    with open_folder(tmp_path) as folder:
        folder.table.append(row(1, url="http://copy/1"))
        new = larger(folder, next(one for one in folder.photos if one.row == row(1)))
    rows = reopened(tmp_path)
    # The first row of a file is the one that it was downloaded from.
    assert [one.url for one in rows] == [
        *("http://a/0", "http://b/1", "http://a/1", "http://a/2", "http://copy/1")
    ]
    same = [one for one in rows if one.file == "larger.jpg"]
    assert {(one.sha256, one.state) for one in same} == {(new.sha256, PRESENT)}
    assert len(same) == 3
    assert not (tmp_path / row(1).file).exists()


def take_over_and_be_killed_before(path: Path, what: str) -> None:
    owner = provenance.Table if what == "change" else Path
    with pytest.MonkeyPatch.context() as patched, open_folder(path) as folder:
        (old,) = folder.photos
        patched.setattr(owner, what, lambda *rest, **more: os._exit(9))
        larger(folder, old)


@pytest.mark.parametrize("what", ["change", "unlink"])
def test_a_kill_in_the_middle_of_taking_over_loses_no_row_and_no_photo(
    tmp_path: Path, what: str
) -> None:
    filled(tmp_path, 1)
    assert exit_code(take_over_and_be_killed_before, tmp_path, what) == 9
    rows = reopened(tmp_path)
    assert {one.url for one in rows} == {"http://a/1", "http://b/1"}
    assert {one.file for one in rows if one.state == PRESENT} == {
        path.name for path in tmp_path.glob("*.jpg")
    }


def test_a_rejected_photo_goes_and_its_rows_stay(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    with open_folder(tmp_path) as folder:
        folder.reject(folder.photos[0])
    assert not path.exists()
    assert reopened(tmp_path) == [row(1, state=REJECTED)]


def test_a_full_disk_is_one_plain_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(table: provenance.Table, one: Row) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(provenance.Table, "append", full)
    with (
        open_folder(tmp_path) as folder,
        pytest.raises(CommandError, match="No space left on device"),
    ):
        folder.add(photo(1), row(1))
    assert not list(tmp_path.glob("*.jpg"))


def test_a_folder_that_cannot_be_made_is_one_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file", tmp_path / "file" / "folder"):
        with pytest.raises(CommandError, match="cannot be written to"), open_folder(path):
            pass


def test_a_new_folder_that_stays_empty_is_removed_with_those_made_for_it(tmp_path: Path) -> None:
    with open_folder(tmp_path / "photos" / "red_dress"):
        assert (tmp_path / "photos" / "red_dress").is_dir()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with open_folder(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()


def open_it(path: Path) -> None:
    try:
        with open_folder(path):
            sys.exit(0)
    except CommandError as error:
        sys.exit(3 if "another run" in str(error) else 4)


def exit_code(work: Callable[..., None], *arguments: object) -> int | None:
    process = fork_server().Process(target=work, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


def test_two_runs_do_not_fill_one_folder_at_once(tmp_path: Path) -> None:
    with open_folder(tmp_path):
        assert exit_code(open_it, tmp_path) == 3
    assert exit_code(open_it, tmp_path) == 0


def test_photos_can_be_read_by_those_whom_the_umask_allows(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    (tmp_path / "usual").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_missing_row_whose_photo_never_came_stays_missing(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    provenance.read(tmp_path / provenance.NAME).append(replace(row(2), state=MISSING))
    assert states(tmp_path) == {"http://a/1": PRESENT, "http://a/2": MISSING}
