"""COCO: images, annotations and categories, https://cocodataset.org/#format-data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyimagesearch import console
from pyimagesearch.console import CommandError
from pyimagesearch.labels.rows import Row, SkippedRows

_PATHS = ("file_name", "filename", "path", "name", "coco_url", "flickr_url", "url")
_NAMES = ("category", "category_name", "label", "labels", "class", "tags", "labelId")


def is_coco(data: Any) -> bool:
    """Return whether a JSON value is a COCO file."""
    return isinstance(data, dict) and all(
        isinstance(data.get(key), list) for key in ("images", "annotations")
    )


def read_coco(data: Mapping[str, Any], skipped: SkippedRows) -> Iterator[Row]:
    """Yield a row for each image, with the categories of all its annotations.

    An image that has an unknown category is skipped, for its labels are not known in full.
    Raises CommandError if categories or annotations have no ids or names.
    """
    names = _read_categories(data.get("categories") or [], skipped)
    images = _read_images(data["images"], skipped)
    labels: dict[str, set[str]] = {image: set() for image in images}
    unknown: dict[str, object] = {}
    strangers = 0
    for number, annotation in enumerate(data["annotations"], 1):
        try:
            image = str(annotation["image_id"])
            found = _labels_of(annotation, names)
        except (KeyError, TypeError):
            raise CommandError(
                f"{skipped.source}: annotation {number} has no image_id, or neither category_id "
                "nor a label"
            ) from None
        if image not in images:
            strangers += 1
            if strangers == 1:
                console.warn(
                    f"{skipped.source}, annotation {number}: there is no image with the id {image}"
                )
        elif isinstance(found, set):
            labels[image] |= found
        else:
            unknown[image] = found
    if strangers > 1:
        console.warn(f"{skipped.source}: {strangers} annotations belong to none of the images")
    for image, (number, name) in images.items():
        if image in unknown:
            skipped.skip(number, f"{name} has the unknown category {unknown[image]}")
        else:
            yield Row(number, name, tuple(sorted(labels[image])))


def _read_categories(categories: Sequence[Any], skipped: SkippedRows) -> dict[str, str]:
    """Return the names of the categories by their ids."""
    try:
        return {str(category["id"]): str(category["name"]).strip() for category in categories}
    except (KeyError, TypeError):
        raise CommandError(f"{skipped.source}: a category has no id or no name") from None


def _read_images(listed: Sequence[Any], skipped: SkippedRows) -> dict[str, tuple[int, str]]:
    """Return the number and path of each image by its id."""
    images: dict[str, tuple[int, str]] = {}
    for number, image in enumerate(listed, 1):
        try:
            key = str(image["id"] if "id" in image else image["image_id"])
            path = next(str(image[name]) for name in _PATHS if image.get(name))
        except (KeyError, TypeError, AttributeError, StopIteration):
            skipped.skip(number, "has no id or no file_name")
            continue
        if key in images:
            skipped.skip(number, f"has the same id {key} as image {images[key][0]}")
        else:
            images[key] = number, path
    return images


def _labels_of(annotation: Mapping[str, Any], names: Mapping[str, str]) -> set[str] | object:
    """Return the labels of an annotation, or the id of a category that is not listed."""
    if "category_id" in annotation or "category_ids" in annotation:
        found = annotation.get("category_ids", annotation.get("category_id"))
        ids = [str(one) for one in (found if isinstance(found, list) else [found])]
        missing = next((one for one in ids if one not in names), None)
        return {names[one] for one in ids} if missing is None else missing
    value = annotation[next((name for name in _NAMES if name in annotation), "category_id")]
    return {str(label) for label in (value if isinstance(value, list) else [value])}
