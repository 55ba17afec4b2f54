"""What lies behind a garment: studio, gradient, room or outdoors, and the like for flat lays."""

import cv2
import numpy as np

from drawing.chance import happens
from drawing.colours import NEUTRALS, Colour, any_colour, between, bgr, mixed, scaled
from drawing.shapes import Field, as_field

# what stands far off, as hue, saturation and value: park, street, autumn, shore
VIEWS = (
    [(95, 0.45, 0.45), (110, 0.5, 0.3), (70, 0.4, 0.55), (30, 0.25, 0.6)],
    [(30, 0.15, 0.6), (20, 0.3, 0.45), (220, 0.08, 0.5), (40, 0.1, 0.8), (0, 0.0, 0.3)],
    [(35, 0.6, 0.6), (25, 0.6, 0.45), (50, 0.6, 0.65), (80, 0.4, 0.4)],
    [(200, 0.25, 0.75), (195, 0.3, 0.6), (42, 0.25, 0.85), (205, 0.12, 0.9)],
)
BACKDROPS = ("studio", "gradient", "room", "outdoors")


def backdrop(
    rng: np.random.Generator, kind: str, size: tuple[int, int], floor: int, lying: bool
) -> Field:
    """Return an image (height, width, 3), float32 in 0-255; `floor` is the row of the skirting."""
    if kind == "studio":
        return _plain(size, bgr(0, 0, 1.0 if happens(rng, 0.7) else rng.uniform(0.93, 0.99)))
    if kind == "gradient":
        return _gradient(rng, size)
    if lying:
        return _boards(rng, size) if happens(rng, 0.5) else _blanket(rng, size, kind == "outdoors")
    return _room(rng, size, floor) if kind == "room" else _outdoors(rng, size, floor)


def _plain(size: tuple[int, int], colour: Colour) -> Field:
    image = np.empty((*size, 3), np.float32)
    image[:] = colour
    return image


def _gradient(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    """Return a lit paper roll: brightest behind the garment, darker to the corners."""
    tint = mixed((128, 128, 128), any_colour(rng), rng.choice([0.0, 0.3]))
    inner, outer = sorted(rng.uniform(0.55, 1.9, 2))[::-1]
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    far = np.hypot((x / size[1] - 0.5) * 1.2, y / size[0] - rng.uniform(0.3, 0.6)).clip(0, 1)
    light = inner + (outer - inner) * far**1.3
    return as_field((light[..., None] * np.array(tint, np.float32)).clip(0, 255))


def _soft_noise(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Field:
    seeds = rng.standard_normal((*cells, 1), np.float32)
    return as_field(cv2.resize(seeds, size[::-1], interpolation=cv2.INTER_CUBIC))[..., None]


def _wall(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    wall = (
        between(NEUTRALS, rng)
        if happens(rng, 0.6)
        else mixed(any_colour(rng), (225, 225, 225), 0.5)
    )
    image = _plain(size, wall) * (1 + 0.05 * _soft_noise(rng, size, (4, 4)))
    if happens(rng, 0.25):
        image = _bricks(rng, image, size[1] // int(rng.integers(5, 9)))
    across = np.linspace(rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1), size[1])
    return as_field(image * across[None, :, None])


def _bricks(rng: np.random.Generator, image: Field, length: int) -> Field:
    height, width = image.shape[:2]
    course = max(length // 3, 3)
    tones = rng.normal(1, 0.07, (height // course + 1, width // length + 3))
    for row in range(height // course + 1):
        y, shift = row * course, (row % 2) * length // 2
        for column in range(width // length + 2):
            x = column * length - shift
            image[y + 2 : y + course, max(x + 2, 0) : max(x + length, 0)] *= tones[row, column]
        image[y : y + 2] *= 0.85
    return image


def _room(rng: np.random.Generator, size: tuple[int, int], floor: int) -> Field:
    image = _wall(rng, size)
    if happens(rng, 0.35):
        _window(rng, image)
    if 0 < floor < size[0]:
        boards = _boards(rng, (size[0], size[1]))[: size[0] - floor]
        image[floor:] = boards * np.linspace(0.8, 1.05, len(boards))[:, None, None]
        board = max(size[0] // 45, 2)
        image[max(floor - board, 0) : floor] = scaled((225, 228, 230), rng.uniform(0.5, 1))
        image[floor : floor + 2] *= 0.6
    blur = rng.choice([0.004, 0.012])
    return as_field(cv2.GaussianBlur(image, (0, 0), max(blur * max(size), 0.6)))


def _window(rng: np.random.Generator, image: Field) -> None:
    """Put a door, a window or a cupboard into the wall: an upright frame with panes."""
    height, width = image.shape[:2]
    x = int(rng.uniform(-0.2, 0.8) * width)
    x1, y = x + int(rng.uniform(0.3, 0.6) * width), int(rng.uniform(0.0, 0.3) * height)
    frame = scaled((235, 235, 235), rng.uniform(0.3, 1.0))
    pane = mixed(any_colour(rng), (235, 235, 235), rng.uniform(0.2, 0.8))
    cv2.rectangle(image, (x, y), (x1, height), frame, -1)
    edge, middle = max(width // 40, 2), (x + x1) // 2
    for left, right in ((x, middle), (middle, x1)):
        cv2.rectangle(image, (left + edge, y + edge), (right - edge, int(0.8 * height)), pane, -1)


def _outdoors(rng: np.random.Generator, size: tuple[int, int], floor: int) -> Field:
    """Return a street, a park or a beach far out of focus."""
    low = (60, 40)
    sky = mixed(
        between([(205, 0.3, 0.95), (30, 0.25, 0.95), (210, 0.05, 0.85)], rng), (255, 255, 255), 0.3
    )
    image = np.empty((*low, 3), np.float32)
    image[:] = sky
    things = VIEWS[int(rng.integers(len(VIEWS)))]
    for _ in range(60):
        spot = (int(rng.integers(0, 40)), int(rng.integers(rng.integers(5, 30), 60)))
        cv2.circle(image, spot, int(rng.integers(2, 8)), between(things, rng), -1)
    ground = between([(35, 0.15, 0.65), (90, 0.4, 0.5), (40, 0.3, 0.8), (0, 0, 0.5)], rng)
    horizon = int(np.clip(60 * floor / size[0], 38, 60))
    image[horizon:] = ground
    for _ in range(rng.integers(0, 8)):
        spot = (int(rng.integers(0, 40)), int(rng.integers(0, 40)))
        cv2.circle(
            image, spot, int(rng.integers(1, 4)), mixed(any_colour(rng), (255, 255, 255), 0.5), -1
        )
    soft = cv2.GaussianBlur(image, (0, 0), rng.uniform(1.5, 3))
    return as_field(cv2.resize(soft, size[::-1], interpolation=cv2.INTER_CUBIC)).clip(0, 255)


def _boards(rng: np.random.Generator, size: tuple[int, int]) -> Field:
    """Return wooden boards with grain."""
    wood = between([(28, 0.45, 0.6), (25, 0.5, 0.38), (34, 0.25, 0.8), (30, 0.08, 0.72)], rng)
    height = size[0]
    image = _plain(size, wood)
    grain = _soft_noise(rng, size, (90, 3))
    image *= 1 + 0.06 * grain + 0.05 * _soft_noise(rng, size, (5, 3))
    board = max(height // int(rng.integers(4, 9)), 8)
    for y in range(0, height, board):
        image[y : y + board] *= rng.normal(1, 0.07)
        image[y : y + max(board // 30, 2)] *= 0.6
    return image.clip(0, 255)


def _blanket(rng: np.random.Generator, size: tuple[int, int], outdoors: bool) -> Field:
    """Return a bed sheet with creases, or grass and sand outdoors."""
    if outdoors:
        ground = between([(88, 0.5, 0.5), (100, 0.5, 0.38), (42, 0.3, 0.82), (30, 0.1, 0.55)], rng)
        rough = _soft_noise(rng, size, (size[0] // 5, size[1] // 9))
        return (
            _plain(size, ground) * (1 + 0.13 * rough + 0.1 * _soft_noise(rng, size, (7, 5)))
        ).clip(0, 255)
    cloth = mixed(any_colour(rng), (230, 230, 232), rng.uniform(0.5, 1.0))
    creases = np.abs(_soft_noise(rng, size, (6, 4)) + 0.5 * _soft_noise(rng, size, (9, 9)))
    light = cv2.Sobel(cv2.GaussianBlur(creases, (0, 0), 3), cv2.CV_32F, 1, 1, ksize=5)
    bumps = 0.9 + 0.05 * _soft_noise(rng, size, (8, 6)) + 0.1 * np.tanh(light)[..., None]
    return (_plain(size, cloth) * bumps).clip(0, 255)
