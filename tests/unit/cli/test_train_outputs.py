"""The checks of output files in train.py, before any work is done."""

from pathlib import Path

import pytest
from support.pictures.plain import write_picture

import train
from pyimagesearch.cli import train_arguments
from pyimagesearch.console import CommandError


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-d", "labels.csv", "--audit", "labels.csv"), "given for --dataset and for --audit"),
        (("--labels", "labels.csv", "--audit", "labels.csv"), "for --labels and for --audit"),
        (("--audit", "x.png"), "x.png: is given for --audit and for the pictures of --audit"),
        (("-d", "labels.csv", "--export-labels", "labels.csv"), "and for --export-labels"),
        (("-p", "dataset/red/plot.png"), "is in the folder of photos dataset"),
        (("-m", "x", "--metrics", "x"), "x: is given for --model and for --metrics"),
        (("-m", "loop"), "loop: cannot be written"),
    ],
)
def test_one_path_for_two_files_is_an_error_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("red", "blue"):
        write_picture(tmp_path / "dataset" / name / "a.png")
    Path("labels.csv").write_text("path,labels\ndataset/red/a.png,red\ndataset/blue/a.png,blue\n")
    Path("loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(CommandError, match=message):
        train.run(train_arguments.parse(flags))
    assert sorted(tmp_path.iterdir()) == before
