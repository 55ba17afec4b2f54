"""Read the labels from a pickled MultiLabelBinarizer (mlb.pickle) without running the pickle.

A pickle is a program. This reader knows the few names that a fitted binarizer of any recent
scikit-learn and NumPy refers to, replaces them with inert stand-ins, and refuses every other name
before it is looked up. It also saves importing scikit-learn, which takes 1.2 s.
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
from pyimagesearch.model_file.guard.refused import RefusedError

MAX_BYTES = 2_000_000  # of the file, and of all objects that its calls create
MAX_LABELS = 100_000
# The element types that a label array may have: objects, integers, text.
DTYPE = re.compile(r"[<>|=]?(O8|[iu][1248]|U\d{1,4})\Z")


class _Binarizer:
    """Stand-in for sklearn.preprocessing.MultiLabelBinarizer: its attributes, no behaviour."""

    classes_: Any = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.classes_ = state["classes_"]


class _Dtype:
    """Stand-in for numpy.dtype: its name and byte order, checked against DTYPE."""

    def __init__(self, name: str, *_: object) -> None:
        if not DTYPE.match(name):
            raise RefusedError(f"asks for elements of type {name!r}, which no label file needs")
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


# Only what protocols 0 to 5 write for an object with its state: no sets, no extension registry, no
# persistent ids.
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


# Nine bytes can make the unpickler in C allocate 2 GB. The one in Python reads bytes before it
# allocates memory for them, if the opcode for byte arrays is handled like the one for bytes.
class _Unpickler(pickle._Unpickler):
    created = 0  # bytes, by calls; a pickle may encode one string a million times
    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]  # the items above the last mark

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name; raises RefusedError if there is none."""
        try:
            return _ADMITTED[f"{module}.{name}"]
        except KeyError:
            asked = f"{module}.{name}"[:100]
            raise RefusedError(f"asks for {asked}, which no label file needs") from None

    def call(self) -> None:
        """Do what REDUCE asks for, and count the size of the result."""
        reduce: Any = pickle._Unpickler.dispatch[pickle.REDUCE[0]]
        reduce(self)
        self.created += sys.getsizeof(self.stack[-1])
        if self.created > MAX_BYTES:
            raise RefusedError(f"creates more than {MAX_BYTES} bytes of objects")

    def set_item(self) -> None:
        """Add one item to a dictionary; see `set_items`."""
        key, value = self.stack[-2:]
        del self.stack[-2:]
        self._set([key, value])

    def set_items(self) -> None:
        """Add items to a dictionary, but only those with text as key: integers can collide."""
        self._set(self.pop_mark())

    def new_dictionary(self) -> None:
        """Create a dictionary of the items above the last mark, as protocol 0 does."""
        items = self.pop_mark()
        self.append({})
        self._set(items)

    def _set(self, items: list[Any]) -> None:
        texts = {k: v for k, v in zip(items[::2], items[1::2], strict=True) if isinstance(k, str)}
        self.stack[-1].update(texts)

    dispatch: ClassVar[dict[int, Any]] = {
        **{code[0]: pickle._Unpickler.dispatch[code[0]] for code in _OPCODES},
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
        pickle.REDUCE[0]: call,
        pickle.SETITEM[0]: set_item,
        pickle.SETITEMS[0]: set_items,
        pickle.DICT[0]: new_dictionary,
    }


def read_labels(path: Path) -> tuple[str, ...]:
    """Return the labels of the pickled MultiLabelBinarizer at `path`, in column order.

    Raises CommandError if the file is missing, too large, not a fitted binarizer, or asks for
    anything that a fitted binarizer does not need.
    """
    try:
        files.require_regular_file(path)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CommandError(
            f"{path}: no such label file; run train.py first or give another file with --labelbin"
        ) from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror or error})") from None
    if len(data) > MAX_BYTES:
        raise CommandError(
            f"{path}: is larger than {MAX_BYTES} bytes, so it is not a label file that train.py "
            "wrote; give another file with --labelbin"
        )
    try:
        binarizer = _Unpickler(io.BytesIO(data)).load()
        return _labels(binarizer.classes_.values())
    except RefusedError as refused:
        raise CommandError(
            f"{path}: {refused}; refused, nothing was run; use a label file that train.py wrote"
        ) from None
    except Exception:  # a damaged pickle can fail in any way
        raise CommandError(
            f"{path}: is not the pickled MultiLabelBinarizer that train.py writes; train again"
        ) from None


def _labels(values: Sequence[Any]) -> tuple[str, ...]:
    """Return plain values as labels; raises ValueError for others, for example nested lists."""
    if len(values) > MAX_LABELS or not all(type(value) in (str, int, bool) for value in values):
        raise ValueError("not labels")
    labels = tuple(map(str, values))
    if not all(map(is_label, labels)):
        raise ValueError("not labels")
    return labels
