"""Paints pieces onto an image: relief becomes light and shade, fabric becomes grain and weave."""

from dataclasses import dataclass

import cv2
import numpy as np

from drawing.folds import COLUMNS, ROWS
from drawing.shapes import Fabric, Field, Mark, Pattern, Piece, Points, Thread, as_field

AMBIENT = 0.42
COARSE = 4
"""Coordinates along and across a piece change slowly: they are computed on every 4th pixel."""


@dataclass(frozen=True)
class Camera:
    """Maps body units to pixels: `matrix` (2, 3) float64."""

    matrix: Points

    @property
    def scale(self) -> float:
        """Pixels per body unit."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def see(self, points: Points) -> Points:
        """Return the pixels (N, 2) of points in body units."""
        return points @ self.matrix[:, :2].T + self.matrix[:, 2]

    def trace(self, pixels: Points) -> Points:
        """Return the points in body units of pixels; the inverse of `see`."""
        return (pixels - self.matrix[:, 2]) @ np.linalg.inv(self.matrix[:, :2]).T


class Canvas:
    """A float32 BGR image (H, W, 3) in 0-255 with a camera in front and a lamp above it."""

    def __init__(
        self, image: Field, camera: Camera, rng: np.random.Generator, cast: float = 1.0
    ) -> None:
        """Paint on `image` in place; `cast` scales how strong shadows on the ground are."""
        self.image = image
        self.camera = camera
        self.rng = rng
        self.cast = cast
        lamp = np.array([rng.choice([-1, 1]) * rng.uniform(0.3, 0.75), -rng.uniform(0.3, 0.7), 1.0])
        self.lamp = lamp / np.linalg.norm(lamp)

    def paint(self, marks: list[Mark]) -> None:
        """Paint the marks one over the other."""
        for mark in marks:
            if isinstance(mark, Piece):
                self._paint_piece(mark)
            else:
                self._paint_thread(mark)

    def _paint_piece(self, piece: Piece) -> None:
        seen = self.camera.see(piece.outline)
        reach = round(0.3 * self.camera.scale)
        height, width = self.image.shape[:2]
        x0, y0 = np.maximum(np.floor(seen.min(axis=0)).astype(int) - reach, 0)
        x1, y1 = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + reach, (width, height))
        if x1 - x0 < COARSE or y1 - y0 < COARSE:
            return
        region = self.image[y0:y1, x0:x1]
        mask = _filled(seen - (x0, y0), region.shape[:2])
        self._cast_shadow(region, mask, piece.shadow * self.cast)
        u, v, x, y = self._coordinates(piece, (x0, y0), region.shape[:2])
        shade, shine = self._light(piece, u, v)
        # cloth is thick: its rim turns away from the lamp
        rim = cv2.GaussianBlur(mask, (0, 0), 0.045 * self.camera.scale)
        shade *= 1 - piece.fabric.rim * (2 - 2 * rim).clip(0, 1)
        colour = self._dye(piece, u, v, x, y) * shade[..., None].clip(0, 1.08)
        colour += (255 - colour) * (0.3 * (shade - 1).clip(0, 1) + shine)[..., None]
        region += (colour - region) * mask[..., None]

    def _cast_shadow(self, region: Field, mask: Field, strength: float) -> None:
        scale = self.camera.scale
        shift = np.array([[1, 0, -0.10 * self.lamp[0]], [0, 1, -0.13 * self.lamp[1]]]) * (
            (1, 1, scale),
        )
        size = (mask.shape[1], mask.shape[0])
        soft = cv2.GaussianBlur(cv2.warpAffine(mask, shift, size), (0, 0), 0.07 * scale)
        region *= 1 - strength * soft[..., None]

    def _coordinates(
        self, piece: Piece, corner: tuple[int, int], shape: tuple[int, int]
    ) -> tuple[Field, Field, Field, Field]:
        """Return u across, v along the piece and x, y in body units for every pixel."""
        rows, columns = -(-shape[0] // COARSE) + 1, -(-shape[1] // COARSE) + 1
        grid = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
        body = self.camera.trace(np.asarray(COARSE * grid + corner, np.float64))
        u, v = _along_spine(piece, body)
        fields = np.column_stack([u, v, body]).astype(np.float32).reshape(rows, columns, 4)
        step = np.array([[COARSE, 0, 0], [0, COARSE, 0]], np.float64)
        size = (shape[1], shape[0])
        fine = as_field(cv2.warpAffine(fields, step, size, borderMode=cv2.BORDER_REPLICATE))
        return fine[..., 0], fine[..., 1], fine[..., 2], fine[..., 3]

    def _light(self, piece: Piece, u: Field, v: Field) -> tuple[Field, Field]:
        """Return the shade, 1 where cloth lies flat, and the shine of the lamp on it."""
        levels = np.linspace(0, 1, len(piece.left))
        reach = as_field(np.interp(v, levels, (piece.left + piece.right) / 2))
        relief = piece.roundness * reach * (1 - np.abs(u).clip(0, 1) ** 2.4)
        if piece.relief is not None:
            relief = relief + _looked_up(piece.relief, u, v)
        height = cv2.GaussianBlur(as_field(relief * self.camera.scale), (0, 0), 1.2)
        slope_x = as_field(cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8))
        slope_y = as_field(cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8))
        norm = np.sqrt(slope_x**2 + slope_y**2 + 1)
        lit = (self.lamp[2] - slope_x * self.lamp[0] - slope_y * self.lamp[1]) / norm
        half = self.lamp + np.array([0.0, 0.0, 1.0])
        half /= np.linalg.norm(half)
        facing = ((half[2] - slope_x * half[0] - slope_y * half[1]) / norm).clip(0, 1)
        shade = AMBIENT + (1 - AMBIENT) * lit.clip(0, None) / self.lamp[2]
        return as_field(shade), as_field(piece.fabric.gloss * facing**14)

    def _dye(self, piece: Piece, u: Field, v: Field, x: Field, y: Field) -> Field:
        """Return the colour (H, W, 3) of the unlit fabric."""
        fabric = piece.fabric
        colour = np.empty((*u.shape, 3), np.float32)
        colour[:] = fabric.colour
        if piece.fade is not None:
            washed = _looked_up(piece.fade, u, v)[..., None]
            colour += (np.array((225, 215, 205), np.float32) - colour) * washed
        if fabric.pattern is not None:
            covered = _pattern(fabric.pattern, x, y)[..., None]
            colour += (np.array(fabric.pattern.colour, np.float32) - colour) * covered
        return colour * self._weave(fabric, x, y)[..., None]

    def _weave(self, fabric: Fabric, x: Field, y: Field) -> Field:
        shape = (x.shape[0] // 2 + 1, x.shape[1] // 2 + 1)
        grain = self.rng.standard_normal(shape, np.float32)
        grain = as_field(cv2.resize(grain, (x.shape[1], x.shape[0])))
        lines = np.sin((x + 0.6 * y) * 170) if fabric.twill else 0.0
        return as_field(1 + fabric.grain * grain + fabric.twill * lines)

    def _paint_thread(self, thread: Thread) -> None:
        seen = self.camera.see(thread.points)
        width = max(1, round(thread.width * self.camera.scale))
        low = np.maximum(np.floor(seen.min(axis=0)).astype(int) - width - 1, 0)
        high = np.maximum(np.ceil(seen.max(axis=0)).astype(int) + width + 2, 0)
        region = self.image[low[1] : high[1], low[0] : high[0]]
        if region.size == 0:
            return
        mask = np.zeros(region.shape[:2], np.uint8)
        for part in _dashes(seen - low, thread.dash * self.camera.scale):
            cv2.polylines(mask, [np.round(part * 8).astype(np.int32)], False, 255, width, 16, 3)
        covered = mask.astype(np.float32)[..., None] * (thread.opacity / 255)
        region += (np.array(thread.colour, np.float32) - region) * covered


def _filled(outline: Points, shape: tuple[int, ...]) -> Field:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline * 8).astype(np.int32)], 255, cv2.LINE_AA, 3)
    return as_field(mask / 255)


def _along_spine(piece: Piece, body: Points) -> tuple[Points, Points]:
    """Return for each point its place across (-1..1) and along (0..1) the piece."""
    best = np.full(len(body), np.inf)
    u, v = np.zeros(len(body)), np.zeros(len(body))
    last = len(piece.spine) - 1
    for i, (a, b) in enumerate(zip(piece.spine, piece.spine[1:], strict=False)):
        along = b - a
        offset = body - a
        t = (offset @ along / max(along @ along, 1e-12)).clip(0, 1)
        away = offset - t[:, None] * along
        distance = np.hypot(away[:, 0], away[:, 1])
        # u grows to the left of a walker down the page: to the viewer's right
        across = np.where(away[:, 0] * along[1] - away[:, 1] * along[0] >= 0, 1.0, -1.0)
        reach = np.where(
            across > 0,
            piece.right[i] + t * (piece.right[i + 1] - piece.right[i]),
            piece.left[i] + t * (piece.left[i + 1] - piece.left[i]),
        )
        nearer = distance < best
        best = np.where(nearer, distance, best)
        u = np.where(nearer, across * distance / reach, u)
        v = np.where(nearer, (i + t) / last, v)
    return u.clip(-1.3, 1.3), v


def _looked_up(texture: Field, u: Field, v: Field) -> Field:
    columns = ((u + 1) / 2 * (COLUMNS - 1)).astype(np.float32)
    rows = (v * (ROWS - 1)).astype(np.float32)
    found = cv2.remap(texture, columns, rows, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return as_field(found)


def _pattern(pattern: Pattern, x: Field, y: Field) -> Field:
    """Return how much of each pixel the pattern covers, 0-1."""
    across, along = x / pattern.period % 1, y / pattern.period % 1
    bars, stripes = across < pattern.share, along < pattern.share
    if pattern.kind == "stripes":
        covered = stripes.astype(np.float32)
    elif pattern.kind == "bars":
        covered = bars.astype(np.float32)
    elif pattern.kind == "checks":
        covered = as_field((bars.astype(np.float32) + stripes) / 2)
    else:
        covered = (np.hypot(across - 0.5, along - 0.5) < pattern.share / 1.6).astype(np.float32)
    return 0.85 * covered


def _dashes(path: Points, dash: float) -> list[Points]:
    if dash <= 0:
        return [path]
    length = float(np.hypot(*np.diff(path, axis=0).T).sum())
    count = max(1, int(length / (1.7 * dash)))
    at = np.r_[0, np.cumsum(np.hypot(*np.diff(path, axis=0).T))]
    parts = []
    for i in range(count):
        span = np.linspace(i, i + 0.6, 3) / count * length
        parts.append(
            np.column_stack([np.interp(span, at, path[:, 0]), np.interp(span, at, path[:, 1])])
        )
    return parts
