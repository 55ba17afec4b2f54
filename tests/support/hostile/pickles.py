"""mlb.pickle as an attacker would write it; `canary` is a file that must not be created."""

import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

BINARIZER = b"csklearn.preprocessing._label\nMultiLabelBinarizer\n"
ARRAY = b"cnumpy\nndarray\n"


class Call:
    """Pickled, this asks the reader to call a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def with_labels(labels: bytes) -> bytes:
    """A fitted binarizer whose array of labels is what the opcodes `labels` leave on the stack."""
    kind = b"cnumpy\ndtype\nX\x02\0\0\0O8\x85R"
    array = ARRAY + b")\x81((K\x01tK\x01\x85" + kind + b"\x89" + labels + b"tb"
    return b"\x80\x02" + BINARIZER + b")\x81}X\x08\0\0\0classes_" + array + b"sb."


def doubled(times: int) -> bytes:
    """A list of a pair that contains the same pair twice, which contains the same pair twice ..."""
    pairs = b"".join(b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(times))
    return b"]]q\0" + pairs + b"a"


def colliding(count: int) -> bytes:
    """A dictionary whose keys, multiples of 2**61 - 1, all have the same hash."""
    keys = ((2**61 - 1) * n for n in range(1, count))
    items = b"".join(b"\x8a\x0b" + key.to_bytes(11, "little", signed=True) + b"N" for key in keys)
    return b"\x80\x02}(" + items + b"u."


def encoded(times: int) -> bytes:
    """One text of 100 KB, encoded again and again; every result is kept."""
    text = b"X" + struct.pack("<I", 100_000) + b"x" * 100_000 + b"q\0X\x06\0\0\0latin1q\x01"
    return b"\x80\x02" + text + b"c_codecs\nencode\nq\x02" + b"h\x02h\0h\x01\x86R" * times + b"."


NOT_A_BINARIZER = "is not the pickled MultiLabelBinarizer that train.py writes; train again"
# What to write, and why it is refused.
PICKLES: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "a call of os.system": (
        lambda canary: pickle.dumps(Call(os.system, f"touch {canary}")),
        f"asks for {os.name}.system, which no label file needs; refused, nothing was run",
    ),
    "a call of eval": (
        lambda canary: pickle.dumps(Call(eval, f"open({str(canary)!r}, 'w')")),
        "asks for builtins.eval, which no label file needs; refused, nothing was run",
    ),
    "a call of subprocess.run": (
        lambda canary: pickle.dumps(Call(subprocess.run, ["touch", str(canary)])),
        "asks for subprocess.run, which no label file needs; refused, nothing was run",
    ),
    "a call of open": (
        lambda canary: pickle.dumps(Call(open, str(canary), "w")),
        "open, which no label file needs; refused, nothing was run",  # of io or _io
    ),
    "a call of os.system in protocol 0": (
        lambda canary: b"cos\nsystem\n(Vtouch %b\ntR." % str(canary).encode(),
        "asks for os.system, which no label file needs; refused, nothing was run",
    ),
    "an instance in protocol 0": (
        lambda canary: b"(Vtouch %b\nios\nsystem\n." % str(canary).encode(),
        NOT_A_BINARIZER,
    ),
    "a registered extension": (lambda canary: b"\x80\x02\x82\x01)R.", NOT_A_BINARIZER),
    "a persistent id": (lambda canary: b"\x80\x02X\x01\0\0\0xQ.", NOT_A_BINARIZER),
    "a text of 2 GB in nine bytes": (
        lambda canary: b"\x80\x04\x8e" + struct.pack("<Q", 2**31) + b".",
        NOT_A_BINARIZER,
    ),
    "a byte array of 8 GB": (
        lambda canary: b"\x80\x05\x96" + struct.pack("<Q", 2**33) + b".",
        NOT_A_BINARIZER,
    ),
    "a frame of 2 GB": (
        lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 2**31) + b".",
        NOT_A_BINARIZER,
    ),
    "pairs of pairs, 2**60 in all": (lambda canary: with_labels(doubled(60)), NOT_A_BINARIZER),
    "100,000 nested lists": (
        lambda canary: with_labels(b"]" * 100_000 + b"a" * 99_999),
        NOT_A_BINARIZER,
    ),
    "one text, encoded 2,000 times": (
        lambda canary: encoded(2_000),
        "creates more than 2000000 bytes of objects; refused, nothing was run",
    ),
    "keys with the same hash": (lambda canary: colliding(20_000), NOT_A_BINARIZER),
    "a memo index of 4 billion": (lambda canary: b"\x80\x02Nr\xff\xff\xff\xff.", NOT_A_BINARIZER),
    "a number of a million digits": (
        lambda canary: b"L" + b"9" * 1_000_000 + b"L\n.",
        NOT_A_BINARIZER,
    ),
    "a name that steers the terminal": (
        lambda canary: b"c\x1b]0;owned\x07\nevil" + b"x" * 5000 + b"\n.",
        r"asks for \x1b]0;owned\x07.evilxxx",
    ),
    "objects from bytes": (
        lambda canary: (
            b"\x80\x02cnumpy.core.numeric\n_frombuffer\n"
            b"B\x08\0\0\0AAAAAAAAcnumpy\ndtype\nX\x02\0\0\0O8\x85R\x86R."
        ),
        NOT_A_BINARIZER,
    ),
    "a state for a class": (
        lambda canary: b"\x80\x02" + ARRAY + b"}X\x01\0\0\0aK\x01sb.",
        NOT_A_BINARIZER,
    ),
    "a file of 3 MB": (lambda canary: bytes(3_000_000), "is larger than 2000000 bytes"),
}
