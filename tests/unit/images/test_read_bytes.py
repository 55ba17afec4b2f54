"""Reading files, and refusing folders, pipes, URLs and impossible names."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.pictures.files import encode, quarters

from pyimagesearch.images import decoder
from pyimagesearch.images.decoder import ImageError


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Path.mkdir, "is a folder"),
        (os.mkfifo, "is not a file"),
        (lambda path: None, "cannot be read: no such file or directory"),
        (lambda path: path.symlink_to(path), "cannot be read: too many levels of symbolic links"),
    ],
)
def test_what_is_not_a_file_is_refused_at_once(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / "odd.jpg")
    with pytest.raises(ImageError, match=f"^{reason}$"):
        decoder.load(tmp_path / "odd.jpg", 96)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_read_permission_is_reported_as_such(tmp_path: Path) -> None:
    path = tmp_path / "secret.jpg"
    path.touch(0o000)
    with pytest.raises(ImageError, match=r"^cannot be read: permission denied$"):
        decoder.load(path, 96)


@pytest.mark.parametrize("name", ["a\0b.jpg", "\ud800.jpg", "x" * 300])
def test_impossible_names_are_refused(name: str) -> None:
    with pytest.raises(ImageError, match=r"^cannot be read: "):
        decoder.load(Path(name), 96)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/red.jpg",
        "http://example.org/",
        "s3://bucket/a.png",
        "FILE:///tmp/a.jpg",
    ],
)
def test_a_url_is_refused_as_such(url: str) -> None:
    with pytest.raises(ImageError, match=r"^is a URL; download the photo and give the path of"):
        decoder.load(Path(url), 96)


@pytest.mark.parametrize("path", ["C:/photos/red.jpg", "C:\\photos\\red.jpg", "12:30/red.jpg"])
def test_a_drive_letter_does_not_make_a_path_a_url(path: str) -> None:
    with pytest.raises(ImageError, match=r"^cannot be read: no such file"):
        decoder.load(Path(path), 96)


def test_a_file_in_a_folder_named_like_a_url_scheme_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "https:").mkdir()
    quarters().save(tmp_path / "https:" / "red.png")
    monkeypatch.chdir(tmp_path)
    assert decoder.load(Path("https:/red.png"), 96).shape == (96, 96, 3)


def test_a_file_longer_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)  # sparse: no disk is used
    with pytest.raises(ImageError, match=r"^is 10737418240 bytes long; the limit is 536870912"):
        decoder.load(path, 96)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("photo.JPG", b"never opened", True),
        ("photo", encode(quarters(), "GIF"), True),
        ("IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", True),
        ("photo.avif", None, True),
        ("README.md", b"# Photos", False),
        ("sources.csv", b"file,url\n", False),
        (".DS_Store", b"\0\0\0\1Bud1", False),
        ("._photo.jpg", b"\0\5\x16\7", False),
        ("clip.mp4", b"\0\0\0\x20ftypisom\0\0\2\0", False),
        ("gone", None, False),
    ],
)
def test_images_are_told_from_other_files_by_ending_or_content(
    tmp_path: Path, name: str, content: bytes | None, expected: bool
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert decoder.looks_like_image(path) is expected


def test_a_folder_scan_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not decoder.looks_like_image(tmp_path / "pipe")
