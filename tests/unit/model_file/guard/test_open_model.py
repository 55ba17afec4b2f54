import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from support.models import CONFIG, save_untrained

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.guard import open_model

FILES = ("fashion.model", "mlb.pickle")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the two files of a model."""
    save_untrained(tmp_path)
    return tmp_path


def open_in(folder: Path) -> None:
    open_model(folder / "fashion.model", folder / "mlb.pickle")


def test_a_missing_file_is_reported_with_the_option_that_gives_another(folder: Path) -> None:
    (folder / "mlb.pickle").unlink()
    with pytest.raises(CommandError, match=r"mlb\.pickle: no such label file; .* --labelbin$"):
        open_in(folder)
    (folder / "fashion.model").unlink()
    with pytest.raises(CommandError, match=r"fashion\.model: no such model; .* --model$"):
        open_in(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(CommandError, match=f"{name}: is not a regular file"):
        open_in(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", FILES)
def test_a_pipe_in_place_of_a_file_is_refused_and_never_opened(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)  # to open it would wait for a writer
    with pytest.raises(CommandError, match=f"{name}: is not a regular file"):
        open_in(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_link_to_itself_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    try:
        (folder / name).symlink_to(name)
    except OSError:
        pytest.skip("this system does not allow symbolic links")
    with pytest.raises(CommandError, match=f"{name}: cannot be read"):
        open_in(folder)


def test_a_label_file_of_another_run_is_refused(folder: Path, tmp_path: Path) -> None:
    other = replace(CONFIG, labels=("a", "b"), thresholds=(0.5,) * 2, groups=(), pairs=())
    save_untrained(tmp_path / "other", replace(other, temperatures=()))
    shutil.copy(tmp_path / "other" / "mlb.pickle", folder)
    message = "do not belong together: .* black, blue, .* the other a, b; use the two files of one"
    with pytest.raises(CommandError, match=message):
        open_in(folder)
