"""fashion.model as an attacker would pack it, made of a good one."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

from pyimagesearch.model_file import save_load
from pyimagesearch.model_file.archive import CONFIG, ONNX, TAGGER_JSON, WEIGHTS

Members = list[tuple[str, bytes]]


def unpack(model: bytes) -> dict[str, bytes]:
    """Return the members of a good model by name."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(members: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return an archive of these members, names as they are, twice if they are."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def changed(model: bytes, **contents: bytes) -> bytes:
    """Return the model with other contents; digests are put right, as an attacker would."""
    members = unpack(model)
    names = {"config": TAGGER_JSON, "graph": ONNX, "weights": WEIGHTS, "config": CONFIG}
    members |= {names[key]: content for key, content in contents.items()}
    if "config" not in contents and ONNX in members:
        with zipfile.ZipFile(io.BytesIO(pack(list(members.items())))) as archive:
            config = json.loads(members[TAGGER_JSON]) | {
                save_load.DIGESTS: save_load.digests(archive)
            }
        members[TAGGER_JSON] = json.dumps(config).encode()
    return pack(list(members.items()))


def without_graph(model: bytes) -> bytes:
    """Return the model without its ONNX copy, so that Keras has to read it."""
    return pack([item for item in unpack(model).items() if item[0] != ONNX])


def with_card(model: bytes, **fields: Any) -> bytes:
    """Return the model with these fields of the config changed."""
    config = json.loads(unpack(model)[TAGGER_JSON]) | fields
    return changed(model, config=json.dumps(config).encode())


def added(model: bytes, *members: tuple[str, bytes]) -> bytes:
    """Return the model with these members behind its own."""
    return pack([*unpack(model).items(), *members])


def patched(model: bytes, offset: int, form: str, value: int) -> bytes:
    """Return the model with a field of its config's directory entry overwritten."""
    data = bytearray(model)
    entry = data.rindex(b"PK\1\2", 0, data.rindex(TAGGER_JSON.encode()))
    struct.pack_into(form, data, entry + offset, value)
    return bytes(data)


def big_directory(model: bytes) -> bytes:
    """Return the model with a second, larger directory announced as zip64."""
    end = model.rindex(b"PK\5\6")
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, 2**40, 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    return model[:end] + record + locator + model[end:]


ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "nothing at all": lambda model: b"",
    "another kind of file": lambda model: b"\x89HDF\r\n\x1a\n" * 1000,
    "an archive of nothing": lambda model: pack([]),
    "half a file": lambda model: model[: len(model) // 2],
    "only its last half": lambda model: model[len(model) // 2 :],
    "members that inflate": lambda model: pack(
        [*unpack(model).items()], compression=zipfile.ZIP_DEFLATED
    ),
    "100 MB in 100 KB": lambda model: pack(
        [(TAGGER_JSON, bytes(100_000_000))], compression=zipfile.ZIP_DEFLATED
    ),
    "a way out of the folder": lambda model: added(model, ("../../canary", b"x")),
    "an absolute path": lambda model: added(model, ("/tmp/canary", b"x")),
    "a member twice": lambda model: added(model, (TAGGER_JSON, b"{}")),
    "5,000 members": lambda model: added(model, *((f"{n}", b"") for n in range(5_000))),
    "an encrypted config": lambda model: patched(model, 8, "<H", 1),
    "a config of 4 GB": lambda model: patched(model, 24, "<I", 2**32 - 2),
    "a config behind the end": lambda model: patched(model, 42, "<I", 2**31),
    "a directory of a terabyte": big_directory,
    "a config that is a nest": lambda model: changed(model, config=b"[" * 1_000_000),
    "a config that is a list": lambda model: changed(model, config=b"[1]"),
    "images of a billion pixels a side": lambda model: with_card(model, image_size=10**9),
    "images of no size": lambda model: with_card(model, image_size=-5),
    "a pair two million times": lambda model: with_card(model, pairs=[[0, 1]] * 2_000_000),
    "a pair of labels that are not there": lambda model: with_card(model, pairs=[[0, 10**12]]),
    "labels of another model": lambda model: with_card(
        model, labels=list("uvwxyz"), groups=[], pairs=[]
    ),
    "labels that steer the terminal": lambda model: with_card(
        model, labels=[f"\x1b[2J\n{n}" for n in range(6)], groups=[], pairs=[]
    ),
    "an ONNX copy of other weights": lambda model: pack(
        [*(unpack(model) | {WEIGHTS: unpack(model)[WEIGHTS][:-4] + b"1234"}).items()]
    ),
    "other weights for the ONNX copy": lambda model: pack(
        [*(unpack(model) | {ONNX: unpack(model)[ONNX] + b"\0"}).items()]
    ),
}
