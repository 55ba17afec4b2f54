"""Labels that look odd: some stop the run, others are warned of."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from support.labels import TRUTH, touch, write_rows

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample, check_labels
from pyimagesearch.labels.check import find_issues


def samples_of(labelsets: Sequence[Sequence[str]]) -> list[Sample]:
    return [Sample(Path(f"{i}.jpg"), tuple(sorted(found))) for i, found in enumerate(labelsets)]


GOOD = [["red", "hat"], ["red", "scarf"], ["blue", "hat"], ["blue", "scarf"]] * 3

FATAL: dict[str, tuple[Sequence[Sequence[str]], str]] = {
    "brackets": ([["['red'", "'hat']"], ["['blue'", "'hat']"]] * 3, "have brackets or quotes"),
    "quotes": ([['"red"'], ['"blue"']] * 3, "have brackets or quotes"),
    "separators": ([["red;hat"], ["blue;hat"]] * 3, "hold a separator"),
    "bars": ([["red|hat"], ["blue|hat"]] * 3, "hold a separator"),
    "file names": ([["1.jpg"], ["2.JPG"]] * 3, "are names of images"),
    "marks": ([["0", "1"], ["1"]] * 3, "marks, and not the names of labels"),
    "words for marks": ([["true"], ["false"]] * 3, "marks, and not the names of labels"),
    "boxes": ([["0 0.51 0.43 0.8 0.9"], ["1 0.51 0.42 0.8 0.9"]] * 3, "are measurements"),
    "measurements": ([["0.51"], ["23.5"]] * 3, "are measurements"),
    "captions": ([[f"a photo number {i}"] for i in range(40)], "are on one photo each"),
    "ids": ([["red", f"id{i}"] for i in range(40)], "are on one photo each"),
    "the same everywhere": ([["red", "hat"]] * 3, "every photo has the label 'hat', 'red'"),
}


@pytest.mark.parametrize(("labelsets", "reason"), FATAL.values(), ids=FATAL)
def test_labels_that_would_ruin_the_run_stop_it(
    labelsets: Sequence[Sequence[str]], reason: str
) -> None:
    with pytest.raises(CommandError, match=r"docs/labels.md") as raised:
        check_labels(samples_of(labelsets))
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


ODD: dict[str, tuple[Sequence[Sequence[str]], str]] = {
    "a bracket": ([*GOOD, ["[sic"]], "labels such as '[sic' have brackets or quotes"),
    "a separator": ([*GOOD, ["a;b"]], "labels such as 'a;b' hold a separator"),
    "numbers": ([["147", "616"], ["147"], ["616"]] * 3, "the labels are numbers such as '147'"),
    "on every photo": ([[*found, "photo"] for found in GOOD], "every photo has the label 'photo'"),
    "on one photo each": ([["a"], ["b"], ["c"], ["d"], ["d"]], "3 of 4 labels are on one photo"),
    "pairs by spaces": (
        [["red dress"], ["red hat"], ["blue hat"], ["blue dress"]] * 3,
        "may be several labels each; separate them by | in a file",
    ),
    "pairs by underscores": (
        [["red_dress"], ["red_hat"], ["blue_hat"], ["blue_dress"]] * 3,
        "labels such as 'blue_dress', 'blue_hat', 'red_dress' and 1 more may be several labels",
    ),
    "case": ([*GOOD, ["Red"], ["Red"]], "differ in case or spaces only: 'Red' (2), 'red' (6)"),
    "spaces": ([*GOOD, ["t-shirt"] * 1, ["t shirt"]], "'t shirt' (1), 't-shirt' (1)"),
}


@pytest.mark.parametrize(("labelsets", "warning"), ODD.values(), ids=ODD)
def test_odd_labels_are_warned_of(
    capsys: pytest.CaptureFixture[str], labelsets: Sequence[Sequence[str]], warning: str
) -> None:
    check_labels(samples_of(labelsets))
    talk = capsys.readouterr().err
    assert warning in talk
    assert "see what was understood with --export-labels" in talk


HARMLESS: dict[str, Sequence[Sequence[str]]] = {
    "words": GOOD,
    "two words": [["science fiction"], ["film noir"]] * 3,
    "signs": [["C#"], ["R&B"], ["t-shirt"], ["men's wear"]] * 3,
    "a few numbers": [["2019", "red"], ["blue"], ["hat"]] * 3,
    "without labels": [*GOOD, [], []],
    "any script": [["青"], ["Größe"]] * 3,
}


@pytest.mark.parametrize("labelsets", HARMLESS.values(), ids=HARMLESS)
def test_ordinary_labels_are_not_odd(labelsets: Sequence[Sequence[str]]) -> None:
    assert find_issues(samples_of(labelsets)) == []


def test_one_label_alone_is_refused() -> None:
    with pytest.raises(CommandError, match="only the label 'red'"):
        check_labels([Sample(Path("a"), ("red",)), Sample(Path("b"), ())])
    with pytest.raises(CommandError, match="no label at all"):
        check_labels([Sample(Path("a"), ())])
    check_labels([Sample(Path("a"), ("dress", "red")), Sample(Path("b"), ("red",))])


def test_a_label_that_is_not_text_is_refused() -> None:
    with pytest.raises(CommandError, match=r"the label 'red\\udcff' is not UTF-8"):
        check_labels([Sample(Path("a"), ("dress", "red\udcff"))])
    with pytest.raises(CommandError, match="has over 1000 letters"):
        check_labels([Sample(Path("a"), ("dress", "x" * 1001))])


def test_the_titles_of_photos_are_not_trained_on(tmp_path: Path) -> None:
    touch(tmp_path / "set", "{stem}.png")
    touch(tmp_path / "set", "{stem}b.png")
    rows = [(f"{stem}{end}.png", f"A photo of {stem}{end}") for stem in TRUTH for end in ("", "b")]
    path = write_rows(tmp_path / "set" / "l.csv", [("path", "title"), *rows])
    with pytest.raises(CommandError, match="24 of 24 labels are on one photo each"):
        check_labels(labels.read(path).samples)
