"""train.py and classify.py with feature tables instead of photos."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.commands import Result, call, one_line_error
from support.tables import FEATURES, LABELS, table, write_csv

COLUMNS = ("--label-columns", ",".join(LABELS))


@dataclass(frozen=True)
class TrainedOnTable:
    """A folder with table.csv and the files of a run on it, and what the run printed."""

    folder: Path
    output: Result


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedOnTable:
    folder = tmp_path_factory.mktemp("trained-on-table")
    features, targets = table(200)
    write_csv(folder / "table.csv", features, targets, LABELS)
    settings = ("--epochs", 12, "--learning-rate", 0.003)
    output = call("train.py", "-d", "table.csv", *COLUMNS, *settings, cwd=folder)
    assert output.returncode == 0, output.stderr
    np.savez(folder / "new.npz", features=features, names=list(FEATURES))
    np.savez(
        folder / "labelled.npz",
        features=features,
        names=list(FEATURES),
        targets=targets,
        labels=LABELS,
    )
    return TrainedOnTable(folder, output)


def test_training_on_a_table_writes_the_usual_files(trained: TrainedOnTable) -> None:
    assert "training mlp" in trained.output.stderr
    assert "rows of 6 features" in trained.output.stderr
    names = {path.name for path in trained.folder.iterdir()}
    assert names >= {"fashion.model", "metrics.json", "mlb.pickle", "plot.png"}
    assert ".cache" not in names
    record = json.loads((trained.folder / "metrics.json").read_text())
    assert record["scores"]["images"] == len(record["validation_rows"]) == 40
    assert record["validation_rows"][0].startswith("table.csv:")
    assert record["recipe"]["loss"] == "bce"


def test_both_engines_tag_the_rows_of_a_table(trained: TrainedOnTable) -> None:
    answers = []
    for engine in ("onnx", "keras"):
        tagged = call(
            *("classify.py", "-i", "new.npz", "--json", "--engine", engine), cwd=trained.folder
        )
        rows = [json.loads(line) for line in tagged.stdout.splitlines()]
        assert [row["image"] for row in rows[:2]] == ["new.npz:1", "new.npz:2"], tagged.stderr
        answers.append(np.array([list(row["probabilities"].values()) for row in rows]))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)
    _, targets = table(200)
    assert ((answers[0] >= 0.5) == targets).mean() > 0.85


@pytest.mark.parametrize("name", ["table.csv", "labelled.npz"])
def test_evaluate_scores_the_rows_of_a_labelled_table(trained: TrainedOnTable, name: str) -> None:
    result = call("classify.py", "--evaluate", name, cwd=trained.folder)
    assert result.returncode == 0, result.stderr
    heading = result.stdout.splitlines()[0]
    assert "200 rows" in heading
    exact_match = float(heading.partition("right): ")[2].partition(",")[0])
    assert exact_match > 0.6


def test_a_table_without_a_column_of_the_model_is_an_error(trained: TrainedOnTable) -> None:
    unlabelled = call("classify.py", "--evaluate", "new.npz", cwd=trained.folder)
    assert "new.npz: has no column 'big'" in one_line_error(unlabelled)
    (trained.folder / "less.csv").write_text("a,b,c,d,e\n1,2,3,4,5\n")
    too_few = call("classify.py", "-i", "less.csv", cwd=trained.folder)
    assert "less.csv: has no column 'f'" in one_line_error(too_few)


@pytest.mark.parametrize("flag", [("--sidecar",), ("--output", "copies")])
def test_an_option_for_photos_is_an_error_if_the_model_takes_tables(
    trained: TrainedOnTable, flag: tuple[str, ...]
) -> None:
    result = call("classify.py", "-i", "new.npz", *flag, cwd=trained.folder)
    assert f"{flag[0]}: works with photos only, and fashion.model tags rows of tables" in (
        one_line_error(result)
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--architecture", "factored"), "--architecture factored: feature tables need mlp"),
        (("--image-size", 32), "--image-size: table.csv is a feature table; leave it out"),
        (("--label-columns", "big,blue"), "has no column 'blue'"),
        (("--export-labels", "x.csv"), "--export-labels: works with photos only, and table.csv"),
        (("--list-duplicates",), "--list-duplicates: works with photos only, and table.csv"),
        (("--audit",), "--audit: works with photos only, and table.csv"),
        (("--leave-one-pair-out", "--label-groups", "none"), "needs label groups"),
    ],
)
def test_an_option_for_photos_is_an_error_if_train_is_given_a_table(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    write_csv(tmp_path / "table.csv", *table(20), LABELS)
    result = call("train.py", "-d", "table.csv", *COLUMNS, *arguments, cwd=tmp_path)
    assert reason in one_line_error(result)
