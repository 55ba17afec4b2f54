"""Outlines and the pieces made of them, in body units: one head high, y down, x = 0 the middle."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drawing.colours import Colour

Points = NDArray[np.float64]
Field = NDArray[np.float32]

LINE = 2
LEVELS = 25
"""How many cross-sections a piece has along its spine."""


@dataclass(frozen=True)
class Pattern:
    """What is printed or woven into a fabric: stripes, bars, checks or dots of another colour."""

    kind: str
    period: float
    share: float
    colour: Colour


@dataclass(frozen=True)
class Fabric:
    """A material: BGR colour 0-255, shine, grain and twill as shares, how dark its rim turns."""

    colour: Colour
    gloss: float = 0.1
    grain: float = 0.02
    twill: float = 0.0
    rim: float = 0.28
    pattern: Pattern | None = None


@dataclass(frozen=True)
class Piece:
    """One painted part: an outline (N, 2) around a spine (LEVELS, 2) with reach to either side.

    `left` and `right` (LEVELS,) are half-widths; `relief` and `fade` are float32 maps over
    (v along the spine, u across it): height in body units, and how far the dye is washed out.
    """

    outline: Points
    spine: Points
    left: Points
    right: Points
    fabric: Fabric
    relief: Field | None = None
    fade: Field | None = None
    roundness: float = 0.45
    shadow: float = 0.35


@dataclass(frozen=True)
class Thread:
    """A line on top of the pieces: points (N, 2), BGR colour, width; `dash` > 0 makes stitches."""

    points: Points
    colour: Colour
    width: float = 0.02
    opacity: float = 0.8
    dash: float = 0.0


Mark = Piece | Thread


@dataclass
class Drawing:
    """Marks in the order they are painted; `hero` marks decide what the camera must show."""

    behind: list[Mark] = field(default_factory=list)
    hero: list[Mark] = field(default_factory=list)
    front: list[Mark] = field(default_factory=list)

    def marks(self) -> list[Mark]:
        """All marks from back to front."""
        return [*self.behind, *self.hero, *self.front]


def points(*xy: tuple[float, float]) -> Points:
    """Return (N, 2) float64 from pairs."""
    return np.array(xy, np.float64)


def curve(through: ArrayLike, steps: int = 8) -> Points:
    """Return a smooth open curve through the given points (Catmull-Rom spline), (M, 2)."""
    p = np.asarray(through, np.float64)
    if len(p) == LINE:
        return np.linspace(p[0], p[-1], steps + 1)
    padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = 2 * a - 5 * b + 4 * c - d
        spans.append(0.5 * (2 * b + (c - a) * t + bend * t**2 + (3 * (b - c) + d - a) * t**3))
    return np.vstack([*spans, p[-1:]])


def moved(path: Points, x: float, y: float) -> Points:
    """Return the points moved by (x, y)."""
    there: Points = path + np.array([x, y])
    return there


def as_field(values: ArrayLike) -> Field:
    """Return values as float32, which pictures and reliefs are made of."""
    return np.asarray(values, np.float32)


def mirrored(outline: Points) -> Points:
    """Return the points reflected at x = 0, in reversed order, so that halves join up."""
    return outline[::-1] * (-1, 1)


def resampled(path: Points, count: int) -> Points:
    """Return `count` points at equal distances along a path."""
    length = np.r_[0, np.cumsum(np.hypot(*np.diff(path, axis=0).T))]
    at = np.linspace(0, length[-1], count)
    return np.column_stack([np.interp(at, length, path[:, 0]), np.interp(at, length, path[:, 1])])


def shortened(path: Points, share: float) -> Points:
    """Return the first `share` (0-1) of a path by length."""
    fine = resampled(path, 101)
    return fine[: max(2, round(100 * share) + 1)]


def tube(
    path: Points,
    widths: ArrayLike,
    fabric: Fabric,
    relief: Field | None = None,
    fade: Field | None = None,
    roundness: float = 0.45,
    shadow: float = 0.35,
) -> Piece:
    """Return a limb-like piece along a path; `widths` are half-widths at equal distances."""
    spine = resampled(curve(path), LEVELS)
    given = np.asarray(widths, np.float64)
    half = np.interp(np.linspace(0, 1, LEVELS), np.linspace(0, 1, len(given)), given)
    along = np.gradient(spine, axis=0)
    along /= np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    side = np.column_stack([along[:, 1], -along[:, 0]]) * half[:, None]
    outline = np.vstack([spine + side, (spine - side)[::-1]])
    return Piece(outline, spine, half, half, fabric, relief, fade, roundness, shadow)


def panel(
    outline: Points,
    fabric: Fabric,
    relief: Field | None = None,
    fade: Field | None = None,
    roundness: float = 0.45,
    shadow: float = 0.35,
) -> Piece:
    """Return a piece with an upright spine whose reach follows the outline row by row."""
    top, bottom = outline[:, 1].min(), outline[:, 1].max()
    levels = np.linspace(top, bottom, LEVELS)
    dense = resampled(np.vstack([outline, outline[:1]]), 600)
    middle = (dense[:, 0].min() + dense[:, 0].max()) / 2
    near = np.abs(dense[:, 1] - levels[:, None]) < (bottom - top) / LEVELS
    left = _evened(np.where(near, middle - dense[:, 0], 0).max(axis=1).clip(0.02))
    right = _evened(np.where(near, dense[:, 0] - middle, 0).max(axis=1).clip(0.02))
    spine = np.column_stack([np.full(LEVELS, middle), levels])
    return Piece(outline, spine, left, right, fabric, relief, fade, roundness, shadow)


def _evened(reach: Points) -> Points:
    """Return half-widths without steps, which would show as bands of light at the shoulders."""
    padded = np.pad(reach, 4, mode="edge")
    return np.convolve(padded, np.hanning(11)[1:-1] / np.hanning(11).sum(), mode="valid")


def box(width: float, height: float) -> Points:
    """Return a rectangle of those half-sizes around the origin, (4, 2)."""
    return points((-width, -height), (width, -height), (width, height), (-width, height))


def ellipse(centre: tuple[float, float], radii: tuple[float, float], turn: float = 0.0) -> Points:
    """Return an ellipse as (48, 2) points, turned by `turn` radians."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x, y = radii[0] * np.cos(angle), radii[1] * np.sin(angle)
    c, s = np.cos(turn), np.sin(turn)
    return np.column_stack([centre[0] + c * x - s * y, centre[1] + s * x + c * y])
