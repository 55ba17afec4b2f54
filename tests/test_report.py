import numpy as np

from pyimagesearch import metrics, report


def test_scores_that_photos_without_labels_cannot_have_are_dashes() -> None:
    nothing = np.zeros((3, 2))
    scores = metrics.score(nothing, nothing, nothing, ("red", "dress"))
    text = report.describe_scores(scores)
    rows = {line.rpartition("  ")[0].split("  ")[0]: line.split() for line in text.splitlines()}
    assert rows["mAP"][1:] == ["-", "-"]
    assert rows["red"] == ["red", "0", "-", "-", "-", "-"]
    assert "nan" not in text


def test_a_label_cannot_steer_the_terminal_from_a_table() -> None:
    assert report.table(("label", "n"), [("\x1b[2Jred\n", 1)]).splitlines() == [
        "label         n",
        r"\x1b[2Jred\n  1",
    ]
