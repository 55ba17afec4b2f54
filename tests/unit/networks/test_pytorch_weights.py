import io
import os
import pickle
import struct
import sys
import tracemalloc
import types
import zipfile
from collections import Counter, OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pyimagesearch.networks.pytorch_weights import (
    MAGIC,
    VERSION,
    WeightsError,
    read_state_dict,
)

MACHINE = {"protocol_version": VERSION, "little_endian": True, "type_sizes": {"int": 4}}


def _rebuild_tensor_v2(*arguments: object) -> None:
    """Only pickled by its name; PyTorch's function turns a storage into a tensor."""


class Storage(str):
    """The name of a storage."""


class Tensor:
    """What a fake PyTorch saves: a view of the elements of a storage."""

    def __init__(
        self, storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]
    ) -> None:
        hooks: OrderedDict[str, object] = OrderedDict()
        self.arguments = Storage(storage), offset, shape, strides, False, hooks

    def __reduce__(self) -> tuple[Any, ...]:
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Saver:
    """Writes the format of PyTorch 1.5 with storages of the given elements."""

    def __init__(self, **storages: NDArray[Any]) -> None:
        self.storages = storages

    def save(self, path: Path, state: object, machine: object = MACHINE) -> Path:
        file = io.BytesIO()
        for value in (MAGIC, VERSION, machine):
            pickle.dump(value, file, protocol=2)
        pickler = pickle.Pickler(file, protocol=2)
        pickler.persistent_id = self.persistent_id  # type: ignore[method-assign]
        pickler.dump(state)
        pickle.dump(list(self.storages), file, protocol=2)
        for elements in self.storages.values():
            file.write(struct.pack("<q", elements.size) + elements.tobytes())
        path.write_bytes(file.getvalue())
        return path

    def persistent_id(self, thing: object) -> object:
        if not isinstance(thing, Storage):
            return None
        elements = self.storages[thing]
        kind = "FloatStorage" if elements.dtype == np.float32 else "LongStorage"
        return (
            "storage",
            getattr(sys.modules["torch"], kind),
            str(thing),
            "cpu",
            elements.size,
            None,
        )


@pytest.fixture(autouse=True)
def _fake_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules under PyTorch's names, so that pickle can write them; reading needs none."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    _rebuild_tensor_v2.__module__ = "torch._utils"
    vars(utils)["_rebuild_tensor_v2"] = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)


def saved(path: Path) -> Path:
    """Write a small file with every property that real ones have."""
    saver = Saver(
        first=np.arange(12, dtype=np.float32),
        second=np.array([7], np.int64),
    )
    state: OrderedDict[str, Tensor] = OrderedDict()
    state["rows"] = Tensor("first", 0, (3, 4), (4, 1))
    state["turned"] = Tensor("first", 0, (4, 3), (1, 4))
    state["tail"] = Tensor("first", 10, (2,), (1,))
    state["steps"] = Tensor("second", 0, (), ())
    vars(state)["_metadata"] = OrderedDict({"": {"version": 1}})
    return saver.save(path / "net.pth", state)


def test_arrays_have_the_values_shapes_strides_and_offsets_of_the_file(tmp_path: Path) -> None:
    state = read_state_dict(saved(tmp_path))
    rows = np.arange(12, dtype=np.float32).reshape(3, 4)
    assert list(state) == ["rows", "turned", "tail", "steps"]
    np.testing.assert_array_equal(state["rows"], rows)
    np.testing.assert_array_equal(state["turned"], rows.T)
    np.testing.assert_array_equal(state["tail"], [10, 11])
    assert state["steps"] == 7
    assert state["steps"].dtype == np.int64
    assert state["rows"].dtype == np.float32


def test_reading_does_not_import_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.delitem(sys.modules, "torch._utils")
    read_state_dict(path)
    assert "torch" not in sys.modules


class Runs:
    """Pickles as a call."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (lambda marker: Runs(open, str(marker), "w"), "io.open"),
        (lambda marker: Runs(eval, f"open({str(marker)!r}, 'w')"), "builtin__.eval"),
        (lambda marker: Runs(os.mkdir, str(marker)), "mkdir"),
        (lambda marker: Counter("ab"), "collections.Counter"),
        (lambda marker: sys.modules["torch"].HalfStorage, "torch.HalfStorage"),
    ],
)
def test_what_a_state_dict_does_not_need_is_refused_by_name_and_not_run(
    thing: Any, name: str, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    path = Saver().save(tmp_path / "net.pth", OrderedDict(weight=thing(marker)))
    with pytest.raises(WeightsError, match=f"asks for .*{name}"):
        read_state_dict(path)
    assert not marker.exists()


def test_a_file_that_sets_attributes_of_a_name_changes_nothing(tmp_path: Path) -> None:
    # torch._utils._rebuild_tensor_v2 with the state (None, {"__call__": OrderedDict}).
    pickled = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(N}X\x08\x00\x00\x00__call__"
    pickled += b"ccollections\nOrderedDict\nstb."
    head = b"".join(pickle.dumps(value, protocol=2) for value in (MAGIC, VERSION, MACHINE))
    path = tmp_path / "net.pth"
    path.write_bytes(head + pickled + pickle.dumps([], protocol=2))
    with pytest.raises(WeightsError, match="damaged or cut off"):
        read_state_dict(path)
    read_state_dict(saved(tmp_path))


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    data = saved(tmp_path).read_bytes()
    path = tmp_path / "cut.pth"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(WeightsError):
            read_state_dict(path)


def test_bytes_after_the_last_storage_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(WeightsError, match="does not end with its last storage"):
        read_state_dict(path)


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor("first", 0, (13,), (1,)),
        Tensor("first", 10, (3,), (1,)),
        Tensor("first", 0, (3, 4), (5, 1)),
        Tensor("first", 0, (2,), (-1,)),
        Tensor("first", -1, (2,), (1,)),
    ],
)
def test_a_tensor_that_reaches_beyond_its_storage_is_refused(
    tensor: Tensor, tmp_path: Path
) -> None:
    saver = Saver(zero=np.zeros(50, np.float32), first=np.ones(12, np.float32))
    state = OrderedDict(zero=Tensor("zero", 0, (50,), (1,)), weight=tensor)
    with pytest.raises(WeightsError, match="damaged or cut off"):
        read_state_dict(saver.save(tmp_path / "net.pth", state))


def test_a_storage_of_another_length_than_declared_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<q", 12), struct.pack("<q", 11)))
    with pytest.raises(WeightsError, match="other lengths"):
        read_state_dict(path)


def test_the_newer_zip_format_and_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"")
    for data in (path.read_bytes(), b"", b"no weights", pickle.dumps({}, protocol=2)):
        path.write_bytes(data)
        with pytest.raises(WeightsError, match="not a PyTorch file of the older format"):
            read_state_dict(path)


def test_big_endian_files_are_refused(tmp_path: Path) -> None:
    path = Saver().save(tmp_path / "net.pth", OrderedDict(), {**MACHINE, "little_endian": False})
    with pytest.raises(WeightsError, match="byte order"):
        read_state_dict(path)


def test_an_absurd_memo_index_takes_no_memory(tmp_path: Path) -> None:
    head = b"".join(pickle.dumps(value, protocol=2) for value in (MAGIC, VERSION, MACHINE))
    path = tmp_path / "net.pth"
    path.write_bytes(head + b"\x80\x02}r\xff\xff\xff\x7f." + pickle.dumps([], protocol=2))
    tracemalloc.start()
    assert read_state_dict(path) == {}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
