"""Reads the labels of a data set, whatever they are written in: `read`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.combine import Uncertain, combine, unite
from pyimagesearch.labels.formats import yolo
from pyimagesearch.labels.formats.csv_files import read_csv
from pyimagesearch.labels.formats.folders import read_folders
from pyimagesearch.labels.formats.json_files import read_json
from pyimagesearch.labels.formats.label_lists import read_lists
from pyimagesearch.labels.formats.table import few
from pyimagesearch.labels.formats.table_rows import ColumnOptions
from pyimagesearch.labels.formats.xml_files import read_voc_files, read_xml
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.labels.keywords import read_photos
from pyimagesearch.labels.named_groups import named_groups
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.rows import ParsedFile
from pyimagesearch.labels.samples import Sample, count_labels
from pyimagesearch.labels.sidecars import read_sidecars
from pyimagesearch.labels.sources import Source, find_source
from pyimagesearch.labels.splits import choose_split, split_of_file

READERS: dict[str, Callable[[Path, PathResolver, ColumnOptions], ParsedFile]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".lst"), read_csv),
    **dict.fromkeys((".json", ".jsonl", ".ndjson", ".manifest"), read_json),
    ".xml": lambda path, resolver, _: read_xml(path, resolver),
}

MAX_REPORTED = 5  # label files that are reported one by one


@dataclass(frozen=True)
class LabelledSamples:
    """The labelled photos of a data set.

    `groups` are the label groups that the data names itself: the columns of a table, the questions
    of an annotation tool. `report` says what was taken for labels and what was left out.
    """

    samples: list[Sample]
    groups: tuple[LabelGroup, ...] = ()
    report: tuple[str, ...] = ()

    @property
    def has_split(self) -> bool:
        """Whether the data says which photos are for training and which are held out."""
        return any(sample.split for sample in self.samples)


def read(
    dataset: Path,
    labels: Path | None = None,
    max_unreadable: float = 0.1,
    *,
    path_column: str | None = None,
    label_columns: Sequence[str] | None = None,
    uncertain: Uncertain = "no",
    use_split: bool = True,
) -> LabelledSamples:
    """Return the labelled photos of a data set, and print in one line how they were understood.

    `dataset` is a folder of photos, or a label file. `labels` is the label file of a folder, or a
    folder of label files, or one of the words folders, sidecars and keywords; without it, the
    labels are looked for in files next to the photos, in the names of the folders, in a label file
    in the folder, and in the photos. `path_column` and `label_columns` name columns of a table.
    `uncertain` says what an uncertain label is: "no", "yes", or "skip" to leave the photo out.
    With `use_split`, a division into training, validation and test photos is taken from the data
    if it has one. See docs/labels.md for all forms.

    Raises CommandError if the labels cannot be read or understood, or more than the fraction
    `max_unreadable` of the rows cannot be used.
    """
    is_file = labels is None and dataset.is_file()
    if is_file:
        dataset, labels = dataset.parent, dataset
    if not dataset.is_dir():
        raise CommandError(f"{dataset}: no such folder or file")
    source = find_source(dataset, labels)
    options = ColumnOptions(path_column, label_columns)
    samples: list[Sample] = []
    groups: dict[str, set[str]] = {}
    report: list[str] = []
    parts = _parts(source, dataset, options, is_given=labels is not None)
    for parsed, resolver in parts:
        found = combine(parsed, resolver, uncertain, max_unreadable)
        split = split_of_file(parsed.skipped.source) if source.kind == "files" else None
        samples += [replace(one, split=one.split or split) for one in found] if split else found
        for name, members in parsed.groups.items():
            groups.setdefault(name, set()).update(members)
        if len(report) <= MAX_REPORTED:
            report.append(f"{parsed.skipped.source}: {'; '.join(parsed.notes)}")
    samples, more = choose_split(unite(samples), dataset, use_split)
    if source.kind in ("files", "voc"):
        more += _count_unlisted(samples, parts[0][1], is_file)
    names = sorted(count_labels(samples))
    unit = "label" if len(names) == 1 else "labels"
    understood = f"{len(samples)} photos, {len(names)} {unit}: {few(names)}"
    if len(parts) > MAX_REPORTED:
        report[MAX_REPORTED:] = [f"{len(parts)} label files in all"]
    report[-1] = "; ".join([report[-1], understood, *more])
    for line in report:
        console.status(line)
    return LabelledSamples(samples, named_groups(groups, samples), tuple(report))


def _parts(
    source: Source, dataset: Path, options: ColumnOptions, is_given: bool
) -> list[tuple[ParsedFile, PathResolver]]:
    """Return what each label file says, and what finds its photos."""
    if source.kind == "files":
        return [_read_file(path, dataset, options, is_given) for path in source.files]
    resolver = PathResolver([dataset])
    if source.kind == "lists":
        return [(read_lists(path), resolver) for path in source.files]
    match source.kind:
        case "folders":
            parsed = read_folders(dataset, source.photos)
        case "sidecars":
            parsed = read_sidecars(dataset, source.pairs)
        case "yolo":
            parsed = yolo.read_boxes(dataset, source.pairs)
        case "voc":
            parsed = read_voc_files(dataset, source.files, resolver)
        case "keywords":
            parsed = read_photos(dataset, source.photos)
    return [(parsed, resolver)]


def _read_file(
    path: Path, dataset: Path, options: ColumnOptions, is_given: bool
) -> tuple[ParsedFile, PathResolver]:
    """Return what a label file says, and what finds its photos; raises CommandError."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise CommandError(
            f"{path}: labels are read from {', '.join(READERS)}; save it as one of these"
        )
    if is_given:
        resolver = PathResolver([dataset, path.parent], path.absolute().parent.parent)
    else:  # a file that was found is for the photos next to it, if there are any
        resolver = PathResolver([path.parent])
        resolver = resolver if resolver.photos() else PathResolver([dataset])
    try:
        return reader(path, resolver, options), resolver
    except CommandError as error:
        way_out = "" if is_given else "; or take the names of the folders, with --labels folders"
        raise CommandError(f"{error}{way_out}") from None


def _count_unlisted(samples: Sequence[Sample], resolver: PathResolver, is_file: bool) -> list[str]:
    """Return a note on the photos of the folder that are in no row."""
    used = {str(sample.path) for sample in samples}
    there = resolver.neighbours(used) if is_file else resolver.photos()
    unlisted = [photo for photo in there if photo not in used]
    if unlisted:
        absolute = set(map(os.path.abspath, used))
        unlisted = [photo for photo in unlisted if os.path.abspath(photo) not in absolute]  # noqa: PTH100
    if not unlisted:
        return []
    return [f"{len(unlisted)} photos in no row, such as {min(unlisted)}, are not used"]
