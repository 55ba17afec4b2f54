from pathlib import Path

import cv2
import numpy as np
import pytest
from support.pictures.plain import write_picture

from pyimagesearch.evaluation import contact_sheet
from pyimagesearch.evaluation.contact_sheet import COLUMNS, Picture


def test_photos_of_any_shape_fit_their_tile() -> None:
    shapes = [(3, 900), (900, 3), (50, 50), (1, 1)]
    tiles = {
        contact_sheet.tile(np.zeros((*shape, 3), np.uint8), ("a", "b")).shape for shape in shapes
    }
    assert len(tiles) == 1


def test_a_photo_that_cannot_be_read_any_more_is_reported_and_left_white(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    red = write_picture(tmp_path / "red.png")
    pictures = [Picture(path, ("caption",)) for path in (red, tmp_path / "deleted.png", red)]
    contact_sheet.write(pictures, tmp_path / "sheet.png", max_pixels=10**6)
    assert "deleted.png: " in (warning := capsys.readouterr().err)
    assert "left white on the contact sheet" in warning
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    is_red = np.asarray(sheet[..., 2].astype(int) - sheet[..., 0] > 100)
    has_photo = [tile.mean() > 0.5 for tile in np.split(is_red, COLUMNS, axis=1)]
    assert has_photo == [True, False, True, False, False, False]
