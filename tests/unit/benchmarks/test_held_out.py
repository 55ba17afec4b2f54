from pathlib import Path

import pytest

from benchmarks import held_out

PATHS = [Path("photos/red_dress/1.jpg"), Path("photos/red_dress/2.jpg"), Path("photos/x/3.jpg")]


def test_photos_in_the_file_are_held_out(tmp_path: Path) -> None:
    file = tmp_path / "validation.txt"
    file.write_text("photos/x/3.jpg\nphotos/red_dress/1.jpg\n")
    assert held_out.is_listed(PATHS, file).tolist() == [True, False, True]


def test_a_file_that_lists_photos_of_another_dataset_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "validation.txt"
    file.write_text("photos/x/3.jpg\nelsewhere/red_dress/1.jpg\n")
    with pytest.raises(SystemExit, match="1 of 2 photos are not in the dataset"):
        held_out.is_listed(PATHS, file)
