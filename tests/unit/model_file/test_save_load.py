import functools
import json
import pickle
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.preprocessing import MultiLabelBinarizer
from support.disk import full_disk

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.model_file import save_load
from pyimagesearch.model_file.archive import ONNX, TAGGER_JSON
from pyimagesearch.model_file.config import TaggerConfig
from pyimagesearch.networks import build

GROUPS = (
    LabelGroup("colour", ("blue", "red"), is_colour=True),
    LabelGroup("group", ("dress", "shirt"), is_colour=False),
)
LABELS = ("blue", "dress", "red", "shirt")
CARD_OF_TEST = TaggerConfig("factored", 32, LABELS, (0.5,) * 4, GROUPS, ((0, 1),), (1.5,) * 4, 2.5)


@functools.cache
def network() -> keras.Model:
    return build.build("factored", 32, GROUPS, LABELS, 0)


def save(folder: Path) -> tuple[keras.Model, Path, Path]:
    model = network()
    binarizer = MultiLabelBinarizer().fit([LABELS])
    model_path, labelbin_path = folder / "new" / "fashion.model", folder / "mlb.pickle"
    with files.atomic_writes((model_path, labelbin_path), ".keras") as new_files:
        save_load.save(model, CARD_OF_TEST, b"graph", binarizer, *new_files)
    return model, model_path, labelbin_path


def test_the_model_file_renamed_opens_in_plain_keras_in_safe_mode(tmp_path: Path) -> None:
    model, path, _ = save(tmp_path)
    renamed = path.rename(tmp_path / "plain.keras")
    plain = keras.saving.load_model(renamed, safe_mode=True)
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(plain(images), model(images), atol=1e-6)
    assert {type(layer).__module__.split(".")[0] for layer in plain.layers} == {"keras"}


def test_the_model_file_of_any_name_loads_with_its_card(tmp_path: Path) -> None:
    model, path, _ = save(tmp_path)
    assert path.name == "fashion.model"
    assert save_load.load_config(path) == CARD_OF_TEST
    images = np.random.default_rng(0).random((2, 32, 32, 3), np.float32)
    np.testing.assert_allclose(save_load.load_keras(path)(images), model(images), atol=1e-6)


def test_the_onnx_copy_is_kept_stored_and_models_without_one_say_so(tmp_path: Path) -> None:
    _, path, _ = save(tmp_path)
    assert save_load.read_onnx(path) == b"graph"
    with zipfile.ZipFile(path) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
    assert save_load.read_onnx(with_card(tmp_path / "plain", "{}")) is None


def test_an_onnx_copy_of_other_weights_is_refused(tmp_path: Path) -> None:
    _, path, _ = save(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | {ONNX: b"another"}).items():
            archive.writestr(name, content)
    with pytest.raises(CommandError, match="are not those saved together"):
        save_load.read_onnx(path)


def test_the_label_file_is_a_pickled_binarizer(tmp_path: Path) -> None:
    _, _, labelbin = save(tmp_path)
    binarizer = pickle.loads(labelbin.read_bytes())
    assert isinstance(binarizer, MultiLabelBinarizer)
    assert tuple(binarizer.classes_) == LABELS


def test_nothing_but_the_two_files_is_left(tmp_path: Path) -> None:
    save(tmp_path)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*"))
    assert left == ["mlb.pickle", "new", "new/fashion.model"]


@pytest.mark.parametrize("limit", [10_000, 1_000_000, 2_100_000])
def test_a_full_disk_leaves_the_old_files_whole(tmp_path: Path, limit: int) -> None:
    _, *paths = save(tmp_path)
    before = [path.read_bytes() for path in paths]
    with full_disk(limit), pytest.raises(CommandError, match="cannot be written"):
        save(tmp_path)
    assert [path.read_bytes() for path in paths] == before


def with_card(path: Path, config: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(TAGGER_JSON, config)
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"labels": ["blue"]},
        {"thresholds": [0.5]},
        {"image_size": 0},
        {"colour_order": "BGR"},
        {"groups": [{"name": "colour", "labels": ["green", "red"], "is_colour": True}]},
        {"groups": 3},
        {"energy_threshold": "much"},
        {"temperatures": [1.0]},
        {"temperatures": [1.0, 1.0, 1.0, 0.0]},
        {"energy_threshold": float("nan")},
        {"groups": [{"name": "colour", "labels": [], "is_colour": True}]},
        {"groups": [{"name": "colour", "labels": ["red", "red"], "is_colour": True}]},
        {"thresholds": [0.5, 0.5, 0.5, float("nan")]},
        {"image_size": float("inf")},
    ],
)
def test_a_card_that_does_not_hold_together_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    fields = json.loads(CARD_OF_TEST.to_json({})) | change
    with pytest.raises(CommandError, match="is not a model that train"):
        save_load.load_config(with_card(tmp_path / "fashion.model", json.dumps(fields)))


def test_what_is_no_model_is_named(tmp_path: Path) -> None:
    path = tmp_path / "fashion.model"
    with pytest.raises(CommandError, match="no such model; run train"):
        save_load.load_config(path)
    for data in (b"", b"not an archive", b"\x89HDF\r\n\x1a\n"):
        path.write_bytes(data)
        with pytest.raises(CommandError, match="is not a model that train"):
            save_load.load_config(path)
    with pytest.raises(CommandError, match="is not a regular file"):
        save_load.load_config(tmp_path)


def test_a_model_and_a_binarizer_of_different_labels_do_not_belong_together() -> None:
    pair = Path("a.model"), Path("b.pickle")
    save_load.check_pair(CARD_OF_TEST, LABELS, *pair)
    with pytest.raises(CommandError, match=r"a\.model and b\.pickle do not belong together"):
        save_load.check_pair(CARD_OF_TEST, ("cat", "dog"), *pair)
