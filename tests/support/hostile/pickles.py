"""mlb.pickle as an attacker would write it; `canary` is a file that must not come into being."""

import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

BINARIZER = b"csklearn.preprocessing._label\nMultiLabelBinarizer\n"
ARRAY = b"cnumpy\nndarray\n"


class Call:
    """Pickled, it asks the reader to call a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def with_labels(labels: bytes) -> bytes:
    """A fitted binarizer whose array of labels is what the opcodes `labels` leave behind."""
    kind = b"cnumpy\ndtype\nX\x02\0\0\0O8\x85R"
    array = ARRAY + b")\x81((K\x01tK\x01\x85" + kind + b"\x89" + labels + b"tb"
    return b"\x80\x02" + BINARIZER + b")\x81}X\x08\0\0\0classes_" + array + b"sb."


def doubled(times: int) -> bytes:
    """A list of a pair of twice the same pair of twice the same pair ..."""
    pairs = b"".join(b"h" + bytes([n]) + b"\x86q" + bytes([n + 1]) for n in range(times))
    return b"]]q\0" + pairs + b"a"


def colliding(count: int) -> bytes:
    """A dictionary whose keys, multiples of 2**61 - 1, all have the hash 0."""
    keys = ((2**61 - 1) * n for n in range(1, count))
    items = b"".join(b"\x8a\x0b" + key.to_bytes(11, "little", signed=True) + b"N" for key in keys)
    return b"\x80\x02}(" + items + b"u."


def encoded(times: int) -> bytes:
    """One text of 100 KB, encoded again and again, every result kept."""
    text = b"X" + struct.pack("<I", 100_000) + b"x" * 100_000 + b"q\0X\x06\0\0\0latin1q\x01"
    return b"\x80\x02" + text + b"c_codecs\nencode\nq\x02" + b"h\x02h\0h\x01\x86R" * times + b"."


PICKLES: dict[str, Callable[[Path], bytes]] = {
    "runs a program": lambda canary: pickle.dumps(Call(os.system, f"touch {canary}")),
    "evaluates a text": lambda canary: pickle.dumps(Call(eval, f"open({str(canary)!r}, 'w')")),
    "starts a process": lambda canary: pickle.dumps(Call(subprocess.run, ["touch", str(canary)])),
    "opens a file": lambda canary: pickle.dumps(Call(open, str(canary), "w")),
    "runs a program, in protocol 0": lambda canary: (
        b"cos\nsystem\n(Vtouch %b\ntR." % str(canary).encode()
    ),
    "an old-style object": lambda canary: b"(Vtouch %b\nios\nsystem\n." % str(canary).encode(),
    "a registered extension": lambda canary: b"\x80\x02\x82\x01)R.",
    "an object kept elsewhere": lambda canary: b"\x80\x02X\x01\0\0\0xQ.",
    "a text of 2 GB in nine bytes": lambda canary: (
        b"\x80\x04\x8e" + struct.pack("<Q", 2**31) + b"."
    ),
    "a byte array of 8 GB": lambda canary: b"\x80\x05\x96" + struct.pack("<Q", 2**33) + b".",
    "a frame of 2 GB": lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 2**31) + b".",
    "lists that double": lambda canary: with_labels(doubled(60)),
    "a nest of lists": lambda canary: with_labels(b"]" * 300_000 + b"a" * 299_999),
    "one text, encoded a million times": lambda canary: encoded(300_000),
    "keys that collide": lambda canary: colliding(100_000),
    "a place of 4 billion": lambda canary: b"\x80\x02Nr\xff\xff\xff\xff.",
    "a number of a million digits": lambda canary: b"L" + b"9" * 1_000_000 + b"L\n.",
    "a name that steers the terminal": lambda canary: (
        b"c\x1b]0;owned\x07\nevil" + b"x" * 5000 + b"\n."
    ),
    "objects out of bytes": lambda canary: (
        b"\x80\x02cnumpy.core.numeric\n_frombuffer\n"
        b"B\x08\0\0\0AAAAAAAAcnumpy\ndtype\nX\x02\0\0\0O8\x85R\x86R."
    ),
    "state for a class": lambda canary: b"\x80\x02" + ARRAY + b"}X\x01\0\0\0aK\x01sb.",
    "3 MB": lambda canary: bytes(3_000_000),
}
