import csv
from pathlib import Path

import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.gather import provenance
from pyimagesearch.gather.provenance import Row
from pyimagesearch.gather.results import Found

HEADER = "file,url,page,creator,licence,licence_url,query,source,sha256,fetched_at"


def row(number: int = 1, **other: str) -> Row:
    found = Found(
        url=f"https://a/{number}",
        page=other.get("page", "https://a/page"),
        creator=other.get("creator", "Ann"),
        licence=other.get("licence", "CC BY 4.0"),
        licence_url=other.get("licence_url", "https://cc/by"),
    )
    query = other.get("query", "red dress")
    return provenance.row(
        found, f"{number}.jpg", "ab" * 32, query, "openverse", "2026-01-02T03:04:05"
    )


def filled(path: Path, *rows: Row) -> Path:
    table = path / provenance.NAME
    provenance.write(table, rows)
    return table


def test_what_was_written_and_appended_is_read_again(tmp_path: Path) -> None:
    table = filled(tmp_path, row(1))
    provenance.append(table, row(2, creator='O"Neil, "Ann"', query="Kleid über \u0416 \U0001f457"))
    rows, torn = provenance.read(table)
    assert not torn
    assert rows == [row(1), row(2, creator='O"Neil, "Ann"', query="Kleid über \u0416 \U0001f457")]
    assert table.read_text("utf-8").splitlines()[0] == HEADER
    assert list(tmp_path.iterdir()) == [table]


def test_the_columns_are_those_of_the_contract(tmp_path: Path) -> None:
    with filled(tmp_path, row(1)).open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [
            {
                "file": "1.jpg",
                "url": "https://a/1",
                "page": "https://a/page",
                "creator": "Ann",
                "licence": "CC BY 4.0",
                "licence_url": "https://cc/by",
                "query": "red dress",
                "source": "openverse",
                "sha256": "ab" * 32,
                "fetched_at": "2026-01-02T03:04:05",
            }
        ]


def test_a_torn_line_is_left_out_wherever_it_was_cut(tmp_path: Path) -> None:
    table = filled(tmp_path, row(1), row(2, creator='a "quoted", \u0416 creator'))
    whole = table.read_bytes()
    first = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    for end in range(first + 1, len(whole)):
        table.write_bytes(whole[:end])
        assert provenance.read(table) == ([row(1)], True)


def test_a_torn_header_is_a_table_without_rows(tmp_path: Path) -> None:
    table = tmp_path / provenance.NAME
    for end in range(len(HEADER)):
        table.write_text(HEADER[:end])
        assert provenance.read(table) == ([], True)
    assert provenance.read(tmp_path / "missing.csv") == ([], False)


def test_a_table_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    table = filled(tmp_path, row(1), row(2))
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b"\n", b"\r\n"))
    assert provenance.read(table) == ([row(1), row(2)], False)


@pytest.mark.parametrize(
    "content", ["name,url\na,b\n", HEADER + "\na,b\n", HEADER + '\n"' + "a" * 200_000 + '"\n']
)
def test_a_table_that_is_not_ours_is_left_alone(tmp_path: Path, content: str) -> None:
    table = tmp_path / provenance.NAME
    table.write_text(content)
    with pytest.raises(CommandError, match=r"sources\.csv"):
        provenance.read(table)
    assert table.read_text() == content


def test_hostile_text_stays_one_harmless_cell() -> None:
    one = row(creator='=HYPERLINK("http://evil")', licence="-1+1\r\n\tx", query="@a")
    assert one.creator == '\'=HYPERLINK("http://evil")'
    assert one.licence == "'-1+1 x"
    assert one.query == "'@a"
    assert row(page="javascript:alert(1)", licence_url="file:///a").page == ""
    assert row(page="javascript:alert(1)", licence_url="file:///a").licence_url == ""
    assert len(row(creator="x" * 100_000).creator) == 500
    assert row(page="https://a/" + "x" * 200_000).page == ""


def test_text_that_no_file_can_hold_is_written_as_a_question_mark(tmp_path: Path) -> None:
    table = filled(tmp_path, row(1))
    provenance.append(table, row(2, query="lone \ud800 surrogate"))
    assert provenance.read(table)[0][1].query == "lone ? surrogate"
