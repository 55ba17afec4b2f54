"""Writes labels as CSV and as tasks of Label Studio."""

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pyimagesearch import files
from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.cells import join_labels
from pyimagesearch.labels.groups import LabelGroup
from pyimagesearch.labels.samples import Sample, count_labels


def write_csv(samples: Sequence[Sample], path: Path) -> None:
    """Write `samples` as path,labels, with paths relative to the folder of the file.

    A column split follows if the samples have one. Raises CommandError if it cannot be written.
    """
    known = count_labels(samples)
    has_split = any(sample.split for sample in samples)
    header = ("path", "labels", "split") if has_split else ("path", "labels")
    rows = (
        (_relative(sample.path, path.parent), join_labels(sample.labels, known))
        + ((sample.split or "",) if has_split else ())
        for sample in samples
    )
    write_rows([header, *rows], path)


def write_rows(rows: Iterable[Sequence[str]], path: Path) -> None:
    """Write `rows` as CSV to `path`, whole or not at all; raises CommandError.

    Names of files that are not UTF-8 keep their bytes.
    """
    with (
        files.atomic_write(path) as new_file,
        new_file.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        csv.writer(file, lineterminator="\n").writerows(rows)


def label_studio_task(
    photo: Path,
    probabilities: Mapping[str, float],
    labels: Sequence[str],
    groups: Sequence[LabelGroup],
    root: Path,
    model_version: str,
) -> dict[str, object]:
    """Return a task of Label Studio with the `labels` of a photo as a prediction.

    `probabilities` are those of all labels; the score of the prediction is that of its least
    likely label. `root` is the folder that Label Studio serves as local files. Raises CommandError
    if the photo is not below it. https://labelstud.io/guide/predictions
    """
    try:
        place = photo.absolute().relative_to(root.absolute())
    except ValueError:
        raise CommandError(
            f"{photo}: is not below {root}, the folder that Label Studio is to read the photos from"
        ) from None
    questions = _questions(sorted(probabilities), groups)
    result = [
        {
            "id": name,
            "from_name": name,
            "to_name": "image",
            "type": "choices",
            "value": {"choices": chosen},
        }
        for name, options, _ in questions
        if (chosen := [label for label in labels if label in options])
    ]
    score = min((probabilities[label] for label in labels), default=0.0)
    return {
        "data": {"image": f"/data/local-files/?d={PurePosixPath(*place.parts)}"},
        "predictions": [{"model_version": model_version, "score": score, "result": result}],
    }


def label_studio_config(classes: Sequence[str], groups: Sequence[LabelGroup]) -> str:
    """Return the labelling interface that the tasks need: a question for each label group.

    https://labelstud.io/tags/choices
    """
    from xml.sax.saxutils import quoteattr  # which loads urllib.request, for 20 ms

    lines = ["<View>", '  <Image name="image" value="$image"/>']
    for name, options, is_single in _questions(sorted(classes), groups):
        choice = "single" if is_single else "multiple"
        lines.append(f'  <Choices name={quoteattr(name)} toName="image" choice="{choice}">')
        lines += [f"    <Choice value={quoteattr(option)}/>" for option in options]
        lines.append("  </Choices>")
    return "\n".join([*lines, "</View>", ""])


def write_label_studio(tasks: Sequence[Mapping[str, object]], config: str, path: Path) -> Path:
    """Write tasks as JSON, and their labelling interface next to it as .xml; return its path.

    Raises CommandError if they cannot be written.
    """
    interface = path.with_suffix(".xml")
    with files.atomic_writes([path, interface]) as (new_tasks, new_interface):
        text = json.dumps(tasks, ensure_ascii=False, indent=1)
        new_tasks.write_text(text, encoding="utf-8", errors="backslashreplace")
        new_interface.write_text(config, encoding="utf-8")
    return interface


def _questions(
    classes: Sequence[str], groups: Sequence[LabelGroup]
) -> list[tuple[str, Sequence[str], bool]]:
    """Return the name, the options, and whether only one can be chosen, of each question."""
    questions: list[tuple[str, Sequence[str], bool]] = [
        (group.name, group.labels, True) for group in groups
    ]
    grouped = {label for group in groups for label in group.labels}
    if others := [label for label in classes if label not in grouped]:
        questions.append(("labels", others, False))
    return questions


def _relative(photo: Path, folder: Path) -> str:
    try:
        return os.path.relpath(photo, folder)
    except ValueError:  # another drive of Windows
        return str(photo.absolute())
