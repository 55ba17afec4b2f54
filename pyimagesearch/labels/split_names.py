"""The words by which data sets call their parts for training, validation and test."""

import re
from collections.abc import Iterable
from pathlib import PurePath

from pyimagesearch.labels.samples import Split

_WORDS: dict[str, Split] = {
    **dict.fromkeys(("train", "training", "trn", "trainset", "istrain", "istraining"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval"), "validation"),
    **dict.fromkeys(("valset", "validset", "devset", "evaluation", "publictest"), "validation"),
    **dict.fromkeys(("isval", "isvalid", "isvalidation"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "testset", "holdout", "privatetest"), "test"),
    **dict.fromkeys(("istest", "istesting"), "test"),
}
_UNUSED = re.compile(r"[\W\d_]+")
# Folders that only hold photos, or a share of them; no label is called so.
_CONTAINER = re.compile(
    r"(images?|imgs?|photos?|pictures?|pics|jpe?g(s|images)?|png(s|images)?|data|dataset|files"
    r"|samples|raw|split|part|chunk|batch|shard|fold|set|dir|folder|media|upload(s)?)"
    r"[ _-]?\d{0,6}",
    re.IGNORECASE,
)


def parse_split(text: str) -> Split | None:
    """Return the part of a data set that a word such as train2017, Valid or is_test means."""
    return _WORDS.get(_UNUSED.sub("", text).lower())


def split_of(parts: Iterable[str]) -> Split | None:
    """Return the split that the folders of a path say: train/images/a.jpg is in train."""
    return next(filter(None, map(parse_split, parts)), None)


def is_container(name: str) -> bool:
    """Return whether a folder of this name can be one that holds photos of any labels."""
    return parse_split(name) is not None or _CONTAINER.fullmatch(name) is not None


def folders_below(root: PurePath, path: PurePath) -> tuple[str, ...]:
    """Return the names of the folders of `path` below `root`; all of them if it is elsewhere."""
    folder = path.parent
    return folder.relative_to(root).parts if folder.is_relative_to(root) else folder.parts
