import json
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.preprocessing import MultiLabelBinarizer
from support.disk import full_disk
from support.hostile.archives import changed, without_onnx
from support.models import CONFIG, LABELS, SIDE, save_untrained, untrained_network

from pyimagesearch.console import CommandError
from pyimagesearch.model_file import save_load
from pyimagesearch.model_file.archive import TAGGER_JSON

# As an earlier version wrote it: with least_energy in place of energy_threshold, and no features.
OLD_TAGGER_JSON = """{
    "architecture": "factored", "image_size": 48,
    "labels": ["black", "blue", "dress", "jeans", "red", "shirt"],
    "thresholds": [0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    "groups": [
        {"name": "colour", "labels": ["black", "blue", "red"], "is_colour": true},
        {"name": "group", "labels": ["dress", "jeans", "shirt"], "is_colour": false}
    ],
    "pairs": [[0, 3], [1, 2], [1, 3], [1, 5], [2, 4], [4, 5]],
    "temperatures": [1.25, 1.25, 1.5, 1.5, 1.25, 1.5],
    "least_energy": 5.5, "colour_order": "RGB", "scale": 0.00392156862745098
}"""


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    """The two files of a model."""
    save_untrained(tmp_path)
    return tmp_path / "fashion.model", tmp_path / "mlb.pickle"


def photos(count: int = 3) -> NDArray[np.uint8]:
    draw = np.random.default_rng(1)
    return draw.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def expected() -> NDArray[np.float32]:
    """What the network predicts for `photos`."""
    scaled = photos().astype(np.float32) / 255
    return np.asarray(untrained_network()(scaled, training=False))


@pytest.mark.parametrize("engine", ["auto", "onnx", "keras"])
def test_a_saved_model_loads_with_its_config_and_its_predictions(
    paths: tuple[Path, Path], engine: str
) -> None:
    config, predict = save_load.load(*paths, engine)
    assert config == CONFIG
    np.testing.assert_allclose(predict(photos()).probabilities, expected(), atol=1e-4)


def test_the_model_file_renamed_to_keras_opens_in_plain_keras_in_safe_mode(
    paths: tuple[Path, Path],
) -> None:
    plain = keras.saving.load_model(paths[0].rename(paths[0].with_suffix(".keras")), safe_mode=True)
    scaled = photos().astype(np.float32) / 255
    np.testing.assert_allclose(plain(scaled), expected(), atol=1e-6)
    assert {type(layer).__module__.split(".")[0] for layer in plain.layers} == {"keras"}


def test_all_members_of_the_model_file_are_stored_without_compression(
    paths: tuple[Path, Path],
) -> None:
    with zipfile.ZipFile(paths[0]) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_label_file_is_a_pickled_binarizer(paths: tuple[Path, Path]) -> None:
    binarizer = pickle.loads(paths[1].read_bytes())
    assert isinstance(binarizer, MultiLabelBinarizer)
    assert tuple(binarizer.classes_) == LABELS


def test_saving_leaves_no_other_files(paths: tuple[Path, Path]) -> None:
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


@pytest.mark.parametrize("limit", [10_000, 1_000_000, 2_100_000])
def test_a_full_disk_leaves_the_old_files_unchanged(paths: tuple[Path, Path], limit: int) -> None:
    before = [path.read_bytes() for path in paths]
    with full_disk(limit), pytest.raises(CommandError, match="cannot be written"):
        save_untrained(paths[0].parent)
    assert [path.read_bytes() for path in paths] == before


def test_a_model_of_an_earlier_version_loads(paths: tuple[Path, Path]) -> None:
    fields = json.loads(OLD_TAGGER_JSON)
    with zipfile.ZipFile(paths[0]) as archive:
        fields["digests"] = json.loads(archive.read(TAGGER_JSON))["digests"]
    old = changed(paths[0].read_bytes(), {TAGGER_JSON: json.dumps(fields).encode()})
    paths[0].write_bytes(old)
    config, predict = save_load.load(*paths)
    assert (config.energy_threshold, config.features, config.input_shape) == (5.5, (), (48, 48, 3))
    np.testing.assert_allclose(predict(photos()).probabilities, expected(), atol=1e-4)


@pytest.mark.parametrize("engine", ["onnx", "keras"])
def test_a_model_is_opened_once_so_a_file_that_replaces_it_meanwhile_is_not_read(
    paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    other = paths[0].parent / "other"
    save_untrained(other, replace(CONFIG, thresholds=(0.7,) * 6))
    opened: list[Path] = []
    open_path = Path.open

    def open_and_replace(path: Path, mode: str = "r") -> object:
        file = open_path(path, mode)
        opened.append(path)
        if path == paths[0] and (other / "fashion.model").exists():
            (other / "fashion.model").replace(path)
        return file

    monkeypatch.setattr(Path, "open", open_and_replace)
    config, predict = save_load.load(*paths, engine)
    assert config == CONFIG
    assert opened.count(paths[0]) == 1
    np.testing.assert_allclose(predict(photos()).probabilities, expected(), atol=1e-4)
    assert save_load.load(*paths)[0].thresholds == (0.7,) * 6


def test_without_an_onnx_export_auto_uses_keras_and_onnx_is_an_error(
    paths: tuple[Path, Path],
) -> None:
    paths[0].write_bytes(without_onnx(paths[0].read_bytes()))
    _, predict = save_load.load(*paths)
    np.testing.assert_allclose(predict(photos()).probabilities, expected(), atol=1e-6)
    with pytest.raises(CommandError, match="has no ONNX export; use --engine keras"):
        save_load.load(*paths, "onnx")


def test_a_keras_network_loads_without_links(
    paths: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("A required privilege is not held by the client")  # as Windows says

    for name in ("symlink", "link"):
        monkeypatch.setattr(os, name, refuse)
    _, predict = save_load.load(*paths, "keras")
    assert predict(photos()).probabilities.shape == (3, 6)


def test_an_unknown_engine_is_an_error(paths: tuple[Path, Path]) -> None:
    with pytest.raises(ValueError, match="Received: 'tensorflow'"):
        save_load.load(*paths, "tensorflow")
