import sys
from pathlib import Path

import pytest
from support.web.local_web import fork_server, photo

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.identify import inspect
from pyimagesearch.gather.provenance import Row
from pyimagesearch.gather.results import Found
from pyimagesearch.gather.store import Folder, name_for, open_folder


def keep(folder: Folder, seed: int, url: str = "") -> Path:
    picture = inspect(photo(seed))
    return folder.commit(folder.stage(photo(seed)), picture, row(seed, url))


def row(seed: int, url: str = "") -> Row:
    picture = inspect(photo(seed))
    found = Found(url or f"http://a/{seed}")
    return provenance.row(found, picture.name, picture.sha256, "q", "bing", "now")


def filled(path: Path, *seeds: int) -> list[Path]:
    with open_folder(path) as folder:
        return [keep(folder, seed) for seed in seeds]


def rows(path: Path) -> list[Row]:
    table, torn = provenance.read(path / provenance.NAME)
    assert not torn
    return table


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("red dress", "red_dress"),
        (" Red   DRESS! ", "red_dress"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Windows\\a*b?c<d>|", "c_windows_a_b_c_d"),
        ("..", "photos"),
        ("", "photos"),
        ("\u202e\x00\n\U0001f457", "photos"),
        ("CON", "con_photos"),
        ("lpt1", "lpt1_photos"),
        ("robe rouge d'été", "robe_rouge_d_été"),
        ("赤い ドレス", "赤い_ドレス"),
        ("a" * 500, "a" * 60),
        ("trailing. ", "trailing"),
        ("_", "photos"),
    ],
)
def test_a_folder_name_is_safe_on_every_system(query: str, name: str) -> None:
    assert name_for(query) == name


def test_a_kept_photo_has_its_bytes_its_name_and_its_row(tmp_path: Path) -> None:
    (path,) = filled(tmp_path / "new" / "folder", 1)
    assert path.read_bytes() == photo(1)
    assert path.name == inspect(photo(1)).name
    assert rows(path.parent) == [row(1)]
    with open_folder(path.parent) as folder:
        assert folder.has("http://a/1")
        assert not folder.has("http://a/2")


def test_what_is_here_is_known_again_by_the_next_run(tmp_path: Path) -> None:
    filled(tmp_path, 1, 2)
    with open_folder(tmp_path) as folder:
        assert folder.known.same(inspect(photo(2)))
        assert not folder.known.same(inspect(photo(3)))


def test_temporary_files_of_a_killed_run_are_cleared_away(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    (tmp_path / ".gather-0123456789abcdef.part").write_bytes(b"half")
    (tmp_path / ".hidden").write_bytes(b"somebody's")
    filled(tmp_path)
    assert not list(tmp_path.glob("*.part"))
    assert (tmp_path / ".hidden").exists()


def test_a_torn_line_is_mended_and_no_other_row_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, 1, 2)
    with (tmp_path / provenance.NAME).open("ab") as file:
        file.write(b'3.jpg,http://a/3,"torn')
    filled(tmp_path, 4)
    assert rows(tmp_path) == [row(1), row(2), row(4)]
    assert "cut off" in capsys.readouterr().err


@pytest.mark.parametrize("left", [None, b"", photo(2)[:-200], b"<html>"])
def test_a_row_without_its_whole_photo_is_fetched_again(
    tmp_path: Path, left: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = filled(tmp_path, 1, 2)
    paths[1].unlink() if left is None else paths[1].write_bytes(left)
    with open_folder(tmp_path) as folder:
        assert folder.has("http://a/1")
        assert not folder.has("http://a/2")
        assert rows(tmp_path) == [row(1)]
        keep(folder, 2)
    assert rows(tmp_path) == [row(1), row(2)]
    assert "1 rows without their photo" in capsys.readouterr().err


def test_a_photo_that_its_owner_cropped_is_kept(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    path.write_bytes(photo(99))
    with open_folder(tmp_path) as folder:
        assert folder.has("http://a/1")
    assert path.read_bytes() == photo(99)


def test_photos_without_a_row_are_named_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(tmp_path, 1)
    (tmp_path / "own.jpg").write_bytes(photo(7))
    with open_folder(tmp_path) as folder:
        same = folder.known.same(inspect(photo(7)))
    assert same is not None
    assert same.name == "own.jpg"
    assert "own.jpg" in capsys.readouterr().err
    assert (tmp_path / "own.jpg").exists()


@pytest.mark.parametrize("name", ["../outside.jpg", "/etc/passwd", "sub/a.jpg", "", "."])
def test_a_row_cannot_point_out_of_the_folder(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    filled(inside)
    (tmp_path / "outside.jpg").write_bytes(photo(1))
    cells = [name, "http://a/1", "", "", "", "", "q", "bing", inspect(photo(1)).sha256, "now"]
    provenance.append(inside / provenance.NAME, Row(*cells))
    with open_folder(inside) as folder:
        assert not folder.has("http://a/1")


def test_the_row_is_on_disk_before_the_photo_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with open_folder(tmp_path) as folder:
        monkeypatch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            keep(folder, 1)
    monkeypatch.undo()
    assert rows(tmp_path) == [row(1)]
    assert not list(tmp_path.glob("*.jpg"))
    assert len(list(tmp_path.glob("*.part"))) == 1
    filled(tmp_path)
    assert rows(tmp_path) == []
    assert not list(tmp_path.glob("*.part"))


def test_a_full_disk_is_one_plain_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, one: Row) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(provenance, "append", full)
    with (
        open_folder(tmp_path) as folder,
        pytest.raises(CommandError, match="No space left on device"),
    ):
        keep(folder, 1)


def test_a_folder_that_cannot_be_made_is_one_plain_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CommandError, match="cannot write there"), open_folder(tmp_path / "file"):
        pass


def open_it(path: Path) -> None:
    try:
        with open_folder(path):
            sys.exit(0)
    except CommandError as error:
        sys.exit(3 if "another run" in str(error) else 4)


def test_two_runs_do_not_fill_one_folder_at_once(tmp_path: Path) -> None:
    start = fork_server().Process
    with open_folder(tmp_path):
        second = start(target=open_it, args=(tmp_path,))
        second.start()
        second.join(20)
        assert second.exitcode == 3
    third = start(target=open_it, args=(tmp_path,))
    third.start()
    third.join(20)
    assert third.exitcode == 0


def test_photos_can_be_read_by_whom_the_umask_allows(tmp_path: Path) -> None:
    (path,) = filled(tmp_path, 1)
    (tmp_path / "usual").write_bytes(b"")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode
