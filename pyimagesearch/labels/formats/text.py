"""Reads the text of a label file, in the encodings that spreadsheets and tools write."""

import codecs
import re
from pathlib import Path

from pyimagesearch import console, files
from pyimagesearch.console import CommandError

MAX_BYTES = 128 * 2**20  # as text with rare letters, four times as many
# Bytes that are not UTF-8, as Python keeps them in text.
UNDECODABLE = re.compile("[\udc80-\udcff]")
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WESTERN = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿŒœŠšŽžŸ"
_WESTERN_WORD = re.compile(f"(?<![{_WESTERN}])[{_WESTERN}]{{1,2}}(?![{_WESTERN}])")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx, .ods and other archives; .xls


def read_bytes(path: Path, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a file; raises CommandError if it cannot be read or is too large."""
    try:
        files.require_regular_file(path)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > max_bytes:
        raise CommandError(
            f"{path}: is larger than {max_bytes // 2**20} MB; split it into several files"
        )
    return data


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Return the text of a file: UTF-8, UTF-16 or UTF-32 with its mark, or cp1252 (Windows).

    Bytes that are none of these stay as UNDECODABLE letters, for a file name may hold any bytes;
    see `require_decoded`. Raises CommandError if the file cannot be read or is not a text.
    """
    data = read_bytes(path, max_bytes)
    if data.startswith(_WORKBOOKS):
        raise CommandError(f"{path}: is a spreadsheet or an archive; save it as CSV (UTF-8)")
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and b"\0" in data[:1000]:  # UTF-16 without its mark
        some = data[:1000]
        if some[1::2].count(0) > len(some) // 4:
            encoding = "utf-16-le"
        elif some[::2].count(0) > len(some) // 4:
            encoding = "utf-16-be"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise CommandError(f"{path}: is not {encoding.upper()}; save it as UTF-8") from None
        text = _decode_western(path, data)
    if "\0" in text:
        raise CommandError(f"{path}: is not a text file; save the labels as CSV, JSON or XML")
    return text


def require_decoded(path: Path, number: int, text: str) -> None:
    """Raise CommandError if `text`, from line `number`, holds bytes that could not be decoded."""
    if UNDECODABLE.search(text):
        raise CommandError(
            f"{path}, line {number}: is not UTF-8 (as cp1252 it reads "
            f"{text.encode('utf-8', 'surrogateescape').decode('cp1252', 'replace')[:50]!r}); "
            "save the file as UTF-8"
        )


def _decode_western(path: Path, data: bytes) -> str:
    """Decode what is not UTF-8 as cp1252 if that gives Western words; else keep the odd bytes.

    In such words accented letters stand alone or in pairs between ASCII letters. Texts in other
    encodings, read so, show longer runs or signs.
    """
    text = data.decode("utf-8", "surrogateescape")
    odd = UNDECODABLE.search(text)
    if odd is None or any(ord(letter) > 127 for letter in UNDECODABLE.sub("", text)):
        return text  # UTF-8 with a few other bytes
    try:
        western = data.decode("cp1252")
    except UnicodeDecodeError:
        return text
    for run in re.finditer(r"[^\x00-\x7f]+", western):
        before, after = western[run.start() - 1 : run.start()], western[run.end() : run.end() + 1]
        if not (_WESTERN_WORD.fullmatch(run[0]) and (before.isalpha() or after.isalpha())):
            return text
        if not after and not before:
            return text
    number = text.count("\n", 0, odd.start()) + 1
    line = western.splitlines()[number - 1].strip()
    console.warn(
        f"{path}: is not UTF-8; read as cp1252 (Windows), for example {line[:60]!r} in line "
        f"{number}; if that is wrong, save it as UTF-8"
    )
    return western
