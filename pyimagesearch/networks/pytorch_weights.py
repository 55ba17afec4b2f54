"""Read the arrays in a PyTorch weight file without PyTorch, and without running the file.

The format before PyTorch 1.6, which `torch.load` still reads: a magic number, a version, facts
about the machine, a state dict and the list of its storages, a pickle each; then each storage as
the count of its elements, int64, and the elements.

A pickle is a program. This reader knows the few instructions and names that a state dict needs,
and refuses everything else before it runs.
"""

import io
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class WeightsError(ValueError):
    """The file is not a state dict, or asks for more than one; the text says what was found."""


class _Storage(NamedTuple):
    dtype: np.dtype[Any]
    key: str
    elements: int


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int  # in elements, as the strides are
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _RebuildTensor:
    """Stand-in for torch._utils._rebuild_tensor_v2."""

    __slots__ = ()  # a pickle may set attributes of what it names

    def __call__(
        self,
        storage: _Storage,
        offset: int,
        shape: tuple[int, ...],
        strides: tuple[int, ...],
        *_: object,
    ) -> _Tensor:
        return _Tensor(storage, offset, shape, strides)


# What PyTorch writes for an OrderedDict of tensors with its metadata.
_OPCODES = (
    *(pickle.PROTO, pickle.STOP, pickle.MARK, pickle.GLOBAL, pickle.REDUCE, pickle.BUILD),
    *(pickle.BINPERSID, pickle.BINPUT, pickle.LONG_BINPUT, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.BININT, pickle.BININT1, pickle.BININT2),
    *(pickle.LONG1, pickle.BINUNICODE, pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1),
    *(pickle.TUPLE2, pickle.TUPLE3, pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS),
    *(pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS),
)


# The unpickler in C can be made to take gigabytes by nine bytes; the one in Python cannot.
class _Unpickler(pickle._Unpickler):
    dispatch: ClassVar[dict[int, Any]] = {
        code[0]: pickle._Unpickler.dispatch[code[0]] for code in _OPCODES
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name, or refuse it."""
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _RebuildTensor()
            case "torch", _ if name in _DTYPES:
                return _DTYPES[name]
        raise WeightsError(f"asks for {module}.{name}"[:100])

    def persistent_load(self, pid: Any) -> _Storage:
        """Return where to find the elements of a tensor."""
        kind, dtype, key, _device, elements, view = pid
        if kind != "storage" or view is not None:
            raise WeightsError(f"has tensors in a {kind!r}"[:100])
        return _Storage(dtype, key, elements)


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays in the file `path` by their names, read-only, in the shapes of PyTorch.

    Raises WeightsError if the file is anything but a plain state dict of float32 and int64, and
    OSError if it cannot be read.
    """
    data = path.read_bytes()
    try:
        return _arrays(data)
    except WeightsError:
        raise
    except Exception as error:  # a broken pickle can fail in any way
        raise WeightsError(f"is damaged or cut off ({type(error).__name__})") from None


def _arrays(data: bytes) -> dict[str, NDArray[Any]]:
    file = io.BytesIO(data)
    if data[:2] != pickle.PROTO + b"\x02" or _Unpickler(file).load() != MAGIC:
        raise WeightsError("is not a PyTorch file of the older format")
    version, machine, tensors, keys = (_Unpickler(file).load() for _ in range(4))
    if version != VERSION or not machine["little_endian"]:
        raise WeightsError(f"is of version {version!r} or another byte order"[:100])

    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    starts = {}
    for key in keys:
        storage = storages[key]
        elements = int.from_bytes(file.read(8), "little")
        starts[key] = file.tell()
        if elements != storage.elements:
            raise WeightsError("has storages of other lengths than its tensors say")
        file.seek(elements * storage.dtype.itemsize, io.SEEK_CUR)
    if file.tell() != len(data):
        raise WeightsError("does not end with its last storage")

    # NumPy refuses shapes and strides that reach beyond the bytes they are given.
    arrays = {}
    for name, (storage, offset, shape, strides) in tensors.items():
        size = storage.dtype.itemsize
        start = starts[storage.key]
        buffer = memoryview(data)[start : start + storage.elements * size]
        byte_strides = tuple(stride * size for stride in strides)
        arrays[name] = np.ndarray(shape, storage.dtype, buffer, offset * size, byte_strides)
    return arrays
