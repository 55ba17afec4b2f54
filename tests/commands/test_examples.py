"""The pictures in examples/, among them a black dress: training only sees black jeans."""

import json

from support.commands import ROOT, Trained, call

LABELS = ["black jeans", "blue dress", "blue jeans", "blue shirt", "red dress", "red shirt"]


def test_every_example_is_tagged_right_and_only_the_black_dress_is_a_new_combination(
    trained: Trained,
) -> None:
    result = call("classify.py", "-i", ROOT / "examples", "--json", cwd=trained.folder)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [" ".join(row["tags"]) for row in rows] == [*LABELS, "black dress"], result.stderr
    assert [row["new_combination"] for row in rows] == [False] * 6 + [True]
