"""train.py as users run it: what it prints and writes, and its errors."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import pytest
from support.commands import Run, Trained, call, one_line_error
from support.pictures.plain import write_picture

ONE_EPOCH = ("--weights", "none", "--epochs", 1, "--image-size", 16)
FILES = [".cache", "fashion.model", "metrics.json", "mlb.pickle", "plot.png"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_writes_the_model_the_binarizer_the_plot_and_the_metrics(trained: Trained) -> None:
    assert names(trained.folder) == FILES
    binarizer = pickle.loads((trained.folder / "mlb.pickle").read_bytes())
    assert list(binarizer.classes_) == ["black", "blue", "dress", "jeans", "red", "shirt"]
    plot = cv2.imread(str(trained.folder / "plot.png"))
    assert plot is not None
    assert plot.shape[0] > 300
    assert plot.shape[1] > 800


def test_it_prints_labels_combinations_groups_and_scores_on_stdout(trained: Trained) -> None:
    words = " ".join(trained.output.stdout.split())
    assert "label photos black 96 blue 288" in words
    assert "black + jeans 96 blue + dress 96" in words
    assert "colour: one of black, blue, red" in words
    assert "Validation set: 114 photos, not trained on, but used to choose the thresholds" in words
    assert "Exact match (all labels of a photo right): 0." in words


def test_the_printed_scores_are_those_in_metrics_json(trained: Trained) -> None:
    record = json.loads((trained.folder / "metrics.json").read_text())
    assert record["recipe"]["seed"] == 42
    assert record["flags"]["dataset"] == str(trained.dataset)
    assert len(record["validation_photos"]) == record["scores"]["images"] == 114
    numbers = [epoch["number"] for epoch in record["epochs"]]
    assert numbers == list(range(1, len(numbers) + 1))
    kept = record["epochs"][record["epoch"] - 1]
    overall = record["scores"]["overall"]
    assert kept["validation_mean_average_precision"] == pytest.approx(overall["mAP"], abs=0.01)
    lines = [line.split() for line in trained.output.stdout.splitlines()]
    for name in ("mAP", "coverage"):
        baseline = record["scores"]["baseline"][name]
        assert [name, f"{overall[name]:.3f}", f"{baseline:.3f}"] in lines
    assert set(record["versions"]) >= {"python", "keras", "tensorflow", "scikit-learn"}


def test_messages_are_plain_lines_without_those_of_tensorflow(trained: Trained) -> None:
    messages = trained.output.stderr.splitlines()
    epochs = json.loads((trained.folder / "metrics.json").read_text())["epochs"]
    assert sum(line.startswith("epoch ") for line in messages) == len(epochs)
    assert not any("oneDNN" in line or "cuda" in line.lower() for line in messages)
    assert "\r" not in trained.output.stderr


def test_it_writes_into_new_folders_under_any_name(tiny_dataset: Path, tmp_path: Path) -> None:
    files = ("--model", "out/a.b/My Model", "--labelbin", "out/labels", "--plot", "out/p/plot")
    result = call("train.py", "--dataset", tiny_dataset, *files, *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for name in ("a.b/My Model", "labels", "p/plot"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    photo = next((tiny_dataset / "red_dress").iterdir())
    tagged = call("classify.py", *files[:4], "--image", photo, cwd=tmp_path)
    assert tagged.returncode == 0, tagged.stderr


def test_smallervggnet_is_trained_if_there_are_no_groups_and_a_broken_photo_is_skipped(
    tmp_path: Path,
) -> None:
    for index in range(8):
        write_picture(tmp_path / "dataset" / "red" / f"{index}.png", (0, index, 200))
        write_picture(tmp_path / "dataset" / "red_big" / f"{index}.png", (0, index, 220))
        write_picture(tmp_path / "dataset" / "_none" / f"{index}.png", (200, index, 0))
    (tmp_path / "dataset" / "red" / "broken.png").write_bytes(b"not a picture")
    result = call("train.py", *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "broken.png: is not an image" in result.stderr
    assert "1 of 25 photos skipped" in result.stderr
    assert "training smallervggnet" in result.stderr
    assert "(no label)" in result.stdout
    tagged = call("classify.py", "--image", "dataset", cwd=tmp_path)
    assert len(tagged.stdout.splitlines()) == 24, tagged.stderr


def test_a_missing_dataset_is_an_error_of_one_line(run_command: Run, tmp_path: Path) -> None:
    error = one_line_error(run_command("train.py", "-d", "nowhere", cwd=tmp_path))
    assert error == "train.py: error: nowhere: no such folder or file"


def test_an_empty_file_name_is_a_wrong_argument(run_command: Run, tmp_path: Path) -> None:
    result = run_command("train.py", "--model", "", cwd=tmp_path)
    assert result.returncode == 2
    assert "argument -m/--model: '' is not the name of a file" in result.stderr


def test_an_empty_dataset_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "dataset" / "red_dress").mkdir(parents=True)
    error = one_line_error(call("train.py", cwd=tmp_path))
    assert "dataset: no images found" in error


def test_a_single_label_is_an_error(tmp_path: Path) -> None:
    write_picture(tmp_path / "dataset" / "red" / "a.png")
    error = one_line_error(call("train.py", cwd=tmp_path))
    assert "only the label 'red'" in error


def test_an_image_outside_the_folders_of_labels_is_an_error(tmp_path: Path) -> None:
    write_picture(tmp_path / "dataset" / "stray.png")
    error = one_line_error(call("train.py", cwd=tmp_path))
    assert "stray.png: " in error


def test_it_is_an_error_if_all_photos_are_unreadable(tmp_path: Path) -> None:
    for folder in ("red_dress", "blue_shirt"):
        write_picture(tmp_path / "dataset" / folder / "a.jpg").write_bytes(b"")
    error = one_line_error(call("train.py", cwd=tmp_path))
    assert "none of the 2 photos can be read" in error


def test_a_label_that_only_unreadable_photos_have_is_an_error(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    write_picture(tmp_path / "dataset" / "teal_shirt" / "a.jpg").write_bytes(b"")
    error = one_line_error(call("train.py", cwd=tmp_path))
    assert "'teal'" in error


def test_too_many_unreadable_photos_are_an_error_before_training(tmp_path: Path) -> None:
    for index in range(5):
        write_picture(tmp_path / "dataset" / "red_dress" / f"{index}.png", (0, index, 200))
        write_picture(tmp_path / "dataset" / "blue_shirt" / f"{index}.png", (200, index, 0))
    for index in range(2):
        bad = tmp_path / "dataset" / "red_dress" / f"bad{index}.png"
        bad.write_bytes(b"\x89PNG%d" % index)
    result = call("train.py", cwd=tmp_path)
    assert "2 of 12 photos cannot be read" in one_line_error(result)
    assert "training" not in result.stderr
    assert not (tmp_path / "fashion.model").exists()


def test_an_output_that_cannot_be_written_is_an_error_before_training(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for flag in ("--model", "--labelbin", "--plot", "--metrics"):
        result = call("train.py", "-d", tiny_dataset, flag, "file/x", cwd=tmp_path)
        assert "file/x: cannot be written" in one_line_error(result)
        assert "training" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--epochs", "0"), "must be at least 1"),
        (("--epochs", "many"), "invalid"),
        (("--validation", "1.5"), "must be a fraction between 0 and 1"),
        (("--learning-rate", "nan"), "must be greater than 0"),
        (("--architecture", "resnet"), "invalid choice"),
        (("--folds", "1"), "must be at least 2"),
        (("--folds", "2", "--resume"), "can only be used when a model is trained and saved"),
        (("--folds", "2", "--audit"), "not allowed with"),
        (("--seed", "-1"), "must be from 0 to 2147483647"),
        (("--nonsense",), "unrecognized"),
    ],
)
def test_wrong_arguments_exit_with_2(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    result = call("train.py", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert reason in result.stderr


def test_an_image_size_too_small_for_the_network_is_an_error(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    result = call("train.py", "-d", tiny_dataset, "--image-size", 4, cwd=tmp_path)
    assert "--image-size 4: must be from 12 to 1024" in one_line_error(result)


def test_help_lists_every_default(tmp_path: Path) -> None:
    text = call("train.py", "--help", cwd=tmp_path).stdout
    for default in ("dataset", "fashion.model", "mlb.pickle", "plot.png", "0.2", "42"):
        assert f"default: {default}" in " ".join(text.split())


def test_list_duplicates_prints_each_group_on_a_line_and_writes_nothing(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    first = sorted((tmp_path / "dataset" / "red_dress").iterdir())[0]
    again = shutil.copy(first, first.with_name(f"zz{first.suffix}"))
    result = call("train.py", "--list-duplicates", "-m", "no/place", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    paths = [str(Path(path).relative_to(tmp_path)) for path in (first, again)]
    assert result.stdout.splitlines() == ["\t".join(paths)]
    assert names(tmp_path) == [".cache", "dataset"]
