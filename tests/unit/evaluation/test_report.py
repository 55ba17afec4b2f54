from pathlib import Path

import numpy as np

from pyimagesearch.evaluation import report
from pyimagesearch.labels import Sample
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.scoring import metrics


def test_scores_that_cannot_be_computed_without_labels_are_dashes() -> None:
    nothing = np.zeros((3, 2))
    scores = metrics.score(nothing, nothing, nothing, ("red", "dress"))
    text = report.describe_scores(scores)
    assert text.startswith("Exact match (all labels of a photo right): 1.000, 95 % interval ")
    assert text.splitlines()[0].endswith(" 3 photos, 3 without tags")
    rows = {line.rpartition("  ")[0].split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["mAP"][1:] == ["-", "-"]
    assert rows["red"] == ["red", "0", "-", "-", "-", "-"]
    assert "nan" not in text


def test_control_characters_in_a_label_are_escaped_in_tables() -> None:
    assert report.table(("label", "n"), [("\x1b[2Jred\n", 1)]).splitlines() == [
        "label         n",
        r"\x1b[2Jred\n  1",
    ]


def test_control_characters_in_a_label_are_escaped_in_groups() -> None:
    group = LabelGroup("colour", ("\x1b[2Jblue", "red"), is_colour=True)
    assert r"colour: one of \x1b[2Jblue, red" in report.describe_samples([], [group])


def test_rare_combinations_are_summed_up_in_one_row() -> None:
    labels = [("a", "b")] * 2 + [(f"{number:02}",) for number in range(40)]
    text = report.describe_samples([Sample(Path("x"), names) for names in labels], [])
    rows = [line.split() for line in text.partition("combination")[2].splitlines()[1:]]
    assert len(rows) == report.LABELSETS + 1
    assert rows[-1] == ["(11", "rarer", "combinations)", "11"]
    assert sum(int(row[-1]) for row in rows) == 42
