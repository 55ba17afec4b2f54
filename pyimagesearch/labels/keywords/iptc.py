"""Keywords in IPTC (IIM 4.2, dataset 2:25), which Photoshop's resources in a JPEG hold."""

import hashlib
from collections.abc import Iterator, Sequence

_SIGNATURE = b"8BIM"
_IPTC, _DIGEST = 0x0404, 0x0425  # resources: the datasets, and their MD5
_CHARACTER_SET, _KEYWORD = (1, 90), (2, 25)
_UTF8 = b"\x1b%G"
_TEXTS = range(5, 200)  # datasets of record 2 that hold text
_LONG = 0x8000  # marks a dataset of over 32 KB, whose length has another form

Resource = tuple[int, bytes, bytes]  # its number, its name as stored, its content
Dataset = tuple[tuple[int, int], bytes]


def keywords_in_iptc(data: bytes) -> Iterator[str]:
    """Yield the keywords in Photoshop's resources; whatever is damaged is left out."""
    for number, _, content in _resources(data):
        for dataset, text in _datasets(content) if number == _IPTC else ():
            keyword = _decode(text).strip(" \0")
            if dataset == _KEYWORD and keyword:
                yield keyword


def change_iptc(data: bytes, keywords: Sequence[str]) -> bytes:
    """Return Photoshop's resources with other keywords, if they have IPTC; all else stays.

    Raises ValueError if something in them is not understood and would get lost.
    """
    resources = list(_resources(data))
    if b"".join(map(_encode_resource, resources)) != data:
        raise ValueError("has Photoshop data of an unknown form")
    changed, digest = [], b""
    for number, name, content in resources:
        if number == _IPTC:
            new = _change_datasets(content, keywords)
            digest = hashlib.md5(new, usedforsecurity=False).digest()
            changed.append((number, name, new))
        elif number == _DIGEST and digest:
            changed.append((number, name, digest))
        else:
            changed.append((number, name, content))
    return b"".join(map(_encode_resource, changed))


def _change_datasets(content: bytes, keywords: Sequence[str]) -> bytes:
    datasets = list(_datasets(content))
    known = b"".join(map(_encode_dataset, datasets))
    if not content.startswith(known) or content[len(known) :].strip(b"\0"):
        raise ValueError("has IPTC data of an unknown form")
    kept = [
        (number, _decode(text).encode() if number[0] == 2 and number[1] in _TEXTS else text)
        for number, text in datasets
        if number not in (_KEYWORD, _CHARACTER_SET)
    ]
    texts = [(_KEYWORD, keyword.encode()[: _LONG - 1]) for keyword in keywords]
    # Records come in ascending order; datasets of a record in any.
    ordered = sorted([(_CHARACTER_SET, _UTF8), *kept, *texts], key=lambda one: one[0][0])
    return b"".join(map(_encode_dataset, ordered))


def _resources(data: bytes) -> Iterator[Resource]:
    at = 0
    while data[at : at + 4] == _SIGNATURE and at + 12 <= len(data):
        number = int.from_bytes(data[at + 4 : at + 6], "big")
        name_end = at + 7 + data[at + 6]
        name_end += (name_end - at - 6) % 2  # padded to an even length
        length = int.from_bytes(data[name_end : name_end + 4], "big")
        content = data[name_end + 4 : name_end + 4 + length]
        yield number, data[at + 6 : name_end], content
        at = name_end + 4 + length + length % 2


def _encode_resource(resource: Resource) -> bytes:
    number, name, content = resource
    head = _SIGNATURE + number.to_bytes(2, "big") + name + len(content).to_bytes(4, "big")
    return head + content + b"\0" * (len(content) % 2)


def _datasets(content: bytes) -> Iterator[Dataset]:
    at = 0
    while at + 5 <= len(content) and content[at] == 0x1C:
        length = int.from_bytes(content[at + 3 : at + 5], "big")
        if length & _LONG:
            return
        yield (content[at + 1], content[at + 2]), content[at + 5 : at + 5 + length]
        at += 5 + length


def _encode_dataset(dataset: Dataset) -> bytes:
    (record, number), content = dataset
    return bytes((0x1C, record, number)) + len(content).to_bytes(2, "big") + content


def _decode(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")
