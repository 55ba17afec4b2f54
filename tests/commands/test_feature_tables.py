"""train.py and classify.py with feature tables instead of photos."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.commands import Run, one_line_error
from support.tables import LABELS, table


def write_csv(path: Path, count: int) -> Path:
    features, targets = table(count)
    rows = np.concatenate([features, targets], axis=1).tolist()
    lines = ["a,b,c,d,e,f,big,far,red", *(",".join(map(repr, row)) for row in rows)]
    path.write_text("\n".join(lines))
    return path


def test_train_and_classify_take_a_table_from_end_to_end(run_command: Run, tmp_path: Path) -> None:
    write_csv(tmp_path / "table.csv", 200)
    columns = ("--label-columns", "big,far,red", "--epochs", 12, "--learning-rate", 0.003)
    result = run_command("train.py", "-d", "table.csv", *columns, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "training mlp" in result.stderr
    assert "rows of 6 features" in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("fashion.model", "metrics.json", "mlb.pickle", "plot.png", "table.csv"),
    ]
    record = json.loads((tmp_path / "metrics.json").read_text())
    assert record["scores"]["images"] == len(record["validation_rows"]) == 40
    assert record["validation_rows"][0].startswith("table.csv:")
    assert record["recipe"]["loss"] == "bce"
    features, targets = table(200)
    np.savez(tmp_path / "new.npz", features=features, names=list("abcdef"))
    answers = []
    for engine in ("onnx", "keras"):
        tagged = run_command(
            *("classify.py", "-i", "new.npz", "--json", "--engine", engine), cwd=tmp_path
        )
        rows = [json.loads(line) for line in tagged.stdout.splitlines()]
        assert [row["image"] for row in rows[:2]] == ["new.npz:1", "new.npz:2"], tagged.stderr
        answers.append(np.array([list(row["probabilities"].values()) for row in rows]))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)
    assert ((answers[0] >= 0.5) == targets).mean() > 0.85

    np.savez(
        tmp_path / "all.npz",
        features=features,
        names=list("abcdef"),
        targets=targets,
        labels=LABELS,
    )
    for name in ("table.csv", "all.npz"):
        scored = run_command("classify.py", "--evaluate", name, cwd=tmp_path)
        assert scored.returncode == 0, scored.stderr
        assert "200 rows" in scored.stdout.splitlines()[0]
        assert float(scored.stdout.split()[2].rstrip(",")) > 0.6
    blue = run_command("classify.py", "--evaluate", "new.npz", cwd=tmp_path)
    assert "new.npz: has no column 'big'" in one_line_error(blue)

    (tmp_path / "less.csv").write_text("a,b,c,d,e\n1,2,3,4,5\n")
    lacks = run_command("classify.py", "-i", "less.csv", cwd=tmp_path)
    assert "less.csv: has no column 'f'" in one_line_error(lacks)
    sidecar = run_command("classify.py", "-i", "new.npz", "--sidecar", cwd=tmp_path)
    assert "--sidecar: fashion.model tags rows of tables" in one_line_error(sidecar)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--architecture", "factored"), "--architecture factored: mlp is for feature tables"),
        (("--image-size", 32), "--image-size: mlp takes the features of a table"),
        (("--label-columns", "big,blue"), "has no column 'blue'"),
        (("--export-labels", "x.csv"), "--export-labels: table.csv is a table"),
        (("--list-duplicates",), "--list-duplicates: table.csv is a table"),
        (("--leave-one-pair-out", "--label-groups", "none"), "needs label groups"),
    ],
)
def test_what_does_not_fit_a_table_is_an_error(
    run_command: Run, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    write_csv(tmp_path / "table.csv", 20)
    result = run_command(
        *("train.py", "-d", "table.csv", "--label-columns", "big,far,red", *arguments),
        cwd=tmp_path,
    )
    assert reason in one_line_error(result)
