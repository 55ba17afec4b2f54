"""Images that show nothing that the network was trained on."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pyimagesearch.images import decoder

Images = NDArray[np.uint8]
EACH = 50  # images of each kind


def noise(draw: np.random.Generator, side: int) -> Images:
    """Return coarse or fine noise in colour."""
    grain = int(draw.integers(4, side))
    return resized(draw.integers(0, 256, (grain, grain, 3)), side)


def gradient(draw: np.random.Generator, side: int) -> Images:
    """Return a blend of four colours, one in each corner."""
    return resized(draw.integers(0, 256, (2, 2, 3)), side)


def blank(draw: np.random.Generator, side: int) -> Images:
    """Return a flat colour, half of the time nearly white, like a page."""
    colour = draw.integers(235, 256, 3) if draw.random() < 0.5 else draw.integers(0, 256, 3)
    return np.broadcast_to(colour, (side, side, 3)).astype(np.uint8)


def logo(draw: np.random.Generator, side: int) -> Images:
    """Return a disc or a square and a word on white."""
    image = np.full((256, 256, 3), 255, np.uint8)
    ink = [int(value) for value in draw.integers(0, 200, 3)]
    if draw.random() < 0.5:
        cv2.circle(image, (128, 96), int(draw.integers(30, 70)), ink, -1)
    else:
        cv2.rectangle(image, (70, 40), (186, 150), ink, -1)
    word = "".join(draw.choice(list("ABCDEFGHKLMNOPRSTUXYZ"), 4))
    cv2.putText(image, word, (50, 225), cv2.FONT_HERSHEY_SIMPLEX, 1.8, ink, 5)
    return resized(image, side)


def face(draw: np.random.Generator, side: int) -> Images:
    """Return an oval with eyes, mouth and hair."""
    image = np.full((256, 256, 3), [int(value) for value in draw.integers(120, 256, 3)], np.uint8)
    skin = np.array([236, 188, 150]) * draw.uniform(0.4, 1.05)
    skin_rgb = [int(value) for value in skin.clip(0, 255)]
    hair = [int(value) for value in draw.integers(0, 120, 3)]
    cv2.ellipse(image, (128, 105), (85, 90), 0, 0, 360, hair, -1)
    cv2.ellipse(image, (128, 135), (72, 95), 0, 0, 360, skin_rgb, -1)
    for x in (98, 158):
        cv2.ellipse(image, (x, 120), (13, 7), 0, 0, 360, (255, 255, 255), -1)
        cv2.circle(image, (x, 120), 5, (40, 40, 60), -1)
    cv2.ellipse(image, (128, 185), (28, int(draw.integers(4, 14))), 0, 0, 180, (170, 50, 60), -1)
    return resized(image, side)


def landscape(draw: np.random.Generator, side: int) -> Images:
    """Return sky, hills and a sun."""
    sky = np.linspace([70, 130, 220], [200, 220, 250], 256)[:, None] * draw.uniform(0.6, 1.0)
    image = np.broadcast_to(sky, (256, 256, 3)).astype(np.uint8).copy()
    cv2.circle(image, (int(draw.integers(20, 236)), 50), 22, (255, 240, 170), -1)
    for base, shade in ((130, 0.5), (170, 0.75), (205, 1.0)):
        x = np.arange(257)
        phase, length = draw.uniform(0, 6), draw.uniform(20, 60)
        y = base + 18 * np.sin(x / length + phase)
        outline = np.vstack([np.column_stack([x, y]), [[256, 256], [0, 256]]]).astype(np.int32)
        green = [int(value) for value in np.array([80, 140, 60]) * shade]
        cv2.fillPoly(image, [outline], green)
    return resized(image, side)


def shoe(draw: np.random.Generator, side: int) -> Images:
    """Return a sports shoe from the side, on a light background."""
    image = np.full((256, 256, 3), [int(value) for value in draw.integers(200, 256, 3)], np.uint8)
    top, toe = int(draw.integers(60, 120)), int(draw.integers(190, 240))
    outline = [(40, top), (95, top), (110, 130), (toe - 40, 155), (toe, 175), (toe, 190), (36, 190)]
    ink = [int(value) for value in draw.integers(0, 200, 3)]
    cv2.fillPoly(image, [np.array(outline, np.int32)], ink)
    cv2.rectangle(image, (34, 190), (toe + 4, 206), (int(draw.integers(0, 256)),) * 3, -1)
    for lace in range(4):
        ends = (98 + lace * 14, 128 + lace * 7), (118 + lace * 14, 118 + lace * 9)
        cv2.line(image, *ends, (255, 255, 255), 3)
    return resized(image[:, :: int(draw.choice([1, -1]))].copy(), side)


def pieces(images: list[Images]) -> Callable[[np.random.Generator, int], Images]:
    """Return a function that cuts a square of at least half the shorter side from `images`."""

    def piece(draw: np.random.Generator, side: int) -> Images:
        image = images[int(draw.integers(len(images)))]
        height, width = image.shape[:2]
        size = int(min(height, width) * draw.uniform(0.5, 1))
        top, left = draw.integers(height - size + 1), draw.integers(width - size + 1)
        return resized(image[top : top + size, left : left + size], side)

    return piece


def sample_photos() -> list[Images]:
    """Return a Chinese temple, a flower (scikit-learn) and Grace Hopper (matplotlib)."""
    from matplotlib import cbook
    from sklearn.datasets import load_sample_images

    hopper = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    return [*load_sample_images().images, decoder.decode(Path(hopper).read_bytes())]


def resized(image: NDArray[np.integer], side: int) -> Images:
    """Return `image` as a square of `side` pixels."""
    small = cv2.resize(image.astype(np.uint8), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def kinds(side: int, seed: int) -> Iterator[tuple[str, Images]]:
    """Yield each kind of unknown images by its name, uint8 RGB (EACH, side, side, 3)."""
    draw = np.random.default_rng(seed)
    drawn = (noise, gradient, blank, logo, face, landscape, shoe)
    makers = [*((maker.__name__, maker) for maker in drawn), ("samples", pieces(sample_photos()))]
    for name, make in makers:
        yield name, np.stack([make(draw, side) for _ in range(EACH)])
