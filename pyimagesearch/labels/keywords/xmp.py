"""Keywords in XMP, the XML in which photo managers describe a photo: dc:subject (ISO 16684-1)."""

from collections.abc import Iterator, Sequence
from typing import Any
from xml.parsers.expat import ExpatError

_DC = "http://purl.org/dc/elements/1.1/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_LIGHTROOM = "http://ns.adobe.com/lightroom/1.0/"
EMPTY = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">'
    '<rdf:Description rdf:about=""/></rdf:RDF></x:xmpmeta>'
).encode()
MAX_BYTES = 1_000_000


def keywords_in_xmp(packet: bytes) -> tuple[str, ...]:
    """Return the keywords in an XMP packet or an .xmp file, sorted; () if it cannot be read."""
    document = _parse(packet)
    try:
        return _keywords_of(document) if document is not None else ()
    except RecursionError:  # elements in elements by the thousand
        return ()


def _keywords_of(document: Any) -> tuple[str, ...]:
    found = {_text_of(item).strip() for item in _items(document, _DC, "subject")}
    if not found:  # animal|dog
        hierarchies = map(_text_of, _items(document, _LIGHTROOM, "hierarchicalSubject"))
        found = {text.rpartition("|")[2].strip() for text in hierarchies}
    return tuple(sorted(filter(None, found)))


def change_xmp(packet: bytes, keywords: Sequence[str]) -> bytes:
    """Return an XMP packet with `keywords` as its only ones; all else stays.

    Raises ValueError if the packet is not XMP.
    """
    document = _parse(packet)
    if document is None:
        raise ValueError("has XMP data that is not XML")
    try:
        xml = _with_keywords(document, keywords)
    except RecursionError:
        raise ValueError("has XMP data that is nested too deeply") from None
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    return f'{begin}{xml}<?xpacket end="w"?>'.encode()


def _with_keywords(document: Any, keywords: Sequence[str]) -> str:
    for namespace, name in ((_DC, "subject"), (_LIGHTROOM, "hierarchicalSubject")):
        for element in list(document.getElementsByTagNameNS(namespace, name)):
            element.parentNode.removeChild(element)
    descriptions = document.getElementsByTagNameNS(_RDF, "Description")
    if not descriptions:
        raise ValueError("has XMP data without rdf:Description")
    if keywords:
        subject = document.createElementNS(_DC, "dc:subject")
        subject.setAttribute("xmlns:dc", _DC)
        bag = document.createElementNS(_RDF, "rdf:Bag")
        bag.setAttribute("xmlns:rdf", _RDF)
        for keyword in keywords:
            item = document.createElementNS(_RDF, "rdf:li")
            item.appendChild(document.createTextNode(keyword))
            bag.appendChild(item)
        subject.appendChild(bag)
        descriptions[0].appendChild(subject)
    return str(document.documentElement.toxml())


def _parse(packet: bytes) -> Any:
    """Return the document in a packet, None if it is not XML without entities."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.minidom import parseString  # takes 20 ms, which classify.py would wait for

    if len(packet) > MAX_BYTES or packet.count(b"<") > 20_000:
        return None
    try:
        return parseString(packet.decode("utf-8-sig").strip("\0 \r\n\t\ufeff"))
    except (ExpatError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return None


def _items(document: Any, namespace: str, name: str) -> Iterator[Any]:
    for element in document.getElementsByTagNameNS(namespace, name):
        yield from element.getElementsByTagNameNS(_RDF, "li")


def _text_of(element: Any) -> str:
    return "".join(node.data for node in element.childNodes if node.nodeType == node.TEXT_NODE)
