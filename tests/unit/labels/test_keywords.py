"""Keywords inside JPEG files, read and written without touching the picture."""

import hashlib
import io
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, IptcImagePlugin
from support.labels import TRUTH, read, touch
from support.pictures.files import noisy, quarters

from pyimagesearch import labels
from pyimagesearch.console import CommandError
from pyimagesearch.labels.existing import Existing
from pyimagesearch.labels.keywords import read_keywords, write_keywords

XMP_HEAD = b"http://ns.adobe.com/xap/1.0/\0"


def xmp(subject: str, more: str = "") -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:lr="http://ns.adobe.com/lightroom/1.0/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4">'
        f"{subject}{more}</rdf:Description></rdf:RDF></x:xmpmeta>"
        f'{" " * 200}<?xpacket end="w"?>'
    ).encode()


def bag(keywords: Sequence[str], name: str = "dc:subject") -> str:
    items = "".join(f"<rdf:li>{keyword}</rdf:li>" for keyword in keywords)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>"


def dataset(number: int, content: bytes, record: int = 2) -> bytes:
    return bytes((0x1C, record, number)) + struct.pack(">H", len(content)) + content


def resource(number: int, content: bytes, name: bytes = b"\0\0") -> bytes:
    padding = b"\0" * (len(content) % 2)
    return (
        b"8BIM"
        + struct.pack(">H", number)
        + name
        + struct.pack(">I", len(content))
        + content
        + padding
    )


def photoshop(keywords: Sequence[bytes], before: bytes = b"") -> bytes:
    iptc = before + dataset(0, b"\0\4") + b"".join(dataset(25, keyword) for keyword in keywords)
    iptc += dataset(120, "Beschreibung größer".encode("cp1252"))
    digest = resource(0x0425, hashlib.md5(iptc, usedforsecurity=False).digest())
    parts = resource(0x03ED, b"\0\x48" * 8, b"\x03abc") + resource(0x0404, iptc) + digest
    return b"Photoshop 3.0\0" + parts


def jpeg(path: Path, *segments: tuple[int, bytes], progressive: bool = False) -> Path:
    """Write a JPEG with more segments after its first one."""
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    noisy(64, 48).save(file, "JPEG", exif=exif, progressive=progressive)
    data = file.getvalue()
    end = data.index(b"\xff\xdb")  # the quantisation tables follow JFIF and EXIF
    more = b"".join(
        bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content
        for marker, content in segments
    )
    path.write_bytes(data[:end] + more + data[end:])
    return path


IN_FILE: dict[str, list[tuple[int, bytes]]] = {
    "XMP": [(0xE1, XMP_HEAD + xmp(bag(["red", "science fiction"])))],
    "XMP, a sequence": [
        (0xE1, XMP_HEAD + xmp(bag(["science fiction", "red", "red"]).replace("Bag", "Seq")))
    ],
    "XMP, hierarchy": [
        (
            0xE1,
            XMP_HEAD
            + xmp("", bag(["colour|red", "film|science fiction"], "lr:hierarchicalSubject")),
        )
    ],
    "IPTC": [(0xED, photoshop([b"red", b"science fiction"]))],
    "XMP before IPTC": [
        (0xED, photoshop([b"older"])),
        (0xE1, XMP_HEAD + xmp(bag(["red", "science fiction"]))),
    ],
    "IPTC if the XMP has none": [
        (0xE1, XMP_HEAD + xmp("")),
        (0xED, photoshop([b"science fiction", b"red "])),
    ],
    "a damaged XMP": [
        (0xE1, XMP_HEAD + b"<x:xmpmeta"),
        (0xED, photoshop([b"red", b"science fiction"])),
    ],
}


@pytest.mark.parametrize("segments", IN_FILE.values(), ids=IN_FILE)
def test_keywords_are_read(tmp_path: Path, segments: list[tuple[int, bytes]]) -> None:
    assert read_keywords(jpeg(tmp_path / "a.jpg", *segments)) == ("red", "science fiction")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_iptc_keywords_in_two_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    segments = [(0xED, photoshop(["Größe".encode(encoding)]))]
    assert read_keywords(jpeg(tmp_path / "a.jpg", *segments)) == ("Größe",)


def test_photos_with_keywords_are_a_labelled_set(tmp_path: Path) -> None:
    for path in touch(tmp_path, "2024/summer/{stem}.jpg"):
        jpeg(path, (0xE1, XMP_HEAD + xmp(bag(TRUTH[path.stem]))))
    assert read(tmp_path, Path("keywords")) == TRUTH
    assert read(tmp_path) == TRUTH  # the names of the folders say only one thing
    flat = tmp_path / "flat"
    for path in touch(flat, "{stem}.jpg"):
        jpeg(path, (0xED, photoshop([label.encode() for label in TRUTH[path.stem]])))
    assert read(flat) == TRUTH


def test_label_folders_win_over_keywords_of_photos_from_the_web(tmp_path: Path) -> None:
    for name in ("red", "blue"):
        (tmp_path / name).mkdir()
        jpeg(tmp_path / name / f"{name}.jpg", (0xE1, XMP_HEAD + xmp(bag(["stock", f"no {name}"]))))
    assert read(tmp_path) == {"red": ("red",), "blue": ("blue",)}


EXISTING: dict[Existing, tuple[tuple[str, ...], bool]] = {
    "keep": (("red", "science fiction"), False),
    "append": (("Größe & <so>", "red", "science fiction"), True),
    "replace": (("Größe & <so>", "red"), True),
}


@pytest.mark.parametrize("segments", IN_FILE.values(), ids=IN_FILE)
@pytest.mark.parametrize("existing", EXISTING)
def test_existing_keywords_are_kept_appended_to_or_replaced(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    segments: list[tuple[int, bytes]],
    existing: Existing,
) -> None:
    path = jpeg(tmp_path / "a.jpg", *segments)
    before = path.read_bytes()
    expected, is_changed = EXISTING[existing]
    if "damaged" in request.node.name and is_changed:
        with pytest.raises(CommandError, match=r"a\.jpg: has XMP data that is not XML"):
            write_keywords(path, ("red", "Größe & <so>"), existing)
        assert path.read_bytes() == before
        return
    assert write_keywords(path, ("red", "Größe & <so>"), existing) == is_changed
    assert read_keywords(path) == expected
    assert (path.read_bytes() == before) == (not is_changed)
    iptc = IptcImagePlugin.getiptcinfo(Image.open(path)) or {}
    if is_changed and any(content.startswith(b"Photoshop") for _, content in segments):
        written = iptc[2, 25]
        written = written if isinstance(written, list) else [written]
        assert sorted(word.decode() for word in written) == list(expected)
        assert iptc[2, 120] == "Beschreibung größer".encode()
        assert iptc[1, 90] == b"\x1b%G"


@pytest.mark.parametrize("progressive", [False, True])
def test_the_picture_and_all_else_in_the_file_stay(tmp_path: Path, progressive: bool) -> None:
    more = [(0xE2, b"ICC_PROFILE\0\1\1 not one"), (0xFE, b"a comment")]
    path = jpeg(tmp_path / "a.jpg", *more, progressive=progressive)
    before, pixels = path.read_bytes(), np.asarray(Image.open(path))
    scan = before[before.index(b"\xff\xda") :]
    assert write_keywords(path, ("red", "science fiction"))
    after = path.read_bytes()
    assert after.endswith(scan)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels)
    assert Image.open(path).getexif()[0x0112] == 6
    for _, content in more:
        assert content in after
    assert after.index(b"Exif\0") < after.index(XMP_HEAD)
    assert read_keywords(path) == ("red", "science fiction")
    assert not write_keywords(path, ("red", "science fiction"), "append")
    assert path.read_bytes() == after


def test_the_rest_of_the_xmp_stays(tmp_path: Path) -> None:
    title = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Mine</rdf:li></rdf:Alt></dc:title>"
    path = jpeg(tmp_path / "a.jpg", (0xE1, XMP_HEAD + xmp(bag(["old"]), title)))
    assert write_keywords(path, ("red",), "replace")
    data = path.read_bytes()
    assert b'xmp:Rating="4"' in data
    assert b"Mine" in data
    assert b"old" not in data
    assert (
        Image.open(path).getxmp()["xmpmeta"]["RDF"]["Description"]["subject"]["Bag"]["li"] == "red"
    )


def test_replacing_by_nothing_leaves_no_keywords(tmp_path: Path) -> None:
    path = jpeg(tmp_path / "a.jpg", *IN_FILE["XMP before IPTC"])
    assert write_keywords(path, (), "replace")
    assert read_keywords(path) == ()
    assert not write_keywords(path, (), "replace")


NOT_WRITTEN = {
    "too many": ("a.jpg", [f"keyword number {i}" for i in range(5000)], "do not fit into a JPEG"),
    "not a JPEG": ("a.png", ["red"], "keywords can only be written into JPEG files"),
    "cut": ("cut.jpg", ["red"], "is not a whole JPEG"),
    "empty": ("empty.jpg", ["red"], "is not a JPEG"),
    "gone": ("gone.jpg", ["red"], "cannot be read"),
}


@pytest.mark.parametrize(("name", "keywords", "message"), NOT_WRITTEN.values(), ids=NOT_WRITTEN)
def test_a_file_into_which_keywords_cannot_be_written_stays_as_it_is(
    tmp_path: Path, name: str, keywords: Sequence[str], message: str
) -> None:
    data = jpeg(tmp_path / "a.jpg").read_bytes()
    quarters().save(tmp_path / "a.png")
    (tmp_path / "cut.jpg").write_bytes(data[:40])
    (tmp_path / "empty.jpg").touch()
    before = (tmp_path / name).read_bytes() if name != "gone.jpg" else b""
    with pytest.raises(CommandError, match=message):
        write_keywords(tmp_path / name, keywords, "replace")
    if before:
        assert (tmp_path / name).read_bytes() == before


def test_unknown_photoshop_data_is_not_lost(tmp_path: Path) -> None:
    odd = photoshop([b"old"]) + b"something else"
    path = jpeg(tmp_path / "a.jpg", (0xED, odd))
    before = path.read_bytes()
    with pytest.raises(CommandError, match="has Photoshop data of an unknown form"):
        write_keywords(path, ("red",), "replace")
    assert path.read_bytes() == before


def test_a_png_has_no_keywords(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.png")
    assert read_keywords(tmp_path / "a.png") == ()
    assert labels.write_keywords is write_keywords
