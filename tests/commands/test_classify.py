"""classify.py as users run it: what it prints and writes."""

import csv
import json
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.commands import EXAMPLE, ROOT, Model, Run, Trained, call, one_line_error
from support.pictures.plain import write_picture

LABELS = ["black", "blue", "dress", "jeans", "red", "shirt"]
EXAMPLES = ROOT / "examples"


def test_it_prints_every_label_with_its_percentage_for_a_single_photo(
    run_command: Run, trained: Trained
) -> None:
    result = run_command("classify.py", "-i", EXAMPLE, cwd=trained.folder)
    assert result.returncode == 0, result.stderr
    heading, *lines = result.stdout.splitlines()
    assert heading.startswith(f"{EXAMPLE}: ")
    assert [line.partition(": ")[0] for line in lines] == LABELS
    for line in lines:
        percentage = line.partition(": ")[2]
        assert 0 <= float(percentage.removesuffix("%")) <= 100
    assert result.stderr == ""


def test_it_works_from_another_folder(quick_model: Model, tmp_path: Path) -> None:
    here = call("classify.py", "-i", EXAMPLE, cwd=quick_model.folder)
    there = call("classify.py", *quick_model.files, "-i", EXAMPLE, cwd=tmp_path)
    assert here.stdout == there.stdout != ""


def test_photos_folders_and_paths_from_stdin_are_tagged_in_order(
    run_command: Run, quick_model: Model, tiny_dataset: Path
) -> None:
    dresses = sorted((tiny_dataset / "red_dress").iterdir())
    result = run_command(
        "classify.py",
        *("-i", EXAMPLE, tiny_dataset / "red_dress", "-", "--json"),
        cwd=quick_model.folder,
        stdin=f"{dresses[3]}\n{dresses[1]}\n",
    )
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    expected = [EXAMPLE, *dresses, dresses[3], dresses[1]]
    assert [row["image"] for row in rows] == [str(path) for path in expected]
    assert rows[4]["probabilities"] == pytest.approx(rows[-2]["probabilities"], abs=1e-4)


def test_json_has_the_tags_and_the_probabilities_of_all_labels(trained: Trained) -> None:
    result = call("classify.py", "-i", EXAMPLES, "--json", cwd=trained.folder)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == 7
    for row in rows:
        assert list(row["probabilities"]) == LABELS
        assert all(row["probabilities"][tag] >= 0.05 for tag in row["tags"])
        for group in ({"black", "blue", "red"}, {"dress", "jeans", "shirt"}):
            assert len(group & set(row["tags"])) <= 1


def test_threshold_replaces_the_thresholds_of_the_model(quick_model: Model) -> None:
    high, low = (
        call("classify.py", "-i", EXAMPLE, "--json", "--threshold", value, cwd=quick_model.folder)
        for value in (0.9999, 0.0001)
    )
    assert json.loads(high.stdout)["tags"] == []
    assert len(json.loads(low.stdout)["tags"]) == 2


def test_evaluate_prints_the_scores_that_training_printed(trained: Trained, tmp_path: Path) -> None:
    record = json.loads((trained.folder / "metrics.json").read_text())
    for photo in map(Path, record["validation_photos"]):
        (tmp_path / photo.parent.name).mkdir(exist_ok=True)
        shutil.copy(photo, tmp_path / photo.parent.name)
    result = call("classify.py", "--evaluate", tmp_path, cwd=trained.folder)
    assert result.returncode == 0, result.stderr
    assert "baseline (no tags)" in result.stdout
    again = " ".join(result.stdout.splitlines()[1:]).split()
    printed = trained.output.stdout.split()[-len(again) :]
    for one, other in zip(printed, again, strict=True):
        # The cache keeps features with fewer bits: a photo at a threshold may get other tags.
        assert one == other or float(one) == pytest.approx(float(other), abs=0.06)


def test_evaluate_reads_labels_from_a_csv_file(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path
) -> None:
    photos = sorted(tiny_dataset.glob("*/*"))
    rows = [f"{photo},{photo.parent.name.replace('_', '|')}" for photo in photos]
    (tmp_path / "labels.csv").write_text("\n".join(["path,labels", *rows]))
    from_csv = call("classify.py", "--evaluate", tmp_path / "labels.csv", cwd=quick_model.folder)
    assert from_csv.returncode == 0, from_csv.stderr
    in_folders = call("classify.py", "--evaluate", tiny_dataset, cwd=quick_model.folder)
    assert "60 photos" in from_csv.stdout
    assert from_csv.stdout == in_folders.stdout


def test_evaluating_a_label_that_the_model_does_not_know_is_an_error(
    quick_model: Model, tmp_path: Path
) -> None:
    write_picture(tmp_path / "photos" / "teal_hat" / "a.png")
    result = call("classify.py", "--evaluate", tmp_path / "photos", cwd=quick_model.folder)
    assert "a.png: has the label 'hat', which the model does not know" in one_line_error(result)


def test_csv_has_a_row_per_photo_and_a_column_per_label(quick_model: Model) -> None:
    result = call("classify.py", "-i", EXAMPLES, "--csv", cwd=quick_model.folder)
    header, *rows = csv.reader(result.stdout.splitlines())
    assert header == ["image", "tags", *LABELS, "error"]
    assert len(rows) == 7
    as_json = call("classify.py", "-i", EXAMPLES, "--json", cwd=quick_model.folder)
    for row, line in zip(rows, as_json.stdout.splitlines(), strict=True):
        other = json.loads(line)
        assert row[:2] == [other["image"], "|".join(other["tags"])]
        assert row[-1] == ""
        assert list(map(float, row[2:-1])) == pytest.approx(
            list(other["probabilities"].values()), abs=1e-5
        )


def test_top_k_limits_the_probabilities_shown_but_not_the_tags(quick_model: Model) -> None:
    full, top = (
        json.loads(
            call("classify.py", "-i", EXAMPLE, "--json", *more, cwd=quick_model.folder).stdout
        )
        for more in ((), ("--top-k", 1))
    )
    most_likely = max(full["probabilities"], key=full["probabilities"].get)
    assert list(top["probabilities"]) == [most_likely]
    assert top["tags"] == full["tags"]


def test_two_photos_with_the_same_text_file_do_not_overwrite_each_other(
    quick_model: Model, tmp_path: Path
) -> None:
    for name in ("a.jpeg", "a.jpg"):
        shutil.copy(EXAMPLE, tmp_path / name)
    result = call("classify.py", *quick_model.files, "-i", tmp_path, "--sidecar", cwd=tmp_path)
    assert result.returncode == 0
    (warning,) = result.stderr.splitlines()
    assert warning.endswith(f"a.jpg: {tmp_path}/a.txt has the tags of another photo; not written")
    assert (tmp_path / "a.txt").exists()


def test_output_writes_a_tagged_copy_to_a_file(quick_model: Model, tmp_path: Path) -> None:
    copy = tmp_path / "new folder" / "标签.png"
    result = call("classify.py", "-i", EXAMPLE, "--output", copy, cwd=quick_model.folder)
    assert result.returncode == 0, result.stderr
    picture = cv2.imdecode(np.fromfile(copy, "uint8"), cv2.IMREAD_COLOR)
    original = cv2.imread(str(EXAMPLE))
    assert picture is not None
    assert original is not None
    assert max(original.shape) < max(picture.shape)
    band = picture[-40:]
    assert band.min() < 80  # text
    assert band.mean() > 200  # on white


def test_output_writes_copies_into_a_folder_without_overwriting_any(
    quick_model: Model, tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        write_picture(tmp_path / folder / "same.png")
    result = call(
        "classify.py", *quick_model.files, "-i", "a", "b", "--output", "out", cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "same-tagged-2.png",
        "same-tagged.png",
    ]


def test_an_unreadable_photo_among_others_is_reported_and_skipped(
    run_command: Run, quick_model: Model, tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(EXAMPLE.read_bytes()[:3000])
    result = run_command(
        "classify.py", *quick_model.files, "-i", "broken.jpg", EXAMPLE, "gone.jpg", cwd=tmp_path
    )
    assert result.returncode == 0
    assert len(result.stdout.splitlines()) == 1
    warnings = result.stderr.splitlines()
    assert "broken.jpg: is cut off; skipped" in warnings[0]
    assert "gone.jpg: " in warnings[1]
    assert warnings[2] == "2 of 3 photos skipped"


def test_tagging_loads_neither_tensorflow_nor_scikit_learn(
    run_command: Run, quick_model: Model, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import atexit, sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "heavy = ('tensorflow', 'keras', 'sklearn', 'matplotlib')\n"
        "atexit.register(lambda: print([name for name in heavy if name in sys.modules]))\n"
        "import classify\n"
        "sys.exit(classify.main())\n"
    )
    result = run_command(script, "-i", EXAMPLE, cwd=quick_model.folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "[]"


def test_both_engines_give_the_same_probabilities(trained: Trained) -> None:
    onnx, keras = (
        call(
            "classify.py", "-i", EXAMPLES, "--json", "--engine", engine, cwd=trained.folder
        ).stdout.splitlines()
        for engine in ("onnx", "keras")
    )
    assert len(onnx) == 7
    for left, right in zip(map(json.loads, onnx), map(json.loads, keras), strict=True):
        assert left["probabilities"] == pytest.approx(right["probabilities"], abs=1e-4)


def copy_model(quick_model: Model, folder: Path, changes: dict[str, bytes | None]) -> None:
    """Copy the model files into `folder`; `changes` are members of the model, None to leave out."""
    with (
        zipfile.ZipFile(quick_model.folder / "fashion.model") as model,
        zipfile.ZipFile(folder / "fashion.model", "w") as copy,
    ):
        for member in model.infolist():
            content = changes.get(member.filename, model.read(member))
            if content is not None:
                copy.writestr(member, content)
    shutil.copy(quick_model.folder / "mlb.pickle", folder)


def test_a_rejected_photo_has_no_tags_in_any_output_format_and_with_both_engines(
    quick_model: Model, tmp_path: Path
) -> None:
    with zipfile.ZipFile(quick_model.folder / "fashion.model") as model:
        config = json.loads(model.read("tagger.json"))
    rejecting = json.dumps(config | {"energy_threshold": 1000}).encode()
    copy_model(quick_model, tmp_path, {"tagger.json": rejecting})

    def output(*arguments: object) -> str:
        result = call("classify.py", "-i", EXAMPLE, *arguments, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        return result.stdout

    heading, *percentages = output().splitlines()
    assert heading == f"{EXAMPLE}: nothing known here"
    assert len(percentages) == len(LABELS)
    _, row = csv.reader(output("--csv").splitlines())
    assert row[1] == ""
    for engine in ("onnx", "keras"):
        answer = json.loads(output("--json", "--engine", engine))
        assert answer["tags"] == []
        assert max(answer["probabilities"].values()) > 0
    assert len(json.loads(output("--json", "--threshold", 0.0001))["tags"]) == 2


def test_a_model_without_an_onnx_export_works_with_keras(
    quick_model: Model, tmp_path: Path
) -> None:
    copy_model(quick_model, tmp_path, {"serving.onnx": None})
    result = call("classify.py", "-i", EXAMPLE, cwd=tmp_path)
    assert len(result.stdout.splitlines()) == 7, result.stderr
    error = one_line_error(call("classify.py", "-i", EXAMPLE, "--engine", "onnx", cwd=tmp_path))
    assert "has no ONNX export; use --engine keras" in error
