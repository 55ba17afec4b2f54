"""JSON files of annotation tools: COCO (its categories) and Label Studio (its choices)."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.samples import PathResolver, SkippedRows, Row, Sample, name_labels, to_samples

# Label Studio puts eight hexadecimal digits before the name of an uploaded file.
UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")


def read_json(path: Path, roots: Sequence[Path], max_unreadable: float) -> list[Sample]:
    """Return the samples in a COCO or Label Studio file; relative paths start from one of `roots`.

    COCO: https://cocodataset.org/#format-data; an image has the categories of its annotations,
    wherever they are in it. Label Studio: https://labelstud.io/guide/export, the formats JSON and
    JSON-MIN; an image has the choices ticked. Entries that cannot be used are named and left out.
    Raises CommandError where the file is neither, or more than `max_unreadable` of it unusable.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{path}: cannot be read ({error.strerror})") from None
    except json.JSONDecodeError as error:
        raise CommandError(f"{path}, line {error.lineno}: is not JSON ({error.msg})") from None
    except (UnicodeDecodeError, RecursionError):
        raise CommandError(f"{path}: is not JSON in UTF-8") from None
    resolver = PathResolver(roots)
    if isinstance(data, dict) and all(
        isinstance(data.get(key), list) for key in ("images", "annotations", "categories")
    ):
        skipped = SkippedRows(path, "image")
        rows = _coco_rows(data, skipped)
    elif isinstance(data, list):
        skipped = SkippedRows(path, "task")
        rows = _label_studio_rows(data, resolver, skipped)
    else:
        raise CommandError(
            f"{path}: is neither COCO (images, annotations, categories) nor Label Studio (a list "
            "of tasks)"
        )
    samples = to_samples(rows, resolver, skipped)
    skipped.check(len(samples), max_unreadable)
    return samples


def _coco_names(categories: Sequence[Any], skipped: SkippedRows) -> dict[object, str]:
    """Return the names of the categories by their ids."""
    try:
        return {category["id"]: str(category["name"]).strip() for category in categories}
    except (KeyError, TypeError):
        raise CommandError(f"{skipped.source}: a category without id or name") from None


def _coco_images(listed: Sequence[Any], skipped: SkippedRows) -> dict[object, tuple[int, str]]:
    """Return the number and file name of each image by its id."""
    images: dict[object, tuple[int, str]] = {}
    for number, image in enumerate(listed, 1):
        try:
            if image["id"] in images:
                first, _ = images[image["id"]]
                skipped.skip(number, f"has the id {image['id']!r} of image {first}")
            else:
                images[image["id"]] = number, str(image["file_name"])
        except (KeyError, TypeError):
            skipped.skip(number, "has no id or no file_name")
    return images


def _coco_rows(data: dict[str, Any], skipped: SkippedRows) -> Iterator[Row]:
    names = _coco_names(data["categories"], skipped)
    images = _coco_images(data["images"], skipped)
    labels: dict[object, set[str]] = {image: set() for image in images}
    unknown: dict[object, object] = {}
    for number, annotation in enumerate(data["annotations"], 1):
        try:
            image, category = annotation["image_id"], annotation["category_id"]
            if image not in images:
                console.warn(
                    f"{skipped.source}, annotation {number}: is of no image: image_id {image!r}"
                )
            elif category in names:
                labels[image].add(names[category])
            else:
                unknown[image] = category
        except (KeyError, TypeError):
            raise CommandError(
                f"{skipped.source}: annotation {number} lacks image_id or category_id"
            ) from None
    for image, (number, name) in images.items():
        if image in unknown:  # what it shows is not known in full
            skipped.skip(number, f"{name} has the unknown category {unknown[image]!r}")
        else:
            yield Row(number, name, tuple(sorted(labels[image])))


def _label_studio_rows(tasks: Sequence[Any], resolver: PathResolver, skipped: SkippedRows) -> Iterator[Row]:
    for number, task in enumerate(tasks, 1):
        try:
            reference = _reference(task.get("data", task))
            answers = {tuple(sorted(choices)) for choices in _choices(task)}
        except (AttributeError, KeyError, TypeError):
            skipped.skip(number, "is no task with an image and annotations")
            continue
        if not answers:
            skipped.skip(number, f"{reference} has no annotation")
        elif len(answers) > 1:
            listed = " and ".join(map(name_labels, sorted(answers)))
            skipped.skip(number, f"{reference}: its annotations contradict each other: {listed}")
        else:
            names = _local_names(reference)
            found = next((name for name in names if resolver.find(name)), reference)
            yield Row(number, found, answers.pop())


def _reference(data: dict[str, Any]) -> str:
    """Return the reference to the image: under the key image, else the first that looks it."""
    texts = {key: text for key, text in data.items() if isinstance(text, str)}
    for key in ("image", "img", "photo", "picture"):
        if key in texts:
            return texts[key]
    found = next((text for text in texts.values() if "/" in text or "." in text), None)
    if found is None:
        raise KeyError("image")
    return found


def _choices(task: dict[str, Any]) -> Iterator[set[str]]:
    """Yield the ticked choices of each annotation of a task."""
    if "annotations" not in task:  # JSON-MIN: each question is a key of the task
        value = task["choice"]
        ticked = value["choices"] if isinstance(value, dict) else value
        yield {ticked} if isinstance(ticked, str) else set(map(str, ticked))
        return
    for annotation in task["annotations"]:
        if not annotation.get("was_cancelled"):
            yield {
                str(choice)
                for result in annotation["result"]
                for choice in result["value"].get("choices", ())
            }


def _local_names(reference: str) -> Iterator[str]:
    """Yield the paths that a reference may stand for on this disk, the likeliest first."""
    yield reference
    parts = urlsplit(reference)
    yield from parse_qs(parts.query).get("d", ())  # /data/local-files/?d=folder/photo.jpg
    path = unquote(parts.path)
    yield path.lstrip("/")
    name = path.rpartition("/")[2]
    yield name
    if uploaded := UPLOADED.fullmatch(name):
        yield uploaded[1]
