"""Combines the rows of a label file into one sample for each photo."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from pyimagesearch.labels.paths import Match, PathResolver
from pyimagesearch.labels.rows import ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Sample, Split

Uncertain = Literal["no", "yes", "skip"]


@dataclass
class _Photo:
    """What all rows of one photo say."""

    first: int
    rows: int = 0
    yes: dict[str, int] = field(default_factory=dict)  # label -> the row that says so
    no: dict[str, int] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    splits: set[Split] = field(default_factory=set)

    def add(self, row: Row) -> None:
        self.rows += 1
        for label in row.yes:
            self.yes.setdefault(label, row.number)
        for label in row.no:
            self.no.setdefault(label, row.number)
        self.uncertain.update(row.uncertain)
        if row.split:
            self.splits.add(row.split)


def combine(
    parsed: ParsedFile, resolver: PathResolver, uncertain: Uncertain, max_unreadable: float
) -> list[Sample]:
    """Return a sample for each photo in the rows of a label file, in their order.

    The labels of several rows of one photo add up. A photo is left out if one row says yes and
    another one no to the same label. Labels that are only uncertain count as `uncertain` says;
    "skip" leaves the photo out. Raises CommandError if more than `max_unreadable` of the rows
    cannot be used.
    """
    skipped = parsed.skipped
    rows = list(parsed.rows)
    photos = _find_photos(rows, resolver, skipped)
    merged: dict[str, _Photo] = {}
    single: dict[str, Row] = {}  # most photos have one row, and a _Photo takes more memory
    for row in rows:
        photo = photos.get(row.path)
        if photo is None:
            continue
        if photo not in single:
            single[photo] = row
        else:
            if photo not in merged:
                merged[photo] = _Photo(single[photo].number)
                merged[photo].add(single[photo])
            merged[photo].add(row)
    samples, used, without, unsure = [], 0, [], 0
    for photo, row in single.items():
        both = merged.get(photo)
        if both is None:
            yes, maybe, split, count = row.yes, row.uncertain, row.split, 1
        elif clash := next((label for label in both.yes if label in both.no), None):
            _report_contradiction(photo, both, clash, skipped)
            continue
        else:
            yes, maybe = tuple(both.yes), tuple(both.uncertain - both.no.keys() - both.yes.keys())
            split, count = (both.splits.pop() if len(both.splits) == 1 else None), both.rows
        used += count
        unsure += bool(maybe)
        if maybe and uncertain == "skip":
            continue
        labels = sorted({*yes, *maybe}) if uncertain == "yes" else sorted(set(yes))
        if not labels:
            without.append(row.number)
        samples.append(Sample(Path(photo), tuple(labels), split))
    skipped.check(used, max_unreadable)
    _describe(parsed, len(merged), without, unsure, uncertain)
    return samples


def _find_photos(
    rows: Sequence[Row], resolver: PathResolver, skipped: SkippedRows
) -> dict[str, str]:
    """Return the photo of each path that has one; report the rows of the others."""
    texts = dict.fromkeys(row.path for row in rows)
    matches = {text: match for text in texts if (match := resolver.find(text)).photo}
    if 2 * len(matches) < len(texts) and resolver.widen():
        matches = {text: match for text in texts if (match := resolver.find(text)).photo}
    photos, doubtful = _drop_doubtful(matches)
    for row in rows:
        if row.path in doubtful:
            skipped.skip(row.number, doubtful[row.path])
        elif row.path not in photos:
            skipped.skip(row.number, partial(resolver.explain, row.path))
    return photos


def _drop_doubtful(matches: dict[str, Match]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the matches to go by, and why the others are not.

    Two different paths that end alike, such as a/1.jpg and b/1.jpg, cannot both mean the photo
    x/1.jpg; a folder is missing then. The path that has more of its end in common gets the photo.
    """
    best: dict[str, str] = {}
    rivals: dict[str, str] = {}
    for text, match in matches.items():
        photo = match.photo or ""
        other = best.setdefault(photo, text)
        if other != text and not (match.is_whole and matches[other].is_whole):
            if _rank(match) == _rank(matches[other]):
                rivals[photo] = text
            elif _rank(match) > _rank(matches[other]):
                best[photo] = text
                rivals.pop(photo, None)
    photos, doubtful = {}, {}
    for text, match in matches.items():
        photo = match.photo or ""
        if match.is_whole or (best[photo] == text and photo not in rivals):
            photos[text] = photo
        else:
            rival = best[photo] if best[photo] != text else rivals[photo]
            doubtful[text] = f"{text!r}: no such file; {photo} is the photo of {rival!r}"
    return photos, doubtful


def _rank(match: Match) -> tuple[bool, int]:
    return match.is_whole, match.shared


def _report_contradiction(photo: str, both: _Photo, label: str, skipped: SkippedRows) -> None:
    unit = skipped.unit
    skipped.skip(
        max(both.yes[label], both.no[label]),
        f"{photo} is {label!r} in {unit} {both.yes[label]}, but not in {unit} {both.no[label]}; "
        "the photo is not used",
    )
    skipped.count += both.rows - 1


def _describe(
    parsed: ParsedFile, several: int, without: Sequence[int], unsure: int, uncertain: Uncertain
) -> None:
    """Add to the notes what a reader of the file should know."""
    unit = parsed.skipped.unit
    if several and unit != "photo":
        parsed.notes.append(f"{several} photos in several {unit}s, which add up")
    if without:
        parsed.notes.append(
            f"{len(without)} photos without a label (the first: {unit} {without[0]})"
        )
    if unsure:
        taken = {"no": "taken as no", "yes": "taken as yes", "skip": "not used"}[uncertain]
        parsed.notes.append(f"{unsure} photos with uncertain labels, {taken} (--uncertain)")


def unite(samples: Iterable[Sample]) -> list[Sample]:
    """Return one sample for each photo, with the labels of all its samples."""
    united: dict[Path, Sample] = {}
    for sample in samples:
        if (other := united.get(sample.path)) is not None:
            labels = tuple(sorted({*other.labels, *sample.labels}))
            sample = Sample(sample.path, labels, other.split or sample.split)  # noqa: PLW2901
        united[sample.path] = sample
    return list(united.values())
