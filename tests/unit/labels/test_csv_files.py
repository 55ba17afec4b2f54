import csv
import time
from pathlib import Path

import pytest

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with empty files of the names that the tests use."""
    (tmp_path / "img").mkdir()
    for name in ("a.jpg", "b.jpg", "c.jpg", "d, e.jpg", "img/a.jpg"):
        (tmp_path / name).touch()
    return tmp_path


def read(folder: Path, text: str, encoding: str = "utf-8", share: float = 0.9) -> dict[str, str]:
    """Return what a CSV of that text says: labels, joined by +, by file."""
    path = folder / "posters.csv"
    path.write_bytes(text.encode(encoding))
    samples = labels.read(path, max_unreadable=share)
    return {s.path.relative_to(folder).as_posix(): "+".join(s.labels) for s in samples}


EXPECTED = {"a.jpg": "dress+red", "b.jpg": "blue", "c.jpg": ""}


@pytest.mark.parametrize(
    "text",
    [
        "path,labels\na.jpg,red dress\nb.jpg,blue\nc.jpg,\n",
        'path,labels\na.jpg,"red, dress"\nb.jpg,blue\nc.jpg,""\n',
        "path,labels\na.jpg,red|dress\nb.jpg,blue\nc.jpg,\n",
        "path,labels\na.jpg,red,dress\nb.jpg,blue\nc.jpg,\n",
        "a.jpg,red dress\nb.jpg,blue\nc.jpg,\n",
        "path;labels\r\n./a.jpg;red dress red\r\nb.jpg; blue \r\n\r\nc.jpg;\r\n",
        'Labels\tYear\tFilename\nred dress\t2001\ta.jpg\nblue\t"1"\tb.jpg\n\t0\tc.jpg\n',
        "path,red,dress,blue\na.jpg,1,1,0\nb.jpg,0,0,1\nc.jpg,0,0,0\n",
        "dress,blue,red,which\ntrue,False,TRUE,a.jpg\n0,1,0.0,b.jpg\n0,0,0,c.jpg\n",
        "image,tags,blue,dress,red\na.jpg,red dress,0.1,0.9,0.8\nb.jpg,blue,1,0,0\nc.jpg,,0,0,0\n",
    ],
)
def test_every_way_to_write_the_same_labels_is_read_alike(folder: Path, text: str) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        assert read(folder, text, encoding) == EXPECTED


def test_the_strongest_separator_of_the_file_leaves_spaces_in_labels(folder: Path) -> None:
    text = 'path,labels\na.jpg,science fiction\nb.jpg,"drama|film noir, French"\n'
    assert read(folder, text) == {"a.jpg": "science fiction", "b.jpg": "drama+film noir, French"}


def test_quoted_paths_may_hold_commas_and_labels_any_script(folder: Path) -> None:
    text = 'path,labels\n"d, e.jpg","Größe, 青"\nimg/a.jpg,青\n'
    assert read(folder, text) == {"d, e.jpg": "Größe+青", "img/a.jpg": "青"}


def test_paths_of_a_labels_file_start_from_the_dataset_else_from_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "elsewhere").mkdir()
    path = folder / "elsewhere" / "x.csv"
    path.write_text(f"path,labels\na.jpg,red\nb.jpg,blue\n{folder}/c.jpg,red\n")
    monkeypatch.chdir(folder)
    assert labels.read(Path("img"), path) == [
        Sample(Path("img/a.jpg"), ("red",)),
        Sample(Path("b.jpg"), ("blue",)),
        Sample(folder / "c.jpg", ("red",)),
    ]


@pytest.mark.parametrize(
    ("rows", "warning", "kept"),
    [
        ("gone.jpg,red\n", "line 4: 'gone.jpg': no such file; skipped", EXPECTED),
        (",red\n", "line 4: '': no such file; skipped", EXPECTED),
        ("c.jpg\n", "line 4: 1 cell, 2 expected: a path and its labels; skipped", EXPECTED),
        ("b.jpg,blue\n", "line 4: b.jpg again, as in line 3", EXPECTED),
        (
            "b.jpg,red\nb.jpg,green\n",
            "line 4: b.jpg has red, but blue in line 3; neither is used",
            {"a.jpg": "dress+red", "c.jpg": ""},
        ),
    ],
)
def test_a_row_that_cannot_be_used_is_named_by_its_line_and_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str], rows: str, warning: str, kept: dict[str, str]
) -> None:
    text = f"path,labels\na.jpg,red dress\nb.jpg,blue\n{rows}c.jpg,\n"
    assert read(folder, text) == kept
    assert f"posters.csv, {warning}" in capsys.readouterr().err


def test_a_mark_that_is_neither_0_nor_1_is_named_by_line_and_column(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "path,red,blue\na.jpg,1,0\nb.jpg,,1\nc.jpg,0,1\nimg/a.jpg,1,0,1\n"
    assert read(folder, text) == {"a.jpg": "red", "c.jpg": "blue"}
    talk = capsys.readouterr().err
    assert "line 3: column 'red' holds '', not 0 or 1; skipped" in talk
    assert "line 5: 4 cells, 3 expected; skipped" in talk
    assert "posters.csv: 2 of 4 lines skipped" in talk


def test_columns_that_are_no_labels_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = read(folder, "path,title,red\na.jpg,Alien,1\nb.jpg,Brazil,0\n")
    assert marked == {"a.jpg": "red", "b.jpg": ""}
    assert "line 2: column 'title' holds 'Alien', not 0 or 1; not used" in capsys.readouterr().err
    assert read(folder, "path,year,labels\na.jpg,1979,red\n") == {"a.jpg": "red"}
    assert "line 1: columns not used: year" in capsys.readouterr().err


def test_rows_without_labels_are_counted_with_the_first_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(folder, "path,labels\na.jpg,red\nb.jpg,\nc.jpg,\n")
    assert "2 lines without labels (the first: line 3)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("path,labels\n", "has a header and no rows"),
        ("id,labels\n17,red\n", "line 1: no column names images among id, labels; call it path"),
        ("path,title\na.jpg,Alien\n", "line 1: no column holds labels among path, title"),
        ("path,red,red\na.jpg,1,1\n", "line 1: two columns are named 'red'"),
        ("path,,red\na.jpg,1,1\n", "line 1: column 2 has no name"),
        ("path,labels\nx.jpg,red\ny.jpg,blue\n", "none of its 2 lines can be used"),
        ("path,labels\na.jpg," + "x" * 140_000 + "\n", "line 2: field larger than field limit"),
    ],
)
def test_an_unusable_file_is_one_error(folder: Path, text: str, message: str) -> None:
    with pytest.raises(CommandError, match=r"posters\.csv") as raised:
        read(folder, text)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_another_encoding_is_named_with_its_line(folder: Path) -> None:
    with pytest.raises(CommandError, match="line 3: is not UTF-8"):
        read(folder, "path,labels\na.jpg,red\nb.jpg,Größe\n", "latin-1")


def test_too_many_unusable_rows_are_an_error(folder: Path) -> None:
    text = "path,labels\na.jpg,red\nb.jpg,blue\nx.jpg,red\n"
    with pytest.raises(CommandError, match="1 of 3 lines cannot be used"):
        read(folder, text, share=0.3)
    assert len(read(folder, text, share=0.4)) == 2


def test_only_the_first_problems_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = "".join(f"{number}.jpg,red\n" for number in range(100))
    with pytest.raises(CommandError, match="100 of 101"):
        read(folder, f"path,labels\na.jpg,red\n{gone}")
    assert len(capsys.readouterr().err.splitlines()) == 21


def test_what_is_written_is_read_back(folder: Path, tmp_path: Path) -> None:
    for names in (("red", "dress"), ("science fiction",), ("film, noir", "drama"), ()):
        samples = [Sample(folder / "a.jpg", tuple(sorted(names))), Sample(folder / "b.jpg", ())]
        out = tmp_path / "new" / "out.csv"
        labels.write_csv(samples, out)
        back = labels.read(out)
        assert [s.labels for s in back] == [s.labels for s in samples]
        assert [s.path.resolve() for s in back] == [s.path.resolve() for s in samples]
    with pytest.raises(CommandError, match=r"has a \|, which separates labels"):
        labels.write_csv([Sample(folder / "a.jpg", ("a|b",))], tmp_path / "bad.csv")
    assert not (tmp_path / "bad.csv").exists()


def test_three_hundred_thousand_rows_take_seconds(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("path", "labels"))
        rows.writerows((f"{number}.jpg", "drama comedy") for number in range(300_000))
    (tmp_path / "0.jpg").touch()
    start = time.process_time()
    with pytest.raises(CommandError, match="299999 of 300000 lines"):
        labels.read(path)
    assert time.process_time() - start < 10


def test_a_name_that_is_no_text_keeps_its_bytes(folder: Path) -> None:
    photo = folder / "\udcff.jpg"
    photo.touch()
    labels.write_csv([Sample(photo, ("red",))], folder / "out.csv")
    assert (folder / "out.csv").read_bytes() == b"path,labels\n\xff.jpg,red\n"
    assert labels.read(folder / "out.csv") == [Sample(photo, ("red",))]


@pytest.mark.parametrize("row", ["Ö.jpg,red", "a.jpg,Größe"])
def test_another_encoding_is_not_taken_for_names_and_labels(folder: Path, row: str) -> None:
    with pytest.raises(CommandError, match=r"line 2: is not UTF-8"):
        read(folder, f"path,labels\n{row}\n", "latin-1")
    with pytest.raises(CommandError, match=r"line 1: is not UTF-8"):
        read(folder, f"path,labels\n{row}\n", "utf-16")
