"""The network for feature tables: what it is, that it learns, and the commands with a table."""

import json
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from support.commands import Run, one_line_error

from pyimagesearch.data.splits import stratified_split
from pyimagesearch.model_file.onnx_export import to_onnx
from pyimagesearch.networks import build
from pyimagesearch.networks.mlp import MultiLabelMLP
from pyimagesearch.training import loop, losses
from pyimagesearch.training.augment import Augmentation
from pyimagesearch.training.history import EpochMetrics, best_epoch

Floats = NDArray[np.float32]
LABELS = ("big", "far", "red")


def table(count: int = 300) -> tuple[Floats, Floats]:
    """Features of odd sizes, the last one constant, and three labels that follow from them."""
    draw = np.random.default_rng(3)
    x = draw.normal(size=(count, 6)).astype(np.float32)
    targets = np.stack([x[:, 0] > 0, x[:, 1] + x[:, 2] > 0.5, x[:, 3] > 1.2], axis=1)
    scales, offsets = [1, 1000, 1000, 1e-3, 1, 0], [0, 5000, 0, 7, -3, 4]
    x = x * np.array(scales, np.float32) + np.array(offsets, np.float32)
    return x, targets.astype(np.float32)


def trained(
    loss: losses.Loss, count: int = 300
) -> tuple[keras.Model, loop.Data, list[EpochMetrics]]:
    features, targets = table(count)
    split = stratified_split([tuple(row) for row in targets], np.arange(count), 0.25, 0)
    data = loop.Data(features, targets, LABELS, (), *split)
    model = build.build_mlp(features[data.training], LABELS, 0)
    schedule = loop.Schedule(25, 32, 3e-3, 0, loss=loss)
    epochs = loop.fit(model, data, schedule, Augmentation(), lambda: None, lambda _: None)
    return model, data, epochs


def test_it_has_the_layers_of_the_tutorial_and_stock_ones_only() -> None:
    model = MultiLabelMLP.build(20, 4)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.units for layer in dense] == [500, 100, 4]
    assert [layer.activation.__name__ for layer in dense] == ["relu", "relu", "linear"]
    assert model.layers[-1].activation.__name__ == "sigmoid"
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}
    assert model.count_params() == 20 * 500 + 500 + 500 * 100 + 100 + 100 * 4 + 4


def test_it_standardises_its_input_and_a_constant_feature_does_no_harm() -> None:
    features, _ = table()
    model = build.build_mlp(features, LABELS, 0)
    middle = keras.Model(model.inputs, model.layers[1].output)
    standard = np.asarray(middle(features))
    np.testing.assert_allclose(standard[:, :5].mean(axis=0), 0, atol=1e-3)
    np.testing.assert_allclose(standard[:, :5].std(axis=0), 1, atol=1e-3)
    assert np.all(standard[:, 5] == 0)
    moved = features.copy()
    moved[:, 5] += 1
    assert np.abs(np.asarray(middle(moved))).max() < 10


@pytest.mark.parametrize("name", list(losses.FUNCTIONS))
def test_every_loss_learns_to_order_labels_through_the_one_loop(name: str) -> None:
    model, data, _ = trained(losses.Loss(name))
    probabilities = np.asarray(model(data.inputs[data.validation]))
    targets = data.targets[data.validation]
    for column in range(2):
        holds = targets[:, column] == 1
        assert probabilities[holds, column].mean() > probabilities[~holds, column].mean() + 0.15


def test_the_default_loss_decides_right() -> None:
    _, _, epochs = trained(losses.Loss())
    assert best_epoch(epochs).validation_label_accuracy > 0.9


def test_the_onnx_copy_of_a_network_for_tables_says_what_keras_says() -> None:
    features, _ = table(20)
    model = build.build_mlp(features, LABELS, 0)
    session = onnxruntime.InferenceSession(to_onnx(model, 1 / 255))
    (copy,) = session.run(["probabilities"], {"features": features})
    expected = np.asarray(model(features))
    assert np.ptp(expected) > 0.05
    np.testing.assert_allclose(copy, expected, atol=1e-5)


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
