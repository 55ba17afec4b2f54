"""Several labels in one cell, and columns of marks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from support.labels import ALL, TRUTH, read, touch, write_lists, write_marks, write_rows

from pyimagesearch import labels
from pyimagesearch.console import CommandError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    touch(tmp_path / "set")
    return tmp_path / "set"


def quoted(found: Sequence[str]) -> str:
    return " ".join(repr(label) for label in found)


CELLS: dict[str, Callable[[Sequence[str]], str]] = {
    "bars": "|".join,
    "bars with spaces": " | ".join,
    "a bar at the end": lambda found: "".join(f"{label}|" for label in found),
    "semicolons": ";".join,
    "semicolons and spaces": "; ".join,
    "commas": ",".join,
    "commas, other order": lambda found: ", ".join(found[::-1]),
    "spaces": " ".join,
    "hash": "#".join,
    "plus": "+".join,
    "plus and spaces": " + ".join,
    "hashtags": lambda found: " ".join(f"#{label}" for label in found),
    "lines": "\n".join,
    "tabs": "\t".join,
    "quoted words": lambda found: ", ".join(f'"{label}"' for label in found),
    "Python list": repr,
    "Python list of lists": lambda found: repr(list(found)),
    "Python tuple": lambda found: repr(tuple(found)),
    "Python set": lambda found: "{" + ", ".join(map(repr, found)) + "}",
    "frozenset": lambda found: f"frozenset({set(found)!r})",
    "JSON list": lambda found: '["' + '", "'.join(found) + '"]',
    "NumPy array": lambda found: f"[{quoted(found)}]",
    "NumPy array in a call": lambda found: f"array([{quoted(found)}], dtype=object)",
    "NumPy array over two lines": lambda found: "[" + "\n ".join(map(repr, found)) + "]",
    "pandas Index": lambda found: f"Index({list(found)!r}, dtype='str')",
    "without quotes": lambda found: "[" + ", ".join(found) + "]",
    "PostgreSQL": lambda found: "{" + ",".join(found) + "}",
    "JSON objects": lambda found: "[" + ", ".join(f'{{"name": "{one}"}}' for one in found) + "]",
    "JSON marks": lambda found: "{" + ", ".join(f'"{one}": true' for one in found) + "}",
    "Label Studio": lambda found: '{"choices": ["' + '", "'.join(found) + '"]}',
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
@pytest.mark.parametrize("name", ["labels", "class", "kind"])
def test_every_way_to_write_labels_in_a_cell_is_read_alike(
    folder: Path, name: str, cell: Callable[[Sequence[str]], str]
) -> None:
    assert read(write_lists(folder / "l.csv", ("path", name), cell=cell)) == TRUTH


def one_column(folder: Path, cells: Sequence[str], name: str = "labels") -> list[tuple[str, ...]]:
    rows = [(f"n{number:02d}.png", cell) for number, cell in enumerate(cells)]
    path = write_rows(folder / "l.csv", [("path", name), *rows])
    return [sample.labels for sample in labels.read(path).samples]


LABELS_WITH_SIGNS = {
    "a bar rules out commas": (
        ["film noir, French|drama", "drama"],
        ["film noir, French", "drama"],
    ),
    "a comma rules out spaces": (["science fiction, drama", "drama"], ["science fiction", "drama"]),
    "a semicolon rules out commas": (["Bond, James;spy", "spy"], ["Bond, James", "spy"]),
    "C# is not a separator": (["C#", "F#", "Java"], ["C#", "F#", "Java"]),
    "google+ is not a separator": (["google+", "apple"], ["google+", "apple"]),
    "item#3 is not a separator": (["item#3", "item#4"], ["item#3", "item#4"]),
    "a hyphen": (["t-shirt|red", "red"], ["t-shirt", "red"]),
    "an apostrophe": (['["men\'s wear", "red"]', "red"], ["men's wear", "red"]),
    "a list with commas inside": (["['a, b', 'red']", "red"], ["a, b", "red"]),
    "any script": (["青, Größe", "青"], ["青", "Größe"]),
    "an escaped quote": ([r"['it\'s', 'red']", "red"], ["it's", "red"]),
}


@pytest.mark.parametrize(("cells", "expected"), LABELS_WITH_SIGNS.values(), ids=LABELS_WITH_SIGNS)
def test_signs_in_labels_stay(folder: Path, cells: list[str], expected: list[str]) -> None:
    found = {label for one in one_column(folder, cells) for label in one}
    assert found == set(expected)


def test_labels_of_two_words_in_a_row_each_are_not_split(folder: Path) -> None:
    names = ["traffic light", "stop sign", "dog", "fire hydrant", "hot dog"]
    rows = [(f"n{number % 12:02d}.png", names[number % 5]) for number in range(40)]
    for header in ("labels", "label", "class"):
        path = write_rows(folder / "l.csv", [("path", header), *rows])
        assert {label for found in read(path).values() for label in found} == set(names)


def test_words_of_a_singular_column_are_split_if_they_combine(folder: Path) -> None:
    assert one_column(folder, ["red dress", "red hat", "blue dress", "blue hat"], "label") == [
        ("dress", "red"),
        ("hat", "red"),
        ("blue", "dress"),
        ("blue", "hat"),
    ]
    alone = one_column(folder, ["red dress", "hot dog", "stop sign"], "label")
    assert alone == [("red dress",), ("hot dog",), ("stop sign",)]


def test_signs_and_words_between_labels_are_not_labels(folder: Path) -> None:
    for between in (" & ", " and ", " / ", " - "):
        assert read(write_lists(folder / "l.csv", cell=between.join)) == TRUTH


NOTHING = (
    *("", "nan", "NaN", "None", "none", "null", "[]", "{}", "No Finding", "N/A", "NA", "<NA>"),
    *("['nan']", "[None]", "set()", "_none", "-", "[''] "),
)


@pytest.mark.parametrize("cell", NOTHING)
def test_words_for_no_label_are_no_label(folder: Path, cell: str) -> None:
    assert one_column(folder, [cell, "red|hat", "blue"]) == [(), ("hat", "red"), ("blue",)]


def test_what_was_taken_as_no_label_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_column(folder, ["No Finding", "red", "nan"])
    assert "'No Finding', 'nan' taken as no label" in capsys.readouterr().err


VECTORS = {
    "a list": ["[1, 0, 0]", "[0, 1, 0]"],
    "an array": ["[1 0 0]", "[0 1 0]"],
    "an array of floats": ["[1. 0. 0.]", "[0. 1. 0.]"],
    "a list of booleans": ["[True, False]", "[False, True]"],
    "spaces": ["1 0 0", "0 1 0"],
    "semicolons": ["1;0;0", "0;1;0"],
    "bits": ["1000", "0100"],
    "one mark": ["1", "0"],
}


@pytest.mark.parametrize("cells", VECTORS.values(), ids=VECTORS)
@pytest.mark.parametrize("name", ["labels", "target"])
def test_vectors_of_0_and_1_are_refused_with_the_way_out(
    folder: Path, name: str, cells: Sequence[str]
) -> None:
    with pytest.raises(CommandError, match=r"holds only 0 and 1.*a column of its own") as raised:
        one_column(folder, cells, name)
    assert f"column {name!r}" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_lists_of_numbers_are_labels(folder: Path) -> None:
    assert one_column(folder, ["147 616", "13", "147 13"], "attribute_ids") == [
        ("147", "616"),
        ("13",),
        ("13", "147"),
    ]


def test_a_cell_that_is_not_a_list_is_reported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_lists(folder / "l.csv", cell=lambda found: repr(list(found)))
    path.write_text(path.read_text().replace("['lamp', 'plum']", "[['lamp', {]", 1))
    assert len(read(path)) == 11
    assert "line 2: \"[['lamp', {]\" is not a list of labels; skipped" in capsys.readouterr().err


def test_a_list_next_to_columns_of_marks_wins(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        (stem, repr(list(found)), *(int(label in found) for label in ALL))
        for stem, found in TRUTH.items()
    ]
    assert read(write_rows(folder / "l.csv", [("Id", "Genre", *ALL), *rows])) == TRUTH
    assert "not used: amber, plum, teal" in capsys.readouterr().err


MARKS: dict[str, tuple[object, object]] = {
    "1 and 0": (1, 0),
    "1.0 and 0.0": ("1.0", "0.0"),
    "1 and -1": (1, -1),
    "true and false": ("true", "FALSE"),
    "yes and no": ("Yes", "no"),
    "y and n": ("Y", "n"),
    "German Excel": ("WAHR", "FALSCH"),
    "French Excel": ("VRAI", "FAUX"),
    "t and f": ("t", "f"),
    "x and blank": ("x", ""),
    "X and blank": (" X ", ""),
    "1 and blank": (1, ""),
    "1.0 and blank": ("1.0", ""),
    "1 and nan": (1, "nan"),
    "ticks": ("✓", ""),
    "ticks and crosses": ("✔", "✗"),
    "probabilities": ("0.93", "0.07"),
    "probabilities of German Excel": ("0,933", "0,07"),
    "1,0 and 0,0": ("1,0", "0,0"),
    "100% and 0%": ("100%", "0%"),
    "percentages": ("93 %", "7 %"),
    "probabilities at the limit": (".5", "4.9e-1"),
}


@pytest.mark.parametrize(("yes", "no"), MARKS.values(), ids=MARKS)
def test_every_way_to_mark_labels_is_read_alike(folder: Path, yes: object, no: object) -> None:
    assert read(write_marks(folder / "l.csv", yes, no)) == TRUTH


def marked(folder: Path, cells: Sequence[Sequence[object]], **options: Any) -> dict[str, str]:
    """Read columns a, b, c and return the labels of each photo as one text."""
    rows = [(f"n{number:02d}.png", *row) for number, row in enumerate(cells)]
    path = write_rows(folder / "l.csv", [("path", *"abc"[: len(cells[0])]), *rows])
    return {stem: "".join(found) for stem, found in read(path, **options).items()}


def test_a_column_marked_otherwise_than_its_neighbours_is_read(folder: Path) -> None:
    assert marked(folder, [(1, "", "no"), (0, "x", "yes"), (0, "", "no")]) == {
        "n00": "a",
        "n01": "bc",
        "n02": "",
    }


CHEXPERT = [(1, 0, ""), (-1, "", 1), ("", 0, -1), (0, 1, "")]


@pytest.mark.parametrize(
    ("uncertain", "expected"),
    [
        ("no", {"n00": "a", "n01": "c", "n02": "", "n03": "b"}),
        ("yes", {"n00": "a", "n01": "ac", "n02": "c", "n03": "b"}),
        ("skip", {"n00": "a", "n03": "b"}),
    ],
)
def test_uncertain_marks_count_as_the_option_says(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    uncertain: str,
    expected: dict[str, str],
) -> None:
    assert marked(folder, CHEXPERT, uncertain=uncertain) == expected
    talk = capsys.readouterr().err
    assert "-1 is uncertain" in talk
    taken = {"no": "taken as no", "yes": "taken as yes", "skip": "not used"}[uncertain]
    assert f"2 photos with uncertain labels, {taken} (--uncertain)" in talk


def test_minus_one_is_no_if_it_is_the_usual_mark(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    voc = [(1, -1, -1), (-1, 1, -1), (-1, -1, 1), (0, 1, -1)]
    assert marked(folder, voc, uncertain="yes") == {"n00": "a", "n01": "b", "n02": "c", "n03": "ab"}
    assert "-1 is no, 0 is uncertain" in capsys.readouterr().err


def test_a_question_mark_is_uncertain(folder: Path) -> None:
    cells = [("x", "", "?"), ("", "x", ""), ("", "?", "x")]
    assert marked(folder, cells) == {"n00": "a", "n01": "b", "n02": "c"}
    assert marked(folder, cells, uncertain="yes") == {"n00": "ac", "n01": "b", "n02": "bc"}


def test_a_cell_that_is_not_a_mark_is_reported_with_its_column(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = [(1, 0, 0), (0, "maybe not", 1), (0, 1, 0)]
    assert marked(folder, cells, max_unreadable=0.5) == {"n00": "a", "n02": "b"}
    said = "line 3: column 'b' holds 'maybe not', not a mark such as 0 or 1; skipped"
    assert said in capsys.readouterr().err
    with pytest.raises(CommandError, match=r"1 of 3 lines cannot be used.*column 'b'"):
        marked(folder, cells)


ODD_COLUMNS = {
    "percentages": [(1, 0, 100), (0, 1, 0), (1, 1, 100), (0, 0, 100)],
    "0 and 2": [(1, 0, 2), (0, 1, 0), (1, 1, 2), (0, 0, 2)],
    "probabilities": [(1, 0, 0.9), (0, 1, 0.2), (1, 1, 0.8), (0, 0, 0.1)],
}


@pytest.mark.parametrize("cells", ODD_COLUMNS.values(), ids=ODD_COLUMNS)
def test_a_column_of_another_kind_than_its_neighbours_is_an_error(
    folder: Path, cells: Sequence[Sequence[object]]
) -> None:
    with pytest.raises(CommandError, match=r"column 'c': holds .* leave it out with") as raised:
        marked(folder, cells)
    columns = str(raised.value).rpartition(" ")[2].split(",")
    assert marked(folder, cells, label_columns=columns)["n02"] == "ab"


def test_counts_in_a_column_of_marks_stop_the_run(folder: Path) -> None:
    cells = [(1, 0, 3), (0, 1, 0), (1, 1, 1), (0, 0, 2), (0, 0, 0), (0, 1, 1)]
    with pytest.raises(CommandError, match=r"2 of 6 lines cannot be used.*column 'c' holds '2'"):
        marked(folder, cells)


def rows_of_labels(folder: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    return write_rows(folder / "l.csv", [header, *rows])


def test_a_row_for_each_label_adds_up(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"{stem}.png", label) for stem, found in TRUTH.items() for label in found]
    assert read(rows_of_labels(folder, ("filename", "label"), rows)) == TRUTH
    assert "12 photos in several lines, which add up" in capsys.readouterr().err
    assert read(rows_of_labels(folder, ("ImageID", "LabelName"), rows[::-1])) == TRUTH


def test_a_row_for_each_box_adds_up(folder: Path) -> None:
    header = ("filename", "width", "height", "class", "xmin", "ymin", "xmax", "ymax")
    rows = [
        (f"{stem}.png", 24, 24, label, 1, 1, 9, 9)
        for stem, found in TRUTH.items()
        for label in found
    ]
    assert read(rows_of_labels(folder, header, [*rows, rows[0]])) == TRUTH


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [
        (("ImageID", "Source", "LabelName", "Confidence"), 1, 0),
        (("ImageID", "Source", "LabelName", "Confidence"), 0.8, 0.3),
        (("image", "by", "tag", "present"), "yes", "no"),
        (("image", "by", "label", "value"), "True", "False"),
    ],
)
def test_a_row_for_each_label_can_say_no(
    folder: Path, header: Sequence[str], yes: object, no: object
) -> None:
    rows = [
        (stem, "verification", label, yes if label in found else no)
        for stem, found in TRUTH.items()
        for label in ALL
    ]
    assert read(rows_of_labels(folder, header, rows)) == TRUTH


def test_a_label_is_contradicted_only_if_one_row_says_yes_and_another_no(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = ("ImageID", "LabelName", "Confidence")
    rows = [("n00", "red", 1), ("n00", "hat", 1), ("n01", "red", 1), ("n01", "hat", 0)]
    rows += [("n02", "hat", 1), ("n02", "red", 1), ("n02", "hat", 0)]
    path = rows_of_labels(folder, header, rows)
    assert read(path, max_unreadable=0.5) == {"n00": ("hat", "red"), "n01": ("red",)}
    said = "line 8: {0} is 'hat' in line 6, but not in line 8; the photo is not used; skipped"
    talk = capsys.readouterr().err
    assert said.format(folder / "n02.png") in talk
    assert "3 of 7 lines skipped" in talk


def test_rows_of_marks_add_up_if_they_do_not_contradict_each_other(folder: Path) -> None:
    rows = [("n00.png", 1, ""), ("n00.png", "", 1), ("n01.png", 1, 0), ("n01.png", 1, 0)]
    path = write_rows(folder / "l.csv", [("path", "a", "b"), *rows])
    assert read(path) == {"n00": ("a", "b"), "n01": ("a",)}


def test_a_row_with_an_error_of_classify_is_skipped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        ("n00.png", "red", 0.9, ""),
        ("n01.png", "", "", "is cut off"),
        ("n02.png", "", 0.1, ""),
    ]
    path = write_rows(folder / "tags.csv", [("image", "tags", "red", "error"), *rows])
    assert read(path, max_unreadable=0.5) == {"n00": ("red",), "n02": ()}
    assert "line 3: has the error 'is cut off'; skipped" in capsys.readouterr().err


def test_photos_without_a_label_are_counted_with_the_first_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one_column(folder, ["red", "", "hat", ""])
    assert "2 photos without a label (the first: line 3)" in capsys.readouterr().err
