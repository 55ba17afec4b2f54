"""Read the labels out of a pickled MultiLabelBinarizer without running what it asks for.

A pickle is a program. This reader admits the few names that a fitted binarizer of any recent
scikit-learn and NumPy refers to, puts inert stand-ins in their place, and refuses everything
else by name before it runs. It is also quick: neither scikit-learn nor its 1.2 s load.
"""

import io
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from pyimagesearch.console import CommandError

MAX_BYTES = 32_000_000
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
            raise _RefusedError(f"elements of type {name!r}")
        self.name = name

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.name = state[1] + self.name.lstrip("<>|=")

    def read(self, data: bytes) -> list[Any]:
        """Return the elements in `data` as plain Python values."""
        values: list[Any] = np.frombuffer(data, self.name).tolist()
        return values


class _Array:
    """Stand-in for numpy.ndarray: a list of plain values."""

    values: list[Any]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, _, dtype, _, content = state
        self.values = content if isinstance(content, list) else dtype.read(content)


def _from_buffer(data: bytes, dtype: _Dtype, *_: object) -> _Array:
    array = _Array()
    array.values = dtype.read(data)
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


# The unpickler in C can be made to take 2 GB by nine bytes; the one in Python cannot.
class _Unpickler(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name, or refuse it."""
        try:
            return _ADMITTED[f"{module}.{name}"]
        except KeyError:
            raise _RefusedError(f"{module}.{name}") from None


def read_labels(path: Path) -> tuple[str, ...]:
    """Return the labels of the pickled MultiLabelBinarizer at `path`, in column order.

    Raises CommandError where the file is missing, too large, no fitted binarizer, or asks for
    anything that a fitted binarizer does not need.
    """
    try:
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
        labels = tuple(map(str, binarizer.classes_.values))
    except _RefusedError as wanted:
        raise CommandError(
            f"{path}: asks for {wanted}, which no label file needs; refused, nothing was run"
        ) from None
    except Exception:  # a broken pickle can fail in any way
        raise CommandError(
            f"{path}: is not the pickled MultiLabelBinarizer that train.py writes; train again"
        ) from None
    return labels
