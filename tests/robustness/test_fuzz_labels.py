"""Label files of strangers gone wrong or made to harm: each is read or refused in one line.

`make soak` runs it at full size.
"""

import itertools
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from support.commands import ROOT
from support.labels import ALL, TRUTH, coco, touch, write_json, write_lists, write_marks
from support.pictures.mutate import mutated

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.data import tables

FEW, MANY = 60, 5_000
SMALL, LARGE = 2**19, 100 * 2**20  # bytes of files made to harm
MAX_MEGABYTES = 1024
MAX_SECONDS = 600  # after which a reader hangs
LINES = (b"\n", b",", b";", b'"', b"[", b"{", b"]", b"<", b"&a;", b"\0", b"\xff\xfe", b"nan", b"1")


def good_files(folder: Path) -> dict[str, Path]:
    """Write a good file of each form into a folder of its own, with the photos."""
    made: dict[str, Path] = {}

    def place(name: str) -> Path:
        touch(folder / name / "images")
        made[name] = folder / name / f"labels.{name.rpartition(' ')[2]}"
        return made[name]

    write_lists(place("lists csv"))
    write_lists(place("python csv"), cell=lambda found: repr(list(found)))
    write_marks(place("marks csv"), "x", "")
    place("spaces txt").write_text("\n".join(f"{s}.png {' '.join(f)}" for s, f in TRUTH.items()))
    write_json(place("coco json"), coco())
    records = [{"file_name": f"{stem}.png", "labels": found} for stem, found in TRUTH.items()]
    place("lines jsonl").write_text("\n".join(map(json.dumps, records)))
    write_json(place("by-name json"), {f"{stem}.png": list(f) for stem, f in TRUTH.items()})
    choices = [{"value": {"choices": ["a"]}, "from_name": "q", "type": "choices"}]
    tasks = [{"data": {"image": f"{s}.png"}, "annotations": [{"result": choices}]} for s in TRUTH]
    write_json(place("tasks json"), tasks)
    images = "".join(
        f'<image name="{s}.png"><tag label="{f[0]}"/></image>' for s, f in TRUTH.items()
    )
    place("cvat xml").write_text(f"<annotations>{images}</annotations>")
    place("voc xml").write_text(
        "<annotation><filename>n00.png</filename><object><name>a</name></object></annotation>"
    )
    return made


def spoil(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """Return a file gone wrong: bytes as in pictures, or signs and lines of texts."""
    if rng.random() < 0.5:
        return mutated(data, other, rng)
    changed = bytearray(data)
    for _ in range(rng.choice((1, 2, 8))):
        at = rng.randrange(len(changed) + 1)
        changed[at:at] = rng.choice(LINES) * rng.choice((1, 1, 2, 2000))
    lines = bytes(changed).split(b"\n")
    if rng.random() < 0.3:
        rng.shuffle(lines)
    return b"\n".join(lines)


def read(path: Path) -> str:
    """Return how reading a label file ends; any other exception than CommandError passes."""
    try:
        labels.check_labels(labels.read(path, max_unreadable=0.5).samples)
    except CommandError as error:
        return one_line(error)
    return "read"


def one_line(error: CommandError) -> str:
    """Return "refused" if the text of an error is one line."""
    assert "\n" not in str(error)
    return "refused"


def fuzz(folder: Path, count: int, seed: int) -> Counter[str]:
    """Read `count` spoilt files of each form; return how many came to what end."""
    files = good_files(folder)
    good = {name: path.read_bytes() for name, path in files.items()}
    ends: Counter[str] = Counter()
    for name, path in files.items():
        rng = random.Random(f"{name} {seed}")
        for _ in range(count):
            path.write_bytes(spoil(good[name], rng.choice(list(good.values())), rng))
            ends[read(path)] += 1
        path.write_bytes(good[name])
        assert read(path) == ("refused" if name in ("voc xml", "tasks json") else "read")
    return ends


def test_spoilt_label_files_are_read_or_refused(tmp_path: Path) -> None:
    ends = fuzz(tmp_path, FEW, 1)
    assert set(ends) == {"read", "refused"}


@pytest.mark.soak
def test_5000_spoilt_label_files_a_form_are_read_or_refused(tmp_path: Path) -> None:
    ends = fuzz(tmp_path, MANY, 2)
    print(dict(ends))
    assert set(ends) == {"read", "refused"}


def spoil_others(folder: Path, count: int, seed: int) -> None:
    """Read spoilt files of the kinds that have one for each photo."""
    rng = random.Random(seed)
    voc = b"<annotation><object><name>a</name></object></annotation>"
    yolo = b"0 0.5 0.5 0.1 0.1\n3 0.5 0.5 0.1 0.1\n"
    names = f"train: x\nnames: [{', '.join(ALL)}]\n".encode()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:li>a</rdf:li></x:xmpmeta>'
    json_list = b'{"shapes": [{"label": "a"}], "flags": {"b": true}}'
    kinds = {".xml": voc, ".txt": yolo, ".xmp": xmp, ".json": json_list, ".caption": b"red, hat"}
    for suffix, data in kinds.items():
        for _ in range(count):
            for photo in folder.glob("*.png"):
                photo.with_suffix(suffix).write_bytes(spoil(data, voc, rng))
            (folder / "data.yaml").write_bytes(spoil(names, yolo, rng))
            read(folder)
        for path in folder.glob(f"*{suffix}"):
            path.unlink()
    mulan = b'<labels xmlns="http://mulan.sourceforge.net/labels"><label name="red"/></labels>'
    for _ in range(count * 5):
        (folder / "labels.xml").write_bytes(spoil(mulan, voc, rng))
        try:
            tables.read_xml(folder / "labels.xml")
        except CommandError as error:
            one_line(error)


def test_spoilt_files_of_single_photos_are_read_or_refused(tmp_path: Path) -> None:
    touch(tmp_path)
    spoil_others(tmp_path, 12, 1)


@pytest.mark.soak
def test_many_spoilt_files_of_single_photos_are_read_or_refused(tmp_path: Path) -> None:
    touch(tmp_path)
    spoil_others(tmp_path, 600, 2)


def repeated(part: bytes, size: int) -> Iterable[bytes]:
    block = part * max(1, 2**16 // len(part))
    return itertools.repeat(block, max(1, size // len(block)))


def numbered(size: int, form: str) -> Iterable[bytes]:
    count = size // len(form.format(0))
    return (
        "".join(form.format(i) for i in range(n, n + 1000)).encode() for n in range(0, count, 1000)
    )


LAUGHS = "".join(
    f'<!ENTITY l{n} "{"".join(f"&l{n - 1};" for _ in range(10))}">' for n in range(1, 12)
)
BOMB = f'<!DOCTYPE x [<!ENTITY l0 "lol">{LAUGHS}]><annotation>&l11;</annotation>'.encode()
QUADRATIC = b'<!DOCTYPE x [<!ENTITY a "%b">]><annotation>%b</annotation>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>'
ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)).encode()

# A name -> the file and its content, about as large as asked.
HARMFUL: dict[str, tuple[str, Callable[[int], Iterable[bytes]]]] = {
    "commas": ("l.csv", lambda size: repeated(b",", size)),
    "lines of commas": ("l.csv", lambda size: repeated(b"," * 999 + b"\n", size)),
    "short lines": ("l.csv", lambda size: [b"path,labels\n", *repeated(b"a,b\n", size)]),
    "an open quote": ("l.csv", lambda size: [b'path,labels\nn00.png,"', *repeated(b"x\n", size)]),
    "many columns": ("l.csv", lambda size: [b"path", *numbered(size, ",c{:08}"), b"\nn00.png,1\n"]),
    "different labels": ("l.csv", lambda size: [b"path,labels\n", *numbered(size, "n00,a{}\n")]),
    "labels in a cell": ("l.csv", lambda size: [b"path,labels\n", *repeated(b"n00,a|b|c\n", size)]),
    "deep lists in cells": (
        "l.csv",
        lambda size: [b"path,labels\n", *repeated(b'n00,"' + b"[" * 50_000 + b']"\n', size)],
    ),
    "missing photos": ("l.csv", lambda size: [b"path,labels\n", *numbered(size, "x{},a\n")]),
    "zero bytes": ("l.csv", lambda size: [b"path,labels\n", *repeated(b"\0", size)]),
    "no lines": ("l.txt", lambda size: repeated(b"word ", size)),
    "open brackets": ("l.json", lambda size: repeated(b"[", size)),
    "empty lists": ("l.json", lambda size: [b"[", *repeated(b"[],", size), b"[]]"]),
    "empty objects": ("l.json", lambda size: [b"[", *repeated(b"{},", size), b"{}]"]),
    "keys": ("l.json", lambda size: [b"{", *numbered(size, '"k{}":1,'), b'"a":1}']),
    "records": ("l.json", lambda size: [b"[", *numbered(size, '{{"k{}":1}},'), b"{}]"]),
    "open objects": ("l.json", lambda size: repeated(b'{"a":', size)),
    "short texts": ("l.json", lambda size: [b"[", *repeated(b'"a",', size), b'"a"]']),
    "numbers": ("l.json", lambda size: [b"[", *numbered(size, "{:07},".replace("0", "")), b"1]"]),
    "a long number": ("l.json", lambda size: [b"[", *repeated(b"7", size), b"]"]),
    "a long text": ("l.json", lambda size: [b'["', *repeated(b"x", size), b'"]']),
    "lines of objects": ("l.jsonl", lambda size: repeated(b"{}\n", size)),
    "laughs": ("l.xml", lambda size: [BOMB]),
    "one long entity": (
        "l.xml",
        lambda size: [QUADRATIC % (b"x" * (size // 20), b"&a;" * (size // 20))],
    ),
    "an entity outside": ("l.xml", lambda size: [OUTSIDE]),
    "nested elements": ("l.xml", lambda size: repeated(b"<a>", size)),
    "elements": ("l.xml", lambda size: [b"<annotations>", *repeated(b"<a/>", size)]),
    "objects": ("l.xml", lambda size: [b"<annotation>", *repeated(b"<object/>", size)]),
    "images": ("l.xml", lambda size: [b"<a>", *repeated(b'<image name="x"/>', size), b"</a>"]),
    "a long attribute": ("l.xml", lambda size: [b'<image name="', *repeated(b"x", size), b'"/>']),
    "a long tag": ("l.xml", lambda size: [b"<", *repeated(b"x", size)]),
    "aliases": ("data.yaml", lambda size: [b"a0: &a0 [x]\n", ALIASES, b"names: *a29\n"]),
    "deep YAML": ("data.yaml", lambda size: [b"names: ", *repeated(b"[", min(size, 400_000))]),
}

# In a process of its own: prints the end and the most memory that was in use, in MB.
READ = """
import resource, sys
from pathlib import Path
from pyimagesearch import labels
from pyimagesearch.console import CommandError
try:
    labels.read(Path(sys.argv[1]))
    end = "read"
except CommandError as error:
    end = f"refused: {error}"
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, end)
"""


def write_harmful(folder: Path, name: str, size: int) -> Path:
    touch(folder)
    file_name, content = HARMFUL[name]
    path = folder / file_name
    with path.open("wb") as file:
        file.writelines(content(size))
    if file_name == "data.yaml":  # which names the classes of boxes next to photos
        for photo in folder.glob("*.png"):
            photo.with_suffix(".txt").write_text("0 0.5 0.5 0.1 0.1\n")
    return path


@pytest.mark.parametrize("name", HARMFUL)
def test_files_made_to_harm_are_read_or_refused(tmp_path: Path, name: str) -> None:
    assert read(write_harmful(tmp_path, name, SMALL)) in ("read", "refused")


@pytest.mark.soak
@pytest.mark.parametrize("name", HARMFUL)
def test_large_files_made_to_harm_take_less_than_a_gigabyte(tmp_path: Path, name: str) -> None:
    pytest.importorskip("resource")
    path = write_harmful(tmp_path, name, LARGE)
    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=MAX_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    megabytes, _, end = done.stdout.partition(" ")
    print(f"\n{name}: {megabytes} MB, {end[:150].strip()}", end="")
    assert int(megabytes) < MAX_MEGABYTES


def test_a_file_that_is_too_large_is_refused_without_reading_it(tmp_path: Path) -> None:
    touch(tmp_path)
    for name in ("l.csv", "l.json", "l.jsonl", "l.xml"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(2**32)  # takes no room on the disk
        with pytest.raises(CommandError, match=r"is larger than \d+ MB"):
            labels.read(tmp_path / name)
