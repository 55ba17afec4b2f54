"""What classify.py says where it cannot do what was asked."""

import shutil
from pathlib import Path

import pytest
from support.commands import EXAMPLE, Run, Trained, one_line_error


def test_nothing_but_unreadable_photos_is_an_error(
    run_command: Run, trained: Trained, tmp_path: Path
) -> None:
    (tmp_path / "empty.jpg").touch()
    result = run_command("classify.py", *trained.files, "-i", "empty.jpg", cwd=tmp_path)
    assert "nothing to tag" in one_line_error(result)
    assert "empty.jpg: is empty; skipped" in result.stderr


def test_an_empty_folder_is_an_error(run_command: Run, trained: Trained, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    result = run_command("classify.py", *trained.files, "-i", "photos", cwd=tmp_path)
    assert "photos: nothing to tag: no photos there" in one_line_error(result)


def test_no_image_given_is_a_wrong_argument(run_command: Run, tmp_path: Path) -> None:
    result = run_command("classify.py", cwd=tmp_path)
    assert result.returncode == 2
    assert "-i/--image" in result.stderr


@pytest.mark.parametrize("flag", [("--json",), ("--top-k", "2"), ("--output", "x.png")])
def test_what_evaluating_does_not_do_is_a_wrong_argument(
    run_command: Run, tmp_path: Path, flag: tuple[str, ...]
) -> None:
    result = run_command("classify.py", "--evaluate", "photos", *flag, cwd=tmp_path)
    assert result.returncode == 2
    assert f"argument {flag[0]}: not with --evaluate" in result.stderr


def test_an_image_without_a_name_is_a_wrong_argument(run_command: Run, tmp_path: Path) -> None:
    result = run_command("classify.py", "-i", "", cwd=tmp_path)
    assert result.returncode == 2
    assert "argument -i/--image: '' names nothing" in result.stderr


def test_a_missing_model_is_an_error(run_command: Run, tmp_path: Path) -> None:
    error = one_line_error(run_command("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model: no such model; run train.py first" in error


def test_a_model_and_a_binarizer_that_do_not_belong_together_are_an_error(
    run_command: Run, trained: Trained, tmp_path: Path
) -> None:
    import pickle

    from sklearn.preprocessing import MultiLabelBinarizer

    shutil.copy(trained.folder / "fashion.model", tmp_path)
    other = MultiLabelBinarizer().fit([["cat", "dog"]])
    (tmp_path / "mlb.pickle").write_bytes(pickle.dumps(other))
    error = one_line_error(run_command("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model and mlb.pickle do not belong together" in error


def test_a_model_of_another_program_is_an_error(run_command: Run, tmp_path: Path) -> None:
    (tmp_path / "fashion.model").write_bytes(b"\x89HDF\r\n\x1a\n" * 10)
    error = one_line_error(run_command("classify.py", "-i", EXAMPLE, cwd=tmp_path))
    assert "fashion.model: is not a model that train.py wrote" in error


def test_show_without_a_display_is_an_error(
    run_command: Run, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    result = run_command("classify.py", "-i", EXAMPLE, "--show", cwd=trained.folder)
    assert "--show: there is no display here" in one_line_error(result)


def test_an_output_that_is_no_picture_is_an_error(run_command: Run, trained: Trained) -> None:
    result = run_command("classify.py", "-i", EXAMPLE, "--output", "x.txt", cwd=trained.folder)
    assert "x.txt: is no picture's name; try x.txt.png" in one_line_error(result)
