"""The errors of classify.py."""

import pickle
import shutil
from pathlib import Path

import pytest
from sklearn.preprocessing import MultiLabelBinarizer
from support.commands import EXAMPLE, Model, Run, call, one_line_error


def test_it_is_an_error_if_all_photos_are_unreadable(quick_model: Model, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    result = call("classify.py", *quick_model.files, "-i", "empty.jpg", cwd=tmp_path)
    error = "empty.jpg: nothing to tag: none of the photos can be read"
    assert error in one_line_error(result)
    assert "empty.jpg: is empty; skipped" in result.stderr


def test_an_empty_folder_is_an_error(quick_model: Model, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    result = call("classify.py", *quick_model.files, "-i", "photos", cwd=tmp_path)
    assert "photos: nothing to tag: no photos found" in one_line_error(result)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "one of the arguments -i/--image --evaluate is required"),
        (("-i", ""), "argument -i/--image: '' is empty"),
        (("--evaluate", "photos", "--json"), "--json: not allowed with --evaluate"),
        (("--evaluate", "photos", "--top-k", "2"), "--top-k: not allowed with --evaluate"),
        (("--evaluate", "photos", "--output", "x.png"), "--output: not allowed with --evaluate"),
        (("-i", "photos", "--csv", "--top-k", "2"), "argument --top-k: not allowed with --csv"),
        (("-i", "photos", "--workers", "2"), "argument --workers: needs --image, and --output"),
    ],
)
def test_wrong_arguments_exit_with_2(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    result = call("classify.py", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert reason in result.stderr


def test_a_missing_model_is_an_error_of_one_line(run_command: Run, tmp_path: Path) -> None:
    error = one_line_error(run_command("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model: no such model; run train.py first" in error


def test_a_model_and_a_binarizer_from_different_runs_are_an_error(
    quick_model: Model, tmp_path: Path
) -> None:
    shutil.copy(quick_model.folder / "fashion.model", tmp_path)
    other = MultiLabelBinarizer().fit([["cat", "dog"]])
    (tmp_path / "mlb.pickle").write_bytes(pickle.dumps(other))
    error = one_line_error(call("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model and mlb.pickle do not belong together" in error


def test_a_model_of_another_program_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "fashion.model").write_bytes(b"\x89HDF\r\n\x1a\n" * 10)
    error = one_line_error(call("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model: is not a model that train.py wrote" in error


def test_show_without_a_display_is_an_error(
    quick_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    result = call("classify.py", "-i", EXAMPLE, "--show", cwd=quick_model.folder)
    assert "--show: there is no display; use --output" in one_line_error(result)


def test_an_output_that_is_not_the_name_of_a_picture_is_an_error(quick_model: Model) -> None:
    result = call("classify.py", "-i", EXAMPLE, "--output", "x.txt", cwd=quick_model.folder)
    assert "x.txt: is not the name of a picture; try x.txt.png" in one_line_error(result)
