"""XML: Pascal VOC, a file for each photo; CVAT for images and dlib's imglab, one file for all."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.rows import Labels, ParsedFile, Row, SkippedRows
from pyimagesearch.labels.splits import parse_split

MAX_BYTES = 256 * 2**20
MAX_TAG = 2**20  # bytes from one > to the next; the parser begins longer ones again and again
MAX_DEPTH = 100
MAX_OPEN = 2_000_000  # elements of one photo; the others are forgotten when they end


def read_xml(path: Path, resolver: PathResolver) -> ParsedFile:
    """Return the rows of an XML file; raises CommandError if it is of a kind not known."""
    skipped = SkippedRows(path, "image")
    elements = iter_elements(path, ("annotation", "image", "track"))
    first = next(elements, None)
    tag = "" if first is None else first.tag.rpartition("}")[2]
    if first is None or tag == "track":
        kind = "describes a video" if tag else "is neither Pascal VOC nor CVAT"
        raise CommandError(
            f"{path}: {kind}; XML with labels of photos is read from Pascal VOC, CVAT for images "
            "and dlib's imglab"
        )
    if tag == "annotation":
        row = _voc_row(path, *_voc(first), 1, resolver)
        return ParsedFile([row], skipped, ["Pascal VOC"])

    def rows() -> Iterator[Row]:
        number, image = 1, first  # type: int, Element | None
        while image is not None:
            name = image.get("name") or image.get("file") or image.get("filename")
            if name and image.tag.endswith("image"):
                split = parse_split(image.get("subset", ""))
                yield Row(number, name, _labels_of_image(image), split=split)
            else:
                skipped.skip(number, "has no name")
            number, image = number + 1, next(elements, None)

    return ParsedFile(rows(), skipped, ["labels of <image> elements"])


def read_voc(path: Path) -> tuple[str, Labels]:
    """Return the file name and the labels in a file of Pascal VOC; raises CommandError."""
    found = next(iter_elements(path, ("annotation",)), None)
    if found is None:
        raise CommandError(f"{path}: is not Pascal VOC: there is no <annotation>")
    return _voc(found)


def read_voc_files(root: Path, paths: Sequence[Path], resolver: PathResolver) -> ParsedFile:
    """Return a row for each file of Pascal VOC; files that are not one are skipped."""
    skipped = SkippedRows(root, "file")
    rows = []
    for number, path in enumerate(paths, 1):
        try:
            rows.append(_voc_row(path, *read_voc(path), number, resolver))
        except CommandError as error:
            skipped.skip(number, str(error))
    return ParsedFile(rows, skipped, ["Pascal VOC"])


def _voc_row(path: Path, name: str, labels: Labels, number: int, resolver: PathResolver) -> Row:
    # Tools pair the files by their names; the name inside is often an older one.
    return Row(number, resolver.find(path.stem).photo or name or path.stem, labels)


def _voc(annotation: Element) -> tuple[str, Labels]:
    name = (annotation.findtext("filename") or annotation.findtext("path") or "").strip()
    labels = {
        label
        for item in annotation.iter("object")
        if (label := (item.findtext("name") or "").strip()) and item.findtext("deleted") != "1"
    }
    return name, tuple(sorted(labels))


def iter_elements(path: Path, tags: tuple[str, ...]) -> Iterator[Element]:
    """Yield the elements with one of `tags` that are in no other one, and forget them afterwards.

    Entities are refused: a few hundred bytes of them can stand for gigabytes. Raises CommandError
    for a file that cannot be read or is not XML.
    """
    from defusedxml.ElementTree import iterparse  # takes 20 ms, which classify.py would wait for

    inside = count = 0
    parents: list[Element] = []
    with _one_line_errors(path), _open(path) as file:
        if path.stat().st_size > MAX_BYTES:
            raise CommandError(f"{path}: is larger than {MAX_BYTES // 2**20} MB; split it")
        for event, element in iterparse(_ShortTags(path, file), events=("start", "end")):
            is_wanted = element.tag.rpartition("}")[2] in tags
            if event == "start":
                parents.append(element)
                inside += is_wanted
                count += 1
                if len(parents) > MAX_DEPTH or count > MAX_OPEN:
                    raise CommandError(f"{path}: is nested too deeply, or too large, for labels")
                continue
            parents.pop()
            inside -= is_wanted
            if inside:
                continue
            if is_wanted:
                yield element
            element.clear()
            if parents:
                parents[-1].clear()
            count = 0


def _open(path: Path) -> BinaryIO:
    files.require_regular_file(path)
    return path.open("rb")


@contextlib.contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    from defusedxml.common import DefusedXmlException

    try:
        yield
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    except DefusedXmlException:
        raise CommandError(f"{path}: defines entities, which label files do not need") from None
    except (ParseError, ValueError, LookupError) as error:  # LookupError: an unknown encoding
        raise CommandError(f"{path}: is not XML ({error})") from None


class _ShortTags:
    """Reads a file for the XML parser and refuses one with endless tags or texts."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._since = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._file.read(size)
        end = data.rfind(b">")
        self._since = len(data) - end if end >= 0 else self._since + len(data)
        if self._since > MAX_TAG:
            raise CommandError(f"{self._path}: has a tag or a text of over {MAX_TAG // 2**20} MB")
        return data


def _labels_of_image(image: Element) -> Labels:
    labels = {item.get("label", "").strip() for item in image.iter()}
    labels.update((item.text or "").strip() for item in image.iter("label"))
    return tuple(sorted(filter(None, labels)))
