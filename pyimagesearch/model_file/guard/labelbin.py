"""Read the labels out of a pickled MultiLabelBinarizer without running what it asks for.

A pickle is a program. This reader admits the few names that a fitted binarizer of any recent
scikit-learn and NumPy refers to, puts inert stand-ins in their place, and refuses everything
else by name before it runs. It is also quick: neither scikit-learn nor its 1.2 s load.
"""

import io
import pickle
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.check import is_label

MAX_BYTES = 2_000_000  # of the file, and of what it makes of itself
MAX_LABELS = 100_000
# Element types a label array may have: objects, integers, text.
DTYPE = re.compile(r"[<>|=]?(O8|[iu][1248]|U\d{1,4})\Z")


class _RefusedError(Exception):
    """The pickle asks for a name that no fitted binarizer needs."""


class _Binarizer:
    """Stand-in for sklearn.preprocessing.MultiLabelBinarizer: its attributes, no behaviour."""

    classes_: Any = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.classes_ = state["classes_"]


class _Dtype:
    """Stand-in for numpy.dtype: its name and byte order, checked against DTYPE."""

    def __init__(self, name: str, *_: object) -> None:
        if not DTYPE.match(name):
            raise _RefusedError(f"elements of type {name[:100]!r}")
        self.name = name

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.name = state[1] + self.name.lstrip("<>|=")

    def read(self, data: bytes) -> list[Any]:
        """Return the elements in `data` as plain Python values."""
        values: list[Any] = np.frombuffer(data, self.name).tolist()
        return values


class _Array:
    """Stand-in for numpy.ndarray: its type, and its values or bytes."""

    dtype: _Dtype
    content: list[Any] | bytes

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, _, self.dtype, _, self.content = state

    def values(self) -> list[Any]:
        """Return the elements as plain Python values."""
        return self.content if isinstance(self.content, list) else self.dtype.read(self.content)


def _from_buffer(data: bytes, dtype: _Dtype, *_: object) -> _Array:
    array = _Array()
    array.dtype, array.content = dtype, data
    return array


def _encode(text: str, _: str) -> bytes:
    return text.encode("latin1")


_NUMPY = {
    "multiarray._reconstruct": lambda *_: _Array(),
    "multiarray.scalar": lambda dtype, data: dtype.read(data)[0],
    "numeric._frombuffer": _from_buffer,
}
_ADMITTED: dict[str, Any] = {
    "sklearn.preprocessing._label.MultiLabelBinarizer": _Binarizer,
    "sklearn.preprocessing.label.MultiLabelBinarizer": _Binarizer,
    "numpy.ndarray": _Array,
    "numpy.dtype": _Dtype,
    "_codecs.encode": _encode,
    # Pickle protocols 0 and 1 name these, under Python 2's names.
    "copy_reg._reconstructor": lambda stand_in, *_: stand_in(),
    "__builtin__.object": object,
    **{f"numpy._core.{name}": stand_in for name, stand_in in _NUMPY.items()},
    **{f"numpy.core.{name}": stand_in for name, stand_in in _NUMPY.items()},
}


# What protocols 0 to 5 write for an object with its state, and no more: no sets, no registered
# extensions, no objects kept elsewhere.
_OPCODES = (
    *(pickle.PROTO, pickle.FRAME, pickle.STOP, pickle.MARK, pickle.GLOBAL),
    *(pickle.STACK_GLOBAL, pickle.NEWOBJ, pickle.BUILD, pickle.PUT, pickle.BINPUT),
    *(pickle.LONG_BINPUT, pickle.MEMOIZE, pickle.GET, pickle.BINGET, pickle.LONG_BINGET),
    *(pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE, pickle.INT, pickle.BININT, pickle.BININT1),
    *(pickle.BININT2, pickle.LONG, pickle.LONG1, pickle.UNICODE, pickle.BINUNICODE),
    *(pickle.SHORT_BINUNICODE, pickle.BINBYTES, pickle.SHORT_BINBYTES, pickle.EMPTY_TUPLE),
    *(pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3, pickle.EMPTY_LIST, pickle.LIST),
    *(pickle.APPEND, pickle.APPENDS, pickle.EMPTY_DICT),
)


# The unpickler in C can be made to take 2 GB by nine bytes; the one in Python cannot, once bytes
# are read before there is room for them.
class _Unpickler(pickle._Unpickler):
    made = 0  # bytes, by calls; one string may be encoded a million times
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]  # what lies above the last mark

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name, or refuse it."""
        try:
            return _ADMITTED[f"{module}.{name}"]
        except KeyError:
            raise _RefusedError(f"{module}.{name}"[:100]) from None

    def call(self) -> None:
        """Do what REDUCE asks for, and count what comes of it."""
        reduce: Any = pickle._Unpickler.dispatch[pickle.REDUCE[0]]
        reduce(self)
        self.made += sys.getsizeof(self.stack[-1])
        if self.made > MAX_BYTES:
            raise pickle.UnpicklingError("makes too much of itself")

    def set_item(self) -> None:
        """Put one item into a dictionary; see `set_items`."""
        key, value = self.stack[-2:]
        del self.stack[-2:]
        self._set([key, value])

    def set_items(self) -> None:
        """Put items into a dictionary, those with names only: numbers can be made to collide."""
        self._set(self.pop_mark())

    def new_dictionary(self) -> None:
        """Make a dictionary as protocol 0 does, of the items above the last mark."""
        items = self.pop_mark()
        self.append({})
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        named = {k: v for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, str)}
        self.stack[-1].update(named)

    dispatch: ClassVar[dict[int, Any]] = {
        **{code[0]: pickle._Unpickler.dispatch[code[0]] for code in _OPCODES},
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
        pickle.REDUCE[0]: call,
        pickle.SETITEM[0]: set_item,
        pickle.SETITEMS[0]: set_items,
        pickle.DICT[0]: new_dictionary,
    }


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    """Return plain values as text; raises ValueError for others, such as lists within lists."""
    if len(values) > MAX_LABELS or not all(type(value) in (str, int, bool) for value in values):
        raise ValueError("no labels")
    labels = tuple(map(str, values))
    if not all(map(is_label, labels)):
        raise ValueError("no labels")
    return labels


def read_labels(path: Path) -> tuple[str, ...]:
    """Return the labels of the pickled MultiLabelBinarizer at `path`, in column order.

    Raises CommandError where the file is missing, too large, no fitted binarizer, or asks for
    anything that a fitted binarizer does not need.
    """
    try:
        files.require_regular_file(path)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CommandError(
            f"{path}: no such file; run train.py first or name one with --labelbin"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise CommandError(f"{path}: over {MAX_BYTES} bytes is no label file")
    try:
        binarizer = _Unpickler(io.BytesIO(data)).load()
        labels = _texts(binarizer.classes_.values())
    except _RefusedError as wanted:
        raise CommandError(
            f"{path}: asks for {wanted}, which no label file needs; refused, nothing was run"
        ) from None
    except Exception:  # a broken pickle can fail in any way
        raise CommandError(
            f"{path}: is not the pickled MultiLabelBinarizer that train.py writes; train again"
        ) from None
    return labels
