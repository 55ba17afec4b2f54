"""What a newcomer sees after `make train`."""

import json
from pathlib import Path

import pytest
from support.commands import ROOT, Run

EXPECTED = ["black jeans", "blue dress", "blue jeans", "blue shirt", "red dress", "red shirt"]


@pytest.mark.slow
def test_every_example_is_tagged_right_and_the_black_dress_is_a_new_combination(
    run_command: Run, tmp_path: Path
) -> None:
    trained = run_command("train.py", "--dataset", ROOT / "dataset", cwd=tmp_path)
    assert trained.returncode == 0, trained.stderr
    tagged = run_command("classify.py", "-i", ROOT / "examples", "--json", cwd=tmp_path)
    rows = [json.loads(line) for line in tagged.stdout.splitlines()]
    assert [" ".join(row["tags"]) for row in rows] == [*EXPECTED, "black dress"]
    assert [row["new_combination"] for row in rows] == [False] * 6 + [True]
