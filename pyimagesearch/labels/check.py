"""Labels that look odd: read otherwise than they were meant, or of no use for training."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.images.headers import SUFFIXES
from pyimagesearch.labels.samples import Sample, count_labels

LONGEST_LABEL = 1000  # it may be drawn on a picture, which becomes as wide
RUINOUS = 0.5  # fraction of the labelled photos with such labels from which training is pointless
MANY_SINGLE = 20  # labels on one photo each, from which they look like captions or ids
_BRACKETS = re.compile(r"^[\[({\"']|[\])}\"']$")
_SEPARATORS = re.compile(r"[|;,\t\n]")
_NUMBERS = re.compile(r"[-+\d.,\seE]*\d[-+\d.,\seE]*")
_ZERO_ONE = frozenset({"0", "1", "0.0", "1.0", "true", "false", "True", "False"})


@dataclass(frozen=True)
class LabelIssue:
    """Something odd about labels; `is_fatal` if a model trained on them would be of no use."""

    text: str
    is_fatal: bool


def is_label(text: str) -> bool:
    """Return whether `text` can be a label: UTF-8 (OpenCV crashes on others), not too wide."""
    is_text = not any("\ud800" <= letter <= "\udfff" for letter in text)
    return is_text and len(text) <= LONGEST_LABEL


def check_labels(samples: Sequence[Sample]) -> None:
    """Warn of odd labels. Raises CommandError if they would ruin the training.

    There must be two labels or more to tell apart, all fit to draw.
    """
    labels = sorted(count_labels(samples))
    for label in labels:
        if not is_label(label):
            raise CommandError(
                f"the label {label[:50]!r} is not UTF-8 or has over {LONGEST_LABEL} letters; "
                "rename it"
            )
    if len(labels) < 2:
        found = f"only the label {labels[0]!r}" if labels else "no label at all"
        raise CommandError(f"the data has {found}; a tagger needs two labels or more")
    issues = find_issues(samples)
    fatal = next((issue for issue in issues if issue.is_fatal), None)
    if fatal is not None:
        raise CommandError(
            f"{fatal.text}; if labels were misread, name the columns with --label-columns or the "
            "source with --labels (see docs/labels.md)"
        )
    for issue in issues:
        console.warn(f"{issue.text}; see what was understood with --export-labels")


def find_issues(samples: Sequence[Sample]) -> list[LabelIssue]:
    """Return what looks odd about the labels of `samples`."""
    counts = count_labels(samples)
    labelled = [sample for sample in samples if sample.labels]
    found = [
        _share_of(labelled, counts, is_odd, what)
        for is_odd, what in (
            (_BRACKETS.search, "have brackets or quotes"),
            (_SEPARATORS.search, "hold a separator"),
            (lambda label: label.lower().endswith(tuple(SUFFIXES)), "are names of images"),
        )
    ]
    found += [_numbers(counts), _singles(counts, len(labelled)), *_same_but_for_case(counts)]
    found.append(_combined(counts))
    everywhere = sorted(label for label, count in counts.items() if count == len(samples))
    if everywhere and len(samples) > 1:
        text = f"every photo has the label {_some(everywhere)}, which says nothing"
        found.append(LabelIssue(text, len(everywhere) == len(counts)))
    return [issue for issue in found if issue is not None]


def _some(labels: Sequence[str]) -> str:
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(repr(label[:60]) for label in labels[:3]) + more


def _share_of(
    labelled: Sequence[Sample],
    counts: Iterable[str],
    is_odd: Callable[[str], object],
    what: str,
) -> LabelIssue | None:
    odd = sorted(filter(is_odd, counts))
    if not odd:
        return None
    among = frozenset(odd)
    share = sum(not among.isdisjoint(sample.labels) for sample in labelled) / len(labelled)
    return LabelIssue(f"labels such as {_some(odd)} {what}", share >= RUINOUS)


def _numbers(counts: Counter[str]) -> LabelIssue | None:
    numbers = sorted(label for label in counts if _NUMBERS.fullmatch(label))
    if set(counts) <= _ZERO_ONE:
        text = f"the labels are {_some(sorted(counts))}: marks, and not the names of labels"
        return LabelIssue(text, is_fatal=True)
    if len(numbers) < len(counts) and 2 * len(numbers) <= len(counts):
        return None
    measured = [label for label in numbers if not label.strip().isdigit()]
    if 2 * len(measured) > len(numbers):
        text = f"the labels are measurements such as {_some(measured)}, not names"
        return LabelIssue(text, is_fatal=True)
    return LabelIssue(f"the labels are numbers such as {_some(numbers)}", is_fatal=False)


def _singles(counts: Counter[str], photos: int) -> LabelIssue | None:
    singles = sorted(label for label, count in counts.items() if count == 1)
    if 2 * len(singles) <= len(counts):
        return None
    text = f"{len(singles)} of {len(counts)} labels are on one photo each, such as {_some(singles)}"
    is_fatal = len(singles) >= MANY_SINGLE and 2 * len(singles) >= photos
    return LabelIssue(text, is_fatal)


def _combined(counts: Counter[str]) -> LabelIssue | None:
    """Return an issue if all labels are of words that combine: red dress, red hat, blue hat."""
    for separator in (" ", "_", "-", "/", "&", " and "):
        words = {word.strip() for label in counts for word in label.split(separator)}
        if (
            len(counts) > 3
            and len(words) <= len(counts)
            and all(separator in one for one in counts)
        ):
            text = f"labels such as {_some(sorted(counts))} may be several labels each"
            return LabelIssue(f"{text}; separate them by | in a file, by _ in a folder name", False)
    return None


def _same_but_for_case(counts: Counter[str]) -> list[LabelIssue]:
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts):
        alike["".join(label.casefold().replace("_", " ").replace("-", " ").split())].append(label)
    pairs = [labels for labels in alike.values() if len(labels) > 1]
    return [
        LabelIssue(
            "labels that differ in case or spaces only: "
            + ", ".join(f"{label!r} ({counts[label]})" for label in labels),
            is_fatal=False,
        )
        for labels in pairs[:5]
    ]
