"""The division of a data set into training, validation and test photos, if it has one."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pyimagesearch.labels.samples import Sample, Split

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


def split_of(words: Iterable[str]) -> Split | None:
    """Return the split that the first of the words means that means one."""
    return next(filter(None, map(parse_split, words)), None)


def split_of_file(path: Path) -> Split | None:
    """Return the split in the name of a label file: instances_train2017.json."""
    return split_of(re.split(r"[\W_]+", path.stem))


def is_container(name: str) -> bool:
    """Return whether a folder of this name can be one that holds photos of any labels."""
    return parse_split(name) is not None or _CONTAINER.fullmatch(name) is not None


def names_below(root: Path, folder: Path) -> tuple[str, ...]:
    """Return the names of `folder` and those above it below `root`; all if it is elsewhere."""
    return folder.relative_to(root).parts if folder.is_relative_to(root) else folder.parts


def choose_split(
    samples: Sequence[Sample], root: Path, use_split: bool
) -> tuple[list[Sample], list[str]]:
    """Return the samples with the split that the data gives, if it gives one, and a note on it.

    That is what the rows say, else the folders below `root`. It is used if there are training
    photos and others. Photos in no part become training photos.
    """
    by_folder: dict[str, Split | None] = {}
    splits: list[Split | None] = []
    for sample in samples if use_split else ():
        folder = str(sample.path).rpartition(os.sep)[0]
        if folder not in by_folder:
            by_folder[folder] = split_of(names_below(root, sample.path.parent))
        splits.append(sample.split or by_folder[folder])
    counts = Counter(splits)
    if not counts["train"] or len(counts.keys() - {None}) < 2:
        return [replace(s, split=None) if s.split else s for s in samples], []
    changed = [
        sample if sample.split == split else replace(sample, split=split or "train")
        for sample, split in zip(samples, splits, strict=True)
    ]
    listed = ", ".join(f"{n} {name}" for name, n in Counter(s.split for s in changed).items())
    return changed, [f"split as given: {listed}"]
