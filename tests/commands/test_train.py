"""train.py as a process, as a user runs it."""

import json
import pickle
import shutil
from pathlib import Path

import cv2
import pytest
from support.commands import Run, Trained, one_line_error
from support.pictures.plain import write_picture

ONE_EPOCH = ("--epochs", 1, "--image-size", 24)


def test_trains_on_a_tiny_subset_and_writes_its_four_files(trained: Trained) -> None:
    assert sorted(path.name for path in trained.folder.iterdir()) == [
        ".cache",
        "fashion.model",
        "metrics.json",
        "mlb.pickle",
        "plot.png",
    ]
    binarizer = pickle.loads((trained.folder / "mlb.pickle").read_bytes())
    assert list(binarizer.classes_) == ["black", "blue", "dress", "jeans", "red", "shirt"]
    plot = cv2.imread(str(trained.folder / "plot.png"))
    assert plot is not None
    assert plot.shape[0] > 300
    assert plot.shape[1] > 800


def test_prints_labels_combinations_groups_and_scores_on_stdout(trained: Trained) -> None:
    words = " ".join(trained.output.stdout.split())
    assert "label photos black 10 blue 30" in words
    assert "black + jeans 10 blue + dress 10" in words
    assert "colour: one of black, blue, red" in words
    assert "exact match" in words


def test_the_scores_printed_are_those_in_metrics_json_with_what_made_them(
    trained: Trained,
) -> None:
    record = json.loads((trained.folder / "metrics.json").read_text())
    assert record["recipe"]["seed"] == 42
    assert record["flags"]["dataset"] == str(trained.dataset)
    assert len(record["validation_photos"]) == record["scores"]["images"] == 12
    assert [epoch["number"] for epoch in record["epochs"]] == [1, 2, 3]
    kept = record["epochs"][record["epoch"] - 1]
    assert kept["validation_mean_average_precision"] == pytest.approx(
        record["scores"]["overall"]["mAP"], abs=0.01
    )
    lines = [line.split() for line in trained.output.stdout.splitlines()]
    overall = record["scores"]["overall"]
    for name in ("mAP", "coverage"):
        baseline = record["scores"]["baseline"][name]
        assert [name, f"{overall[name]:.3f}", f"{baseline:.3f}"] in lines
    assert set(record["versions"]) >= {"python", "keras", "tensorflow", "scikit-learn"}


def test_says_what_it_does_in_plain_lines_and_keeps_tensorflow_quiet(trained: Trained) -> None:
    talk = trained.output.stderr.splitlines()
    assert sum(line.startswith("epoch ") for line in talk) == 3
    assert not any("oneDNN" in line or "cuda" in line.lower() for line in talk)
    assert "\r" not in trained.output.stderr


def test_runs_from_the_command_line_of_the_tutorial_into_new_folders(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    files = ("--model", "out/a.b/My Model", "--labelbin", "out/labels", "--plot", "out/p/plot")
    result = run_command("train.py", "--dataset", tiny_dataset, *files, *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    for name in ("a.b/My Model", "labels", "p/plot"):
        assert (tmp_path / "out" / name).stat().st_size > 0
    photo = next((tiny_dataset / "red_dress").iterdir())
    tagged = run_command("classify.py", *files[:4], "--image", photo, cwd=tmp_path)
    assert tagged.returncode == 0, tagged.stderr


@pytest.mark.slow
def test_smallervggnet_trains_where_there_are_no_groups(run_command: Run, tmp_path: Path) -> None:
    for index in range(8):
        write_picture(tmp_path / "dataset" / "red" / f"{index}.png", (0, index, 200))
        write_picture(tmp_path / "dataset" / "red_big" / f"{index}.png", (0, index, 220))
        write_picture(tmp_path / "dataset" / "_none" / f"{index}.png", (200, index, 0))
    result = run_command("train.py", *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "training smallervggnet" in result.stderr
    assert "(no label)" in result.stdout
    tagged = run_command("classify.py", "--image", "dataset", cwd=tmp_path)
    assert len(tagged.stdout.splitlines()) == 24, tagged.stderr


def test_an_unreadable_photo_is_named_and_skipped(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    bad = tmp_path / "dataset" / "red_dress" / "broken.jpg"
    bad.write_bytes(b"not a picture")
    result = run_command("train.py", *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "broken.jpg: is not an image" in result.stderr
    assert "1 of 61 photos skipped" in result.stderr


def test_a_missing_dataset_is_an_error(run_command: Run, tmp_path: Path) -> None:
    error = one_line_error(run_command("train.py", "-d", "nowhere", cwd=tmp_path))
    assert error == "train.py: error: nowhere: no such folder or file"


def test_a_file_without_a_name_is_a_wrong_argument(run_command: Run, tmp_path: Path) -> None:
    result = run_command("train.py", "--model", "", cwd=tmp_path)
    assert result.returncode == 2
    assert "argument -m/--model: '' names no file" in result.stderr


def test_an_empty_dataset_is_an_error(run_command: Run, tmp_path: Path) -> None:
    (tmp_path / "dataset" / "red_dress").mkdir(parents=True)
    error = one_line_error(run_command("train.py", cwd=tmp_path))
    assert "dataset: no images found" in error


def test_one_label_alone_is_an_error(run_command: Run, tmp_path: Path) -> None:
    write_picture(tmp_path / "dataset" / "red" / "a.png")
    error = one_line_error(run_command("train.py", cwd=tmp_path))
    assert "only the label 'red'" in error


def test_an_image_in_the_dataset_root_is_an_error(run_command: Run, tmp_path: Path) -> None:
    write_picture(tmp_path / "dataset" / "stray.png")
    error = one_line_error(run_command("train.py", cwd=tmp_path))
    assert "stray.png: an image outside any label folder" in error


def test_all_photos_unreadable_is_an_error(run_command: Run, tmp_path: Path) -> None:
    for folder in ("red_dress", "blue_shirt"):
        write_picture(tmp_path / "dataset" / folder / "a.jpg").write_bytes(b"")
    error = one_line_error(run_command("train.py", cwd=tmp_path))
    assert "none of the 2 photos can be read" in error


def test_a_label_that_only_unreadable_photos_carry_is_an_error(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    write_picture(tmp_path / "dataset" / "teal_shirt" / "a.jpg").write_bytes(b"")
    error = one_line_error(run_command("train.py", cwd=tmp_path))
    assert "no photo labelled 'teal' can be read" in error


def test_too_many_unreadable_photos_stop_the_run_before_training(
    run_command: Run, tmp_path: Path
) -> None:
    for index in range(5):
        write_picture(tmp_path / "dataset" / "red_dress" / f"{index}.png")
        write_picture(tmp_path / "dataset" / "blue_shirt" / f"{index}.png")
    for index in range(2):
        (tmp_path / "dataset" / "red_dress" / f"bad{index}.png").write_bytes(b"\x89PNG")
    result = run_command("train.py", cwd=tmp_path)
    assert "2 of 12 photos cannot be read" in one_line_error(result)
    assert "training" not in result.stderr
    assert not (tmp_path / "fashion.model").exists()


def test_an_output_that_cannot_be_written_is_an_error_before_training(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for flag in ("--model", "--labelbin", "--plot", "--metrics"):
        result = run_command("train.py", "-d", tiny_dataset, flag, "file/x", cwd=tmp_path)
        assert "file/x: cannot be written" in one_line_error(result)
        assert "training" not in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--epochs", "0"), "at least 1"),
        (("--epochs", "many"), "invalid"),
        (("--validation", "1.5"), "between 0 and 1"),
        (("--learning-rate", "nan"), "above 0"),
        (("--architecture", "resnet"), "invalid choice"),
        (("--nonsense",), "unrecognized"),
    ],
)
def test_wrong_arguments_exit_with_2(
    run_command: Run, tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    result = run_command("train.py", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert reason in result.stderr


def test_an_image_size_too_small_for_the_network_is_an_error(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    result = run_command("train.py", "-d", tiny_dataset, "--image-size", 4, cwd=tmp_path)
    assert "--image-size 4: from 12 to 1024 is possible" in one_line_error(result)


def test_help_names_every_default(run_command: Run, tmp_path: Path) -> None:
    text = run_command("train.py", "--help", cwd=tmp_path).stdout
    for default in ("dataset", "fashion.model", "mlb.pickle", "plot.png", "0.2", "42"):
        assert f"default: {default}" in " ".join(text.split())


def test_near_duplicates_are_counted_named_and_kept_on_one_side(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "dataset")
    first = sorted((tmp_path / "dataset" / "red_dress").iterdir())[0]
    again = shutil.copy(first, first.with_name(f"zz{first.suffix}"))
    result = run_command("train.py", "--list-duplicates", "-m", "no/place", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    names = [str(Path(path).relative_to(tmp_path)) for path in (first, again)]
    assert result.stdout.splitlines() == ["\t".join(names)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".cache", "dataset"]


@pytest.mark.slow
def test_each_pair_is_left_out_once_and_judged_whole(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    result = run_command(
        "train.py", "-d", tiny_dataset, "--leave-one-pair-out", *ONE_EPOCH, cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.partition("never seen")[2].splitlines()]
    predictions = {" ".join(row[:3]): row[3] for row in rows if "+" in row[:2]}
    pairs = ("blue + dress", "blue + shirt", "dress + red", "red + shirt")
    assert predictions == dict.fromkeys(pairs, "10")
    assert "40 photos" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == [".cache"]


@pytest.mark.slow
def test_folds_judge_every_photo_once_and_save_nothing(
    run_command: Run, tiny_dataset: Path, tmp_path: Path
) -> None:
    result = run_command("train.py", "-d", tiny_dataset, "--folds", 2, *ONE_EPOCH, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("fold")]
    assert sum(int(row[2]) for row in rows) == 60
    assert "mean and standard deviation 0." in result.stdout
    assert "no near-duplicates" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == [".cache"]
