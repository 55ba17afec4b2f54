"""Keywords inside JPEG files, as photo managers write them: XMP, and the older IPTC.

If a file has both, XMP is read, and both are written, as the Metadata Working Group asks for
(Guidelines for Handling Image Metadata 2.0).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pyimagesearch.console import CommandError
from pyimagesearch.labels.existing import Existing, merge_labels
from pyimagesearch.labels.keywords.iptc import change_iptc, keywords_in_iptc
from pyimagesearch.labels.keywords.jpeg import Segment, read_segments, write_segments
from pyimagesearch.labels.keywords.xmp import EMPTY, change_xmp, keywords_in_xmp
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows

__all__ = ["JPEG_SUFFIXES", "keywords_in_xmp", "read_keywords", "read_photos", "write_keywords"]

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
_APP0, _APP1, _APP13 = 0xE0, 0xE1, 0xED
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PHOTOSHOP = b"Photoshop 3.0\0"


def read_keywords(path: Path) -> tuple[str, ...]:
    """Return the keywords inside a JPEG file, sorted; () if there are none or it is not a JPEG.

    Raises OSError if the file cannot be read.
    """
    try:
        segments = read_segments(path)
    except ValueError:
        return ()
    for segment in segments:
        if _is_xmp(segment) and (found := keywords_in_xmp(segment.content[len(_XMP) :])):
            return found
    iptc = {
        keyword
        for segment in segments
        if _is_photoshop(segment)
        for keyword in keywords_in_iptc(segment.content[len(_PHOTOSHOP) :])
    }
    return tuple(sorted(iptc))


def read_photos(root: Path, photos: Sequence[Path]) -> ParsedFile:
    """Return a row for each photo with the keywords inside."""
    skipped = SkippedRows(root, "photo")
    rows = []
    for number, photo in enumerate(photos, 1):
        try:
            rows.append(Row(number, str(photo), read_keywords(photo)))
        except OSError as error:
            skipped.skip(number, f"{photo}: cannot be read ({error.strerror})")
    return ParsedFile(rows, skipped, ["keywords inside the photos (XMP or IPTC)"])


def write_keywords(path: Path, labels: Sequence[str], existing: Existing = "keep") -> bool:
    """Write `labels` as keywords into a JPEG file and return whether the file was changed.

    The picture is not encoded again. `existing` says what happens to keywords that are there:
    "keep" leaves the file as it is, "append" adds to them, "replace" removes them. XMP is written;
    IPTC too if the file has it. Raises CommandError if that cannot be done.
    """
    if path.suffix.lower() not in JPEG_SUFFIXES:
        raise CommandError(f"{path}: keywords can only be written into JPEG files")
    try:
        there = read_keywords(path)
        wanted = merge_labels(there, labels, existing)
        if wanted is None or sorted(wanted) == list(there):
            return False
        write_segments(path, list(_with_keywords(read_segments(path), wanted)))
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise CommandError(f"{path}: {error}; no keywords were written") from None
    return True


def _is_xmp(segment: Segment) -> bool:
    return segment.marker == _APP1 and segment.content.startswith(_XMP)


def _is_photoshop(segment: Segment) -> bool:
    return segment.marker == _APP13 and segment.content.startswith(_PHOTOSHOP)


def _with_keywords(segments: Sequence[Segment], keywords: Sequence[str]) -> Iterator[Segment]:
    """Yield the segments of a file with other keywords."""
    xmp = next(filter(_is_xmp, segments), None)
    packet = xmp.content[len(_XMP) :] if xmp else EMPTY
    new = Segment(_APP1, _XMP + change_xmp(packet, keywords))
    # JFIF and EXIF want to be first.
    first = sum(s.marker == _APP0 or s.content.startswith(b"Exif\0") for s in segments[:2])
    for number, segment in enumerate(segments):
        if xmp is None and number == first:
            yield new
        if segment is xmp:
            yield new
        elif _is_photoshop(segment):
            changed = change_iptc(segment.content[len(_PHOTOSHOP) :], keywords)
            yield Segment(_APP13, _PHOTOSHOP + changed)
        else:
            yield segment
    if xmp is None and first >= len(segments):
        yield new
