import io
import pickle
from pathlib import Path

import pytest
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.guard import labelbin
from pyimagesearch.model_file.guard.labelbin import read_labels


def fitted(*labels: object) -> MultiLabelBinarizer:
    return MultiLabelBinarizer().fit([labels])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_labels_are_read_from_every_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted("red", "dress", "青"), protocol))
    assert read_labels(path) == ("dress", "red", "青")


def test_integer_labels_are_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted(10, 2)))
    assert read_labels(path) == ("2", "10")


def test_the_module_names_of_older_releases_are_known(tmp_path: Path) -> None:
    data = pickle.dumps(fitted("red", "dress"), 2)
    old = data.replace(b"sklearn.preprocessing._label", b"sklearn.preprocessing.label")
    old = old.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != data
    path = tmp_path / "mlb.pickle"
    path.write_bytes(old)
    assert read_labels(path) == ("dress", "red")


@pytest.mark.parametrize(
    "data", [b"", b"not a pickle", pickle.dumps([1]), pickle.dumps(MultiLabelBinarizer())]
)
def test_a_file_that_is_not_a_fitted_binarizer_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=r"mlb\.pickle: is not the pickled"):
        read_labels(path)


@pytest.mark.parametrize(
    "data",
    [
        b"}(K\x01K\x02X\x01\0\0\0aK\x03u.",  # SETITEMS
        b"}K\x01K\x02sX\x01\0\0\0aK\x03s.",  # SETITEM
        b"(K\x01K\x02X\x01\0\0\0aK\x03d.",  # DICT
    ],
)
def test_dictionary_items_with_integer_keys_are_dropped(data: bytes) -> None:
    """Integers can be chosen so that all have the same hash."""
    assert pickle.loads(data) == {1: 2, "a": 3}
    assert labelbin._Unpickler(io.BytesIO(data)).load() == {"a": 3}


@pytest.mark.parametrize("label", ["red\udcff", "x" * 1001])
def test_a_lone_surrogate_or_too_long_a_text_is_not_a_label(tmp_path: Path, label: str) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted(label, "dress")))
    with pytest.raises(CommandError, match="is not the pickled MultiLabelBinarizer"):
        read_labels(path)
