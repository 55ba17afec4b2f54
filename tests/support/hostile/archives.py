"""fashion.model as an attacker would write it, made from a good one."""

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from pyimagesearch.model_file.archive import ONNX, TAGGER_JSON, WEIGHTS, digests

Members = Sequence[tuple[str, bytes]]


def unpack(model: bytes) -> dict[str, bytes]:
    """The members of a good model by name."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these members; a name may be used twice."""
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", compression) as archive:
        warnings.simplefilter("ignore")  # that a name is used twice
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def changed(model: bytes, contents: dict[str, bytes]) -> bytes:
    """The model with other contents of some members, and the digests that belong to them."""
    members = unpack(model) | contents
    if TAGGER_JSON not in contents and ONNX in members:
        with zipfile.ZipFile(io.BytesIO(pack(list(members.items())))) as archive:
            fields = json.loads(members[TAGGER_JSON]) | {"digests": digests(archive)}
        members[TAGGER_JSON] = json.dumps(fields).encode()
    return pack(list(members.items()))


def with_old_digests(model: bytes, name: str, content: bytes) -> bytes:
    """The model with another content of the member `name`, but the digests of the old one."""
    return pack(list((unpack(model) | {name: content}).items()))


def without_onnx(model: bytes) -> bytes:
    """The model without its ONNX export, so that Keras has to read it."""
    return pack([item for item in unpack(model).items() if item[0] != ONNX])


def configured(model: bytes, **fields: Any) -> bytes:
    """The model with other values in its tagger.json."""
    values = json.loads(unpack(model)[TAGGER_JSON]) | fields
    return changed(model, {TAGGER_JSON: json.dumps(values).encode()})


def extended(model: bytes, *members: tuple[str, bytes]) -> bytes:
    """The model with these members after its own."""
    return pack([*unpack(model).items(), *members])


def patched(model: bytes, offset: int, form: str, value: int) -> bytes:
    """The model with one field of the directory entry of its tagger.json overwritten."""
    data = bytearray(model)
    entry = data.rindex(b"PK\1\2", 0, data.rindex(TAGGER_JSON.encode()))
    struct.pack_into(form, data, entry + offset, value)
    return bytes(data)


def zip64(model: bytes) -> bytes:
    """The model with a second, larger directory, announced as zip64."""
    end = model.rindex(b"PK\5\6")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 2**40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    return model[:end] + record + locator + model[end:]


NOT_A_MODEL = "is not a model that train.py wrote; train again"
# What to make of a good model, and why it is refused.
ARCHIVES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "an empty file": (lambda model: b"", NOT_A_MODEL),
    "another kind of file": (lambda model: b"\x89HDF\r\n\x1a\n" * 1000, NOT_A_MODEL),
    "an empty archive": (lambda model: pack([]), NOT_A_MODEL),
    "the first half of a file": (lambda model: model[: len(model) // 2], NOT_A_MODEL),
    "the last half of a file": (lambda model: model[len(model) // 2 :], NOT_A_MODEL),
    "compressed members": (
        lambda model: pack([*unpack(model).items()], compression=zipfile.ZIP_DEFLATED),
        "its metadata.json is compressed or encrypted",
    ),
    "100 MB compressed to 100 KB": (
        lambda model: pack([(TAGGER_JSON, bytes(100_000_000))], compression=zipfile.ZIP_DEFLATED),
        "its tagger.json is compressed or encrypted",
    ),
    "a path out of the folder": (
        lambda model: extended(model, ("../../canary", b"x")),
        "contains '../../canary', which no model needs; refused",
    ),
    "an absolute path": (
        lambda model: extended(model, ("/canary", b"x")),
        "contains '/canary', which no model needs; refused",
    ),
    "a name that steers the terminal": (
        lambda model: extended(model, ("\x1b[2J\n", b"x")),
        r"contains '\x1b[2J\n', which no model needs; refused",
    ),
    "a member twice": (
        lambda model: extended(model, (TAGGER_JSON, b"{}")),
        "contains tagger.json twice; refused",
    ),
    "5,000 members": (
        lambda model: extended(model, *((f"{n}", b"") for n in range(5_000))),
        NOT_A_MODEL,
    ),
    "an encrypted tagger.json": (
        lambda model: patched(model, 8, "<H", 1),
        "its tagger.json is compressed or encrypted",
    ),
    "a tagger.json of 4 GB": (
        lambda model: patched(model, 24, "<I", 2**32 - 2),
        "its tagger.json claims an implausible size",
    ),
    "a tagger.json beyond the end of the file": (
        lambda model: patched(model, 42, "<I", 2**31),
        NOT_A_MODEL,
    ),
    "a tagger.json with another checksum": (
        lambda model: patched(model, 16, "<I", 0),
        NOT_A_MODEL,
    ),
    "a directory of a terabyte": (zip64, NOT_A_MODEL),
    "a deeply nested tagger.json": (
        lambda model: changed(model, {TAGGER_JSON: b"[" * 1_000_000}),
        "its tagger.json is damaged",
    ),
    "a tagger.json that is a list": (
        lambda model: changed(model, {TAGGER_JSON: b"[1]"}),
        "its tagger.json is damaged",
    ),
    "images of a billion pixels per side": (
        lambda model: configured(model, image_size=10**9),
        "its images have 1000000000 pixels per side",
    ),
    "images of negative size": (
        lambda model: configured(model, image_size=-5),
        "its images have -5 pixels per side",
    ),
    "a pair of labels 100,000 times": (
        lambda model: configured(model, pairs=[[0, 1]] * 100_000),
        "its pairs of labels are not sorted, or one is there twice",
    ),
    "a pair of labels that do not exist": (
        lambda model: configured(model, pairs=[[0, 10**12]]),
        "its pairs of labels do not fit its labels",
    ),
    "the labels of another model": (
        lambda model: configured(model, labels=list("uvwxyz"), groups=[], pairs=[]),
        "and mlb.pickle do not belong together: one has the labels u, v, w, x, y, z, the other",
    ),
    "labels that steer the terminal": (
        lambda model: configured(
            model, labels=[f"\x1b[2J\n{n}" for n in range(6)], groups=[], pairs=[]
        ),
        r"one has the labels \x1b[2J\n0, \x1b[2J\n1,",
    ),
    "100,000 labels": (
        lambda model: configured(
            model,
            labels=list(map(str, range(10**5))),
            thresholds=[0.5] * 10**5,
            temperatures=[],
            groups=[],
            pairs=[],
        ),
        "one has the labels 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 99990 more, the other",
    ),
    "an ONNX export of other weights": (
        lambda model: with_old_digests(model, WEIGHTS, unpack(model)[WEIGHTS][:-4] + b"1234"),
        "its ONNX export and its weights were not saved together",
    ),
    "weights of another ONNX export": (
        lambda model: with_old_digests(model, ONNX, unpack(model)[ONNX] + b"\0"),
        "its ONNX export and its weights were not saved together",
    ),
}
