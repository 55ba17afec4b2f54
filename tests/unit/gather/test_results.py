import json
from collections.abc import Iterator

from pyimagesearch.gather.results import Found, number, records, take, text


def page(*urls: str) -> list[Found]:
    return [Found(url) for url in urls]


def test_take_stops_at_count_and_asks_for_no_further_page() -> None:
    asked = []

    def pages() -> Iterator[list[Found]]:
        for start in range(0, 100, 2):
            asked.append(start)
            yield page(f"http://a/{start}", f"http://a/{start + 1}")

    assert len(list(take(pages(), 3))) == 3
    assert asked == [0, 2]


def test_take_gives_each_url_once_where_pages_overlap() -> None:
    pages = [page("http://a/1", "http://a/2"), page("http://a/2", "http://a/2", "http://a/3")]
    assert [one.url for one in take(pages, 9)] == ["http://a/1", "http://a/2", "http://a/3"]


def test_take_gives_up_after_three_pages_without_news() -> None:
    asked = []

    def pages() -> Iterator[list[Found]]:
        for turn in range(1000):
            asked.append(turn)
            yield page("http://a/1") if turn % 2 else []

    assert len(list(take(pages(), 9))) == 1
    assert len(asked) == 5


def test_take_leaves_out_results_without_url() -> None:
    assert list(take([page("", "http://a/1")], 9)) == page("http://a/1")


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
