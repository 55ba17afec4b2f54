"""The settings of Keras that a user may have left in the home folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support.commands import ROOT


def test_train_ignores_the_backend_and_data_format_in_an_old_keras_json(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    old = {"backend": "theano", "image_data_format": "channels_first", "floatx": "float16"}
    (tmp_path / "keras.json").write_text(json.dumps(old))
    flags = ("--dataset", tiny_dataset, "--epochs", 1, "--image-size", 32)
    result = subprocess.run(
        [sys.executable, ROOT / "train.py", *map(str, flags)],
        cwd=tmp_path,
        env={**os.environ, "KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "theano"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "fashion.model").exists()
