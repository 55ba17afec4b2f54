"""Samples -> one array of pictures, what cannot be read named and left out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pyimagesearch import console, images
from pyimagesearch.console import CommandError
from pyimagesearch.images import ImageError
from pyimagesearch.labels import Sample, count_labels


def load_samples(
    samples: Sequence[Sample], side: int, max_pixels: int, max_unreadable: float
) -> tuple[list[Sample], NDArray[np.uint8]]:
    """Return the readable samples and their pictures, uint8 RGB (N, side, side, 3).

    Each photo that cannot be read is named on stderr. Raises CommandError where that is more
    than the share `max_unreadable` of them, or every photo of some label.
    """
    pixels = np.empty((len(samples), side, side, 3), np.uint8)
    kept: list[Sample] = []
    decoded = images.load_many([sample.path for sample in samples], side, max_pixels)
    loaded = console.progress(decoded, len(samples), "decoding", "photo")
    for sample, (path, picture) in zip(samples, loaded, strict=True):
        if isinstance(picture, ImageError):
            console.warn(f"{path}: {picture}; skipped")
        else:
            pixels[len(kept)] = picture
            kept.append(sample)
    unreadable = len(samples) - len(kept)
    if not kept:
        raise CommandError(f"none of the {len(samples)} photos can be read")
    if unreadable > max_unreadable * len(samples):
        raise CommandError(
            f"{unreadable} of {len(samples)} photos cannot be read; mend or remove them, or raise "
            "--max-unreadable"
        )
    if lost := sorted(set(count_labels(samples)) - set(count_labels(kept))):
        raise CommandError(f"no photo labelled {lost[0]!r} can be read; mend or remove them")
    if unreadable:
        console.say(f"{unreadable} of {len(samples)} photos skipped")
    return kept, pixels[: len(kept)]
