"""Write the tags on a copy of the picture."""

import cv2
import imutils
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.tagger import NOTHING, Tagged

LONG_SIDE = 640  # pixels, enough to read and to look at
TEXT_SIZE = 22  # pixels


def draw_tags(pixels: NDArray[np.uint8], tagged: Tagged) -> NDArray[np.uint8]:
    """Return a copy of uint8 (height, width, 3) RGB `pixels`, its tags in a band below it.

    The long side becomes 640 pixels. The text may be of any script.
    """
    height, width = pixels.shape[:2]
    copy = pixels
    if min(height, width) * LONG_SIDE >= max(height, width):  # a thinner one would vanish
        copy = imutils.resize(pixels, **{"width" if width >= height else "height": LONG_SIDE})
    lines = [f"{tag}: {tagged.probabilities[tag]:.1%}" for tag in tagged.tags] or [NOTHING]
    if tagged.is_new_combination:
        lines.append("new combination")

    font, step = cv2.FontFace("sans"), TEXT_SIZE + 10
    boxes = [cv2.getTextSize((0, 0), line, (0, 0), font, TEXT_SIZE) for line in lines]
    wide = max(copy.shape[1], *(x + w + 24 for x, _, w, _ in boxes))
    canvas = np.full((copy.shape[0] + step * len(lines) + 12, wide, 3), 255, np.uint8)
    left = (wide - copy.shape[1]) // 2
    canvas[: copy.shape[0], left : left + copy.shape[1]] = copy
    for number, line in enumerate(lines, 1):
        place = (12, copy.shape[0] + step * number - 4)
        cv2.putText(canvas, line, place, (20, 20, 20), font, TEXT_SIZE)
    return canvas
