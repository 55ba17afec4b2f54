import pickle
from pathlib import Path

import pytest
from sklearn.preprocessing import MultiLabelBinarizer

from pyimagesearch.console import CommandError
from pyimagesearch.model_file.guard.labelbin import read_labels


def fitted(*labels: object) -> MultiLabelBinarizer:
    return MultiLabelBinarizer().fit([labels])


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_labels_come_back_from_every_pickle_protocol(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted("red", "dress", "青"), protocol))
    assert read_labels(path) == ("dress", "red", "青")


def test_labels_that_were_numbers_come_back_as_text(tmp_path: Path) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted(10, 2)))
    assert read_labels(path) == ("2", "10")


def test_the_names_of_older_releases_are_understood(tmp_path: Path) -> None:
    data = pickle.dumps(fitted("red", "dress"), 2)
    old = data.replace(b"sklearn.preprocessing._label", b"sklearn.preprocessing.label")
    old = old.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert old != data
    path = tmp_path / "mlb.pickle"
    path.write_bytes(old)
    assert read_labels(path) == ("dress", "red")


class Hostile:
    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def test_a_pickle_that_runs_a_program_is_refused_before_it_runs(tmp_path: Path) -> None:
    path, trace = tmp_path / "mlb.pickle", tmp_path / "trace"
    path.write_bytes(pickle.dumps(Hostile(Path.touch, trace)))
    with pytest.raises(CommandError, match=r"asks for pathlib\.\S+, which no label file needs"):
        read_labels(path)
    path.write_bytes(pickle.dumps(Hostile(eval, f"open({str(trace)!r}, 'w')")))
    with pytest.raises(CommandError, match=r"asks for builtins\.eval"):
        read_labels(path)
    assert not trace.exists()


def test_claimed_sizes_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(b"\x80\x04\x8e\x00\x00\x00\x80\x00\x00\x00\x00.")  # a string of 2 GB
    with pytest.raises(CommandError, match="is not the pickled MultiLabelBinarizer"):
        read_labels(path)


@pytest.mark.parametrize(
    "data", [b"", b"not a pickle", pickle.dumps([1]), pickle.dumps(MultiLabelBinarizer())]
)
def test_what_is_no_fitted_binarizer_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(data)
    with pytest.raises(CommandError, match=r"mlb\.pickle: is not the pickled"):
        read_labels(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no such file; run train"):
        read_labels(tmp_path / "mlb.pickle")
    with pytest.raises(CommandError, match="is not a regular file"):
        read_labels(tmp_path)


@pytest.mark.parametrize("label", ["red\udcff", "x" * 1001])
def test_half_a_letter_and_a_whole_book_are_no_labels(tmp_path: Path, label: str) -> None:
    path = tmp_path / "mlb.pickle"
    path.write_bytes(pickle.dumps(fitted(label, "dress")))
    with pytest.raises(CommandError, match="is not the pickled MultiLabelBinarizer"):
        read_labels(path)
