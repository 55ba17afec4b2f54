from pathlib import Path

import pytest

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample


def photo(path: Path, text: str | bytes | None) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    if text is not None:
        data = text.encode() if isinstance(text, str) else text
        path.with_suffix(".txt").write_bytes(data)
    return path


def test_text_files_beside_the_photos_are_read_with_any_separator(tmp_path: Path) -> None:
    texts = ["red\nscience fiction\n", "red, science fiction", "\ufeffscience fiction|red\r\n", ""]
    paths = [photo(tmp_path / f"{number}.jpg", text) for number, text in enumerate(texts)]
    both = ("red", "science fiction")
    expected = [Sample(path, both) for path in paths[:3]] + [Sample(paths[3], ())]
    assert labels.read(tmp_path) == expected


def test_folders_count_where_few_photos_have_a_text_file(tmp_path: Path) -> None:
    photo(tmp_path / "red_dress" / "a.jpg", "notes about this photo")
    photo(tmp_path / "red_dress" / "b.jpg", None)
    assert {sample.labels for sample in labels.read(tmp_path)} == {("dress", "red")}


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (None, "photo 3: {0}/c.jpg has no c.txt beside it; skipped"),
        (b"\xff\xfe", "photo 3: {0}/c.txt is no short text in UTF-8; skipped"),
        (b"x" * 70_000, "photo 3: {0}/c.txt is no short text in UTF-8; skipped"),
    ],
)
def test_a_photo_without_a_good_text_file_is_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes | None, warning: str
) -> None:
    for name in ("a", "b"):
        photo(tmp_path / f"{name}.jpg", "red")
    photo(tmp_path / "c.jpg", text)
    assert len(labels.read(tmp_path, max_unreadable=0.5)) == 2
    assert warning.format(tmp_path) in capsys.readouterr().err
    with pytest.raises(CommandError, match="1 of 3 photos cannot be used"):
        labels.read(tmp_path, max_unreadable=0.1)


def test_what_is_written_beside_a_photo_is_read_back(tmp_path: Path) -> None:
    for name, tags in (("a.jpg", ("red", "science fiction")), ("b.jpg", ())):
        photo(tmp_path / name, "older")
        labels.write_sidecar(tmp_path / name, tags)
    assert [s.labels for s in labels.read(tmp_path)] == [("red", "science fiction"), ()]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jpg", "a.txt", "b.jpg", "b.txt"]


def test_a_label_that_would_be_read_as_two_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds a separator"):
        labels.write_sidecar(tmp_path / "a.jpg", ("red, dress",))
    assert not (tmp_path / "a.txt").exists()


def test_a_label_file_that_is_missing_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.csv: no such file"):
        labels.read(tmp_path, tmp_path / "gone.csv")
    with pytest.raises(CommandError, match=r"x\.xlsx: labels are read from \.csv"):
        labels.read(tmp_path, tmp_path / "x.xlsx")
    with pytest.raises(CommandError, match="nowhere: no such folder"):
        labels.read(tmp_path / "nowhere", tmp_path / "x.csv")
