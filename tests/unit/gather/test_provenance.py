import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.provenance import COLUMNS, MISSING, PRESENT, REJECTED, Row, Table

HEADER = ",".join(COLUMNS)
SHA256 = "ab" * 32
# As the first version wrote it.
OLD = "file,url,page,creator,licence,licence_url,query,source,sha256,fetched_at"


def row(number: int = 1, **other: str) -> Row:
    values: dict[str, Any] = {
        "file": f"{number}.jpg",
        "url": f"https://a/{number}",
        "page": "https://a/page",
        "creator": "Ann",
        "licence": "CC BY 4.0",
        "sha256": SHA256,
        "fetched_at": "2026-01-02T03:04:05",
    }
    return replace(Row(), **{**values, **other})


def filled(folder: Path, *rows: Row) -> Path:
    table = Table(folder / provenance.NAME)
    table.change(lambda before: [*before, *rows])
    return table.path


def test_what_was_written_and_appended_is_read_again(tmp_path: Path) -> None:
    path = filled(tmp_path, row(1))
    second = row(2, creator='O"Neil, "Ann"', title="Kleid über \u0416 \U0001f457")
    provenance.read(path).append(second)
    table = provenance.read(path)
    assert table.rows == [row(1), second]
    assert (table.is_saved, table.was_torn) == (True, False)
    assert path.read_text("utf-8").splitlines()[0] == HEADER
    assert list(tmp_path.iterdir()) == [path]


def test_the_first_row_makes_the_file(tmp_path: Path) -> None:
    table = provenance.read(tmp_path / provenance.NAME)
    assert not table.path.exists()
    table.append(row(1))
    table.append(row(2))
    assert provenance.read(table.path).rows == [row(1), row(2)]


def test_the_columns_hold_all_that_a_credit_needs(tmp_path: Path) -> None:
    with filled(tmp_path, row(1)).open(newline="", encoding="utf-8") as file:
        (cells,) = csv.DictReader(file)
    assert {"title", "creator", "creator_url", "licence", "licence_url", "attribution"} < set(cells)
    assert {"page", "query", "rank", "sha256", "fetched_at", "state"} < set(cells)
    assert (cells["creator"], cells["state"]) == ("Ann", PRESENT)


def test_a_torn_line_is_left_out_wherever_it_was_cut(tmp_path: Path) -> None:
    path = filled(tmp_path, row(1), row(2, creator='a "quoted", \u0416 creator'))
    whole = path.read_bytes()
    first = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for end in range(first + 1, len(whole) - 1):
        path.write_bytes(whole[:end])
        table = provenance.read(path)
        assert (table.rows, table.is_saved) == ([row(1)], False)


def test_a_last_line_without_line_end_is_a_row(tmp_path: Path) -> None:
    path = filled(tmp_path, row(1), row(2))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    table = provenance.read(path)
    assert (table.rows, table.is_saved, table.was_torn) == ([row(1), row(2)], False, False)
    table.append(row(3))
    assert provenance.read(path).rows == [row(1), row(2), row(3)]


def test_a_torn_header_is_a_table_without_rows(tmp_path: Path) -> None:
    path = tmp_path / provenance.NAME
    for end in range(len(HEADER)):
        path.write_text(HEADER[:end])
        table = provenance.read(path)
        assert (table.rows, table.was_torn) == ([], True)
    assert not provenance.read(tmp_path / "missing.csv").was_torn


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_what_a_spreadsheet_saved_is_read_and_added_to(
    tmp_path: Path, delimiter: str, encoding: str, line_end: str
) -> None:
    path = tmp_path / provenance.NAME
    columns = ["my note", "sha256", *(name for name in COLUMNS if name != "sha256")]
    first = row(1, creator="Anne Müller; Söhne, Köln")
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator=line_end)
        writer.writerow(columns)
        writer.writerow(["good one", *(getattr(first, name) for name in columns[1:])])
    table = provenance.read(path)
    (one,) = table.rows
    assert one.creator == first.creator
    assert one.extra == {"my note": "good one"}
    assert not table.was_torn
    if not table.is_saved:
        table.change(lambda rows: rows)
    provenance.read(path).append(row(2))
    again = provenance.read(path)
    assert again.columns == columns
    assert [one.creator for one in again.rows] == [first.creator, "Ann"]
    assert [one.extra["my note"] for one in again.rows] == ["good one", ""]
    assert again.is_saved
    header = path.read_text("utf-8-sig").splitlines()[0]
    assert header == delimiter.join(columns)


def test_a_table_of_the_first_version_is_read_and_gets_the_new_columns(tmp_path: Path) -> None:
    path = tmp_path / provenance.NAME
    path.write_text(f"{OLD}\n1.jpg,https://a/1,,Ann,CC BY 4.0,,red,openverse,{SHA256},now\n")
    table = provenance.read(path)
    assert (table.rows[0].creator, table.rows[0].state) == ("Ann", PRESENT)
    assert not table.is_saved
    table.append(row(2))
    assert path.read_text().splitlines()[0].startswith(f"{OLD},title,")
    assert len(provenance.read(path).rows) == 2


def test_empty_cells_at_the_end_may_be_left_out(tmp_path: Path) -> None:
    # https://learn.microsoft.com/en-us/previous-versions/troubleshoot/office: Excel does so.
    path = tmp_path / provenance.NAME
    path.write_text(f"file,url,sha256,note\n1.jpg,https://a/1,{SHA256}\n\n")
    assert provenance.read(path).rows[0].extra == {}


def test_a_row_of_the_users_own_needs_no_address(tmp_path: Path) -> None:
    path = tmp_path / provenance.NAME
    path.write_text("file,url,sha256,state,creator\nmine.jpg,,,,me\n")
    (one,) = provenance.read(path).rows
    assert (one.file, one.creator, one.state) == ("mine.jpg", "me", PRESENT)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name,url\na,b\n", "columns name,url are not those of this program"),
        (f"{HEADER}\na,b\n", "line 2 has no sha256"),
        (f'{HEADER}\n"{"a" * 200_000}"\n', "line 2: field larger"),
        ("file,url,sha256\na,b,c,d\n", "line 2 has 4 cells, not 3"),
        ("file,url,sha256,state\na,b,c,gone\n", "'gone' is not one of present, rejected, missing"),
        ("file,url,sha256,url\na,b,c,d\n", "are not those"),
    ],
)
def test_a_table_that_is_not_ours_is_left_alone(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / provenance.NAME
    path.write_text(content)
    with pytest.raises(CommandError, match=r"sources\.csv") as error:
        provenance.read(path)
    assert problem in str(error.value)
    assert path.read_text() == content


def test_text_that_no_file_can_hold_is_written_as_a_question_mark(tmp_path: Path) -> None:
    path = filled(tmp_path, row(1))
    provenance.read(path).append(row(2, query="lone \ud800 surrogate"))
    assert provenance.read(path).rows[1].query == "lone ? surrogate"


def test_a_later_row_for_an_address_takes_the_place_of_one_whose_photo_is_gone(
    tmp_path: Path,
) -> None:
    gone = row(1, state=MISSING)
    noted = Row(**{**vars(row(2, state=REJECTED)), "extra": {"note": "mine"}})
    table = Table(tmp_path / provenance.NAME, columns=[*COLUMNS, "note"])
    fetched = [row(1, file="new.jpg"), row(2, file="again.jpg")]
    table.change(lambda before: [gone, noted, row(3), row(3, sha256="cd" * 32), *fetched])
    rows = provenance.read(table.path).rows
    assert [one.file for one in rows] == ["3.jpg", "3.jpg", "new.jpg", "again.jpg"]
    assert rows[3].extra == {"note": "mine"}


def credits_of(folder: Path) -> list[str]:
    provenance.write_credits(folder, folder / "CREDITS.md")
    return (folder / "CREDITS.md").read_text("utf-8").splitlines()


def test_the_credits_name_each_photo_that_is_there_once(tmp_path: Path) -> None:
    for name in ("red_dress", "blue_jeans"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"photo")
        filled(
            tmp_path / name,
            row(1, attribution="A photo by Ann"),
            row(7, file="1.jpg", attribution="a copy"),
            row(2, attribution="not there"),
            row(3, file="../../outside.jpg", attribution="outside"),
        )
    (tmp_path.parent / "outside.jpg").write_bytes(b"photo")
    assert credits_of(tmp_path) == [
        "# Photo credits",
        "",
        "- blue\\_jeans/1.jpg: A photo by Ann",
        "- red\\_dress/1.jpg: A photo by Ann",
    ]


def test_a_stranger_cannot_write_markdown_into_the_credits(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"photo")
    filled(tmp_path, row(1, attribution="'=[click](http://evil) <b>*x*</b>"))
    assert credits_of(tmp_path)[2] == r"- 1.jpg: =\[click\](http://evil) \<b\>\*x\*\</b\>"


def test_a_photo_without_a_known_licence_is_marked_in_the_credits(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"photo")
    filled(tmp_path, row(1, licence="", page="https://a/page", attribution="Photo"))
    assert credits_of(tmp_path)[2] == "- 1.jpg: licence unknown: Photo"


def test_credits_of_a_folder_without_sources_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no sources\.csv"):
        provenance.write_credits(tmp_path, tmp_path / "CREDITS.md")
    assert not (tmp_path / "CREDITS.md").exists()
