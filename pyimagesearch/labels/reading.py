"""Reads the labels of a data set, whatever they are written in: `read`."""

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.combine import Uncertain, combine, unite
from pyimagesearch.labels.formats import yolo
from pyimagesearch.labels.formats.csv_files import read_csv
from pyimagesearch.labels.formats.folders import read_folders
from pyimagesearch.labels.formats.json_files import read_json, read_json_lines
from pyimagesearch.labels.formats.table import few
from pyimagesearch.labels.formats.table_rows import ColumnOptions
from pyimagesearch.labels.formats.xml_files import read_voc, read_xml
from pyimagesearch.labels.groups import LabelGroup, names_colours
from pyimagesearch.labels.keywords import read_keywords
from pyimagesearch.labels.paths import PathResolver
from pyimagesearch.labels.rows import Labels, ParsedFile, Row, SkippedRows
from pyimagesearch.labels.samples import Sample, Split, count_labels
from pyimagesearch.labels.sidecars import read_sidecars
from pyimagesearch.labels.sources import Source, find_source
from pyimagesearch.labels.split_names import folders_below, split_of

READERS: dict[str, Callable[[Path, PathResolver, ColumnOptions], ParsedFile]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt", ".lst"), read_csv),
    ".json": read_json,
    **dict.fromkeys((".jsonl", ".ndjson", ".manifest"), read_json_lines),
    ".xml": lambda path, resolver, _: read_xml(path, resolver),
}


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
        if source.kind == "files":
            found = _with_split_of_file(found, parsed.skipped.source)
        samples += found
        for name, members in parsed.groups.items():
            groups.setdefault(name, set()).update(members)
        report.append(f"{parsed.skipped.source}: {'; '.join(parsed.notes)}")
    samples, more = _choose_split(unite(samples), dataset, use_split)
    if source.kind == "files":
        more += _count_unlisted(samples, parts[0][1], is_file)
    names = sorted(count_labels(samples))
    unit = "label" if len(names) == 1 else "labels"
    understood = f"{len(samples)} photos, {len(names)} {unit}: {few(names)}"
    report[-1] = "; ".join([report[-1], understood, *more])
    for line in report:
        console.status(line)
    return LabelledSamples(samples, _make_groups(groups, samples), tuple(report))


def _parts(
    source: Source, dataset: Path, options: ColumnOptions, is_given: bool
) -> list[tuple[ParsedFile, PathResolver]]:
    """Return what each label file says, and what finds its photos."""
    resolver = PathResolver([dataset])
    match source.kind:
        case "folders":
            return [(read_folders(dataset, source.photos), resolver)]
        case "sidecars":
            return [(read_sidecars(dataset, source.pairs), resolver)]
        case "yolo":
            return [(yolo.read_boxes(dataset, source.pairs), resolver)]
        case "keywords":
            return [(_read_keywords(dataset, source.photos), resolver)]
        case "voc":
            return [(_read_voc_folder(dataset, source.files, resolver), resolver)]
    parts = []
    for path in source.files:
        if is_given:
            resolver = PathResolver([dataset, path.parent], path.absolute().parent.parent)
        else:  # a file that was found is for the photos next to it, if there are any
            beside = PathResolver([path.parent])
            resolver = beside if beside.photos() else PathResolver([dataset])
        reader = READERS.get(path.suffix.lower())
        if reader is None:
            raise CommandError(
                f"{path}: labels are read from {', '.join(READERS)}; save it as one of these"
            )
        parts.append((reader(path, resolver, options), resolver))
    return parts


def _read_keywords(dataset: Path, photos: Sequence[Path]) -> ParsedFile:
    skipped = SkippedRows(dataset, "photo")
    rows = []
    for number, photo in enumerate(photos, 1):
        try:
            rows.append(Row(number, str(photo), read_keywords(photo)))
        except OSError as error:
            skipped.skip(number, f"{photo}: cannot be read ({error.strerror})")
    return ParsedFile(rows, skipped, ["keywords inside the photos (XMP or IPTC)"])


def _read_voc_folder(dataset: Path, paths: Sequence[Path], resolver: PathResolver) -> ParsedFile:
    skipped = SkippedRows(dataset, "file")
    rows = []
    for number, path in enumerate(paths, 1):
        try:
            name, labels = read_voc(path)
        except CommandError as error:
            skipped.skip(number, str(error))
        else:
            # Tools pair the files by their names; the name inside is often an older one.
            photo = resolver.find(path.stem).photo or name or path.stem
            rows.append(Row(number, photo, labels))
    return ParsedFile(rows, skipped, ["Pascal VOC"])


def _with_split_of_file(samples: Sequence[Sample], path: Path) -> list[Sample]:
    split = split_of(re.split(r"[\W_]+", path.stem))
    return (
        [replace(sample, split=sample.split or split) for sample in samples]
        if split
        else list(samples)
    )


def _choose_split(
    samples: Sequence[Sample], dataset: Path, use_split: bool
) -> tuple[list[Sample], list[str]]:
    """Return the samples with the split that the data gives, if it gives one, and a note on it.

    It counts if there are training photos and others. Photos of no part are trained on.
    """
    by_folder: dict[str, Split | None] = {}
    splits: list[Split | None] = []
    for sample in samples if use_split else ():
        folder = str(sample.path).rpartition(os.sep)[0]
        if folder not in by_folder:
            by_folder[folder] = split_of(folders_below(dataset, sample.path))
        splits.append(sample.split or by_folder[folder])
    counts = Counter(splits)
    if not counts["train"] or len(counts.keys() - {None}) < 2:
        return [replace(s, split=None) if s.split else s for s in samples], []
    for number, split in enumerate(splits):
        splits[number] = split or "train"
    listed = ", ".join(f"{count} {name}" for name, count in Counter(splits).items())
    changed = [
        sample if sample.split == split else replace(sample, split=split)
        for sample, split in zip(samples, splits, strict=True)
    ]
    return changed, [f"split as given: {listed}"]


def _count_unlisted(samples: Sequence[Sample], resolver: PathResolver, is_file: bool) -> list[str]:
    """Return a note on the photos of the folder that are in no row."""
    used = {str(sample.path) for sample in samples}
    there = resolver.neighbours(used) if is_file else resolver.photos()
    unlisted = [photo for photo in there if photo not in used]
    if unlisted:
        absolute = {str(Path(photo).absolute()) for photo in used}
        unlisted = [photo for photo in unlisted if str(Path(photo).absolute()) not in absolute]
    if not unlisted:
        return []
    return [f"{len(unlisted)} photos in no row, such as {min(unlisted)}, are not used"]


def _make_groups(groups: dict[str, set[str]], samples: Sequence[Sample]) -> tuple[LabelGroup, ...]:
    """Return the label groups that hold for the samples: at most one label of each on a photo."""
    known = {label for sample in samples for label in sample.labels}
    sets: dict[str, Labels] = {
        name: tuple(sorted(labels & known)) for name, labels in groups.items()
    }
    often = Counter(label for labels in sets.values() for label in labels)
    made: list[LabelGroup] = []
    for name, labels in sets.items():
        among = frozenset(labels)
        is_exclusive = all(len(among.intersection(s.labels)) <= 1 for s in samples)
        if len(labels) < 2 or not is_exclusive or any(often[label] > 1 for label in labels):
            continue
        is_colour = "colour" in name.lower() or "color" in name.lower() or names_colours(labels)
        made.append(LabelGroup(name, labels, is_colour and not any(g.is_colour for g in made)))
    return tuple(made)
