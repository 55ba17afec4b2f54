from pathlib import Path

import numpy as np
import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.labels import Sample, groups
from pyimagesearch.labels.groups import (
    AmbiguousGroupsError,
    LabelGroup,
    find_groups,
    names_colours,
    parse_groups,
)

ARTICLE = {
    "black_jeans": 344,
    "blue_dress": 386,
    "blue_jeans": 356,
    "blue_shirt": 369,
    "red_dress": 380,
    "red_shirt": 332,
}
COLOURS = LabelGroup("colour", ("black", "blue", "red"), is_colour=True)
GARMENTS = LabelGroup("group", ("dress", "jeans", "shirt"), is_colour=False)


def samples_of(counts: dict[str, int]) -> list[Sample]:
    return [
        Sample(Path(name), tuple(sorted(filter(None, name.split("_")))))
        for name, count in counts.items()
        for _ in range(count)
    ]


def test_the_articles_folders_give_colours_and_garments() -> None:
    assert find_groups(samples_of(ARTICLE)) == [COLOURS, GARMENTS]


def test_four_folders_of_two_by_two_are_enough() -> None:
    counts = {f"{c}_{g}": 5 for c in ("blue", "red") for g in ("dress", "shirt")}
    assert [group.labels for group in find_groups(samples_of(counts))] == [
        ("blue", "red"),
        ("dress", "shirt"),
    ]


def test_images_without_a_label_do_not_hide_the_groups() -> None:
    assert find_groups(samples_of({**ARTICLE, "": 300})) == [COLOURS, GARMENTS]


def test_a_few_wrong_folders_are_forgiven_and_more_are_not() -> None:
    few = samples_of({**ARTICLE, "black_blue_shirt": 5})
    assert find_groups(few) == [COLOURS, GARMENTS]
    many = samples_of({**ARTICLE, "black_blue_shirt": 50})
    assert find_groups(many) == [GARMENTS]


def test_a_rare_label_joins_its_group() -> None:
    rare = find_groups(samples_of({**ARTICLE, "teal_shirt": 3}))
    assert rare[0].labels == ("black", "blue", "red", "teal")


def test_single_labels_are_one_group() -> None:
    counts = {f"kind{number}": 1 for number in range(400)}
    assert [len(group.labels) for group in find_groups(samples_of(counts))] == [400]


def test_labels_that_hold_together_freely_are_no_group() -> None:
    draws = np.random.default_rng(0).random((2000, 25)) < 0.15
    names = np.array([f"genre{number}" for number in range(25)])
    assert find_groups([Sample(Path("x"), tuple(names[row])) for row in draws]) == []


def test_the_search_in_many_labels_without_structure_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(groups, "MAX_WORK", 100_000_000)
    draws = np.random.default_rng(0).random((2000, 80)) < 0.35  # a full search takes forever
    names = np.array([f"tag{number}" for number in range(80)])
    samples = [Sample(Path("x"), tuple(names[row])) for row in draws]
    assert find_groups(samples) == []


def test_if_everything_black_is_jeans_the_groups_are_ambiguous() -> None:
    counts = {name: count for name, count in ARTICLE.items() if name != "blue_jeans"}
    with pytest.raises(AmbiguousGroupsError, match="does not show which labels") as error:
        find_groups(samples_of(counts))
    assert "--label-groups" in str(error.value)


@pytest.mark.parametrize(
    ("labels", "are_colours"),
    [
        (("Red", "navy", "grey"), True),
        (("burgundy", "patterned", "black", "white"), True),
        (("dress", "jeans", "shirt"), False),
        (("apple", "banana", "lime", "melon", "pear"), False),
        (("red", "dress", "jeans", "shirt"), False),
    ],
)
def test_colours_are_known_by_their_names(labels: tuple[str, ...], are_colours: bool) -> None:
    assert names_colours(labels) is are_colours


def test_groups_can_be_written_or_switched_off() -> None:
    known = ["black", "dress", "jeans", "red"]
    written = parse_groups(["colour=red,black", "garment=jeans,dress"], known)
    assert written == [
        LabelGroup("colour", ("black", "red"), is_colour=True),
        LabelGroup("garment", ("dress", "jeans"), is_colour=False),
    ]
    assert parse_groups(["none"], known) == []


@pytest.mark.parametrize(
    ("argument", "reason"),
    [
        ("colour", "write each group as"),
        ("colour=red", "write each group as"),
        ("colour=red,green", "no photo has the label 'green'"),
        ("colour=red,red", "listed twice"),
    ],
)
def test_a_label_group_that_does_not_fit_is_reported(argument: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        parse_groups([argument], ["red", "black"])
