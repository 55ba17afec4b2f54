import asyncio
import json
from collections.abc import AsyncIterator, Sequence

import pytest

from pyimagesearch.gather.results import (
    LICENCES,
    Found,
    Licence,
    compose_attribution,
    distinct,
    first_link,
    folder_name,
    number,
    permits,
    plain_text,
    records,
    text,
)


def page(*urls: str) -> list[Found]:
    return [Found(url) for url in urls]


def ranked(pages: Sequence[list[Found]], asked: list[int] | None = None) -> list[tuple[int, str]]:
    async def produce() -> AsyncIterator[list[Found]]:
        for turn, one in enumerate(pages):
            if asked is not None:
                asked.append(turn)
            yield one

    async def collect() -> list[tuple[int, str]]:
        return [(photo.rank, photo.url) async for photo in distinct(produce())]

    return asyncio.run(collect())


def test_each_address_comes_once_with_its_rank_even_if_pages_overlap() -> None:
    pages = [page("http://a/1", "http://a/2"), page("http://a/2", "http://a/2", "http://a/3")]
    assert ranked(pages) == [(1, "http://a/1"), (2, "http://a/2"), (3, "http://a/3")]


def test_three_pages_in_a_row_without_a_new_address_end_the_search() -> None:
    asked: list[int] = []
    pages = [page("http://a/1") if turn % 2 else [] for turn in range(1000)]
    assert len(ranked(pages, asked)) == 1
    assert len(asked) == 5


def test_results_without_an_address_are_left_out() -> None:
    assert ranked([page("", "http://a/1")]) == [(1, "http://a/1")]


def test_text_of_a_stranger_becomes_one_printable_line() -> None:
    hostile = json.loads('{"name": " a\\r\\n\\u001b[31mb\\u0000c\\t\\u202e d \\ud800"}')
    assert text(hostile, "name") == "a [31mb c d ?"


def test_wrong_types_in_an_answer_read_as_nothing() -> None:
    inside: list[object] = [None, {"b": None}, [], {"b": {"c": 1}}]
    answers: list[object] = [None, 3, [], "x", *({"a": value} for value in inside)]
    for record in answers:
        assert text(record, "a", "b") == ""
        assert number(record, "a", "b") == 0
        assert records(record, "a", "b") == []


def test_numbers_are_whole_and_not_negative() -> None:
    values = {"a": 7, "b": -7, "c": True, "d": "7", "e": 1e300}
    assert [number(values, key) for key in "abcde"] == [7, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("Ann &amp; Bob", "Ann & Bob"),
        ('<a href="//a">Ann &amp;\n Bob</a>', "Ann & Bob"),
        # As the Creator template of Wikimedia Commons writes it.
        ('<bdi>Ann</bdi><div style="display: none;">creator QS:P170,Q42</div>', "Ann"),
        ("<span style='DISPLAY:none'>hidden</span>Ann", "Ann"),
        ("<style>.mw-parser-output .x{color:red}</style>Ann", "Ann"),
        ('<span style="color:red">Ann</span>', "Ann"),
        ("Ann<br>Bob", "Ann Bob"),
        ("<ul><li>Ann</li><li>Bob</li></ul>", "Ann Bob"),
        ("<a>Ann</a>'s <b>cat</b>", "Ann's cat"),
        ("<p hidden>x</p>Ann <i>unclosed", "Ann unclosed"),
        ("<script>alert(1)</script>", ""),
        ("a < b", "a < b"),
        ("<" * 100_000, None),
        ("<div>" * 50_000 + "deep", None),
        ("", ""),
    ],
)
def test_text_is_what_a_reader_sees_of_the_html(markup: str, seen: str | None) -> None:
    assert seen is None or plain_text(markup) == seen
    plain_text(markup)


def test_the_first_link_is_a_whole_address() -> None:
    assert first_link('by <a href="//commons.example/User:Ann">Ann</a>') == (
        "https://commons.example/User:Ann"
    )
    assert first_link('<a name="x">Ann</a>') == first_link("Ann") == ""


def test_a_credit_line_has_title_creator_licence_and_page() -> None:
    found = Found("https://a/1.jpg", "https://a/1", "Cat", "Ann", "", "CC BY 4.0", "https://cc/by")
    assert compose_attribution(found) == '"Cat" by Ann, CC BY 4.0 (https://cc/by), https://a/1'
    assert (
        compose_attribution(found, "Ann / A") == "Ann / A, CC BY 4.0 (https://cc/by), https://a/1"
    )
    assert compose_attribution(Found("https://a/1.jpg")) == "Photo"


FUSTAN = "\u0641\u064f\u0633\u0652\u062a\u064e\u0627\u0646"
AHMAR = "\u0623\u064e\u062d\u0652\u0645\u064e\u0631"
MIKHAHAM = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
ALL, SALE, CHANGE = set(LICENCES), {"share-commercially"}, {"modify"}
FREE = ALL - {"public"}


@pytest.mark.parametrize(
    ("licence", "permitted"),
    [
        ("CC0 1.0", ALL),
        ("CC0", ALL),
        ("Public domain", ALL),
        ("Public Domain Mark 1.0", ALL),
        ("PD-old-100", ALL),
        ("cc-zero", ALL),
        ("No restrictions", ALL),
        ("CC BY 4.0", FREE),
        ("CC BY-SA 4.0", FREE),
        ("cc-by-sa-3.0-de", FREE),
        ("GFDL", FREE),
        ("Copyrighted free use", FREE),
        ("CC BY-ND 2.0", {"any", "share"} | SALE),
        ("CC BY-NC 2.0", {"any", "share"} | CHANGE),
        ("CC BY-NC-SA 2.0", {"any", "share"} | CHANGE),
        ("CC BY-NC-ND 2.0", {"any", "share"}),
        ("CC SAMPLING+ 1.0", {"any"}),
        ("All rights reserved", {"any"}),
        ("Fair use", {"any"}),
        ("", {"any"}),
    ],
)
def test_a_licence_permits_what_its_name_says(licence: str, permitted: set[Licence]) -> None:
    assert {wanted for wanted in LICENCES if permits(licence, wanted)} == permitted


@pytest.mark.parametrize(
    ("phrase", "name"),
    [
        ("red dress", "red_dress"),
        (" Red   DRESS! ", "red_dress"),
        ("t-shirt", "t-shirt"),
        ("red T-Shirt", "red_t-shirt"),
        ("women's shoes", "women's_shoes"),
        ("women\u2019s shoes", "women's_shoes"),
        ("robe rouge d'été", "robe_rouge_d'été"),
        ("-- 'red' - dress -", "red_dress"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Windows\\a*b?c<d>|", "c_windows_a_b_c_d"),
        ("trailing. ", "trailing"),
        ("..", ""),
        ("_", ""),
        ("\u202e\x00\n\U0001f457", ""),
        ("CON", "con_"),
        ("lpt1", "lpt1_"),
        ("COM\u00b9", "com\u00b9_"),
        ("com1 cable", "com1_cable"),
        ("赤い ドレス", "赤い_ドレス"),
        ("लाल पोशाक", "लाल_पोशाक"),  # Hindi: vowel signs are combining marks
        ("ชุดสีแดง", "ชุดสีแดง"),  # Thai: so are vowels and tones
        # Arabic with vowel points, and a joiner within a Persian word.
        (f"{FUSTAN} {AHMAR}", f"{FUSTAN}_{AHMAR}"),
        (MIKHAHAM, MIKHAHAM),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),  # composed, as other systems write it
        ("a" * 500, "a" * 60),
        (f"{'red ' * 14}dress evening", "_".join(["red"] * 14)),
    ],
)
def test_a_folder_is_named_after_the_words_of_a_phrase_on_every_system(
    phrase: str, name: str
) -> None:
    assert folder_name(phrase) == name
    assert folder_name(name) in (name, name.rstrip("_"), "con_", "lpt1_")
