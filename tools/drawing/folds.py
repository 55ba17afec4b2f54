"""Relief of cloth as height maps over (v along a piece, u across it), float32, in body units."""

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing.shapes import Field, as_field

ROWS, COLUMNS = 144, 112
V, U = (
    grid.astype(np.float32)
    for grid in np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(-1, 1, COLUMNS), indexing="ij")
)


def flat() -> Field:
    """Return a relief without any fold."""
    return np.zeros((ROWS, COLUMNS), np.float32)


def noise(rng: np.random.Generator, across: int, along: int) -> Field:
    """Return smooth noise in about -1..1 with that many bumps across and along the piece."""
    seeds = rng.uniform(-1, 1, (along + 3, across + 3)).astype(np.float32)
    return as_field(cv2.resize(seeds, (COLUMNS, ROWS), interpolation=cv2.INTER_CUBIC))


def drape(rng: np.random.Generator, across: int, along: int, depth: float) -> Field:
    """Return irregular folds: noise with sharp ridges and wide valleys, as hanging cloth has."""
    bent = noise(rng, across, along) + 0.35 * noise(rng, 2 * across, 2 * along)
    ridges = (1 - np.abs(bent).clip(0, 1)) ** 1.6
    return as_field(cv2.GaussianBlur(as_field(depth * ridges), (0, 0), 1.3))


def flutes(rng: np.random.Generator, count: float, depth: float, start: float) -> Field:
    """Return pleats that open from `start` (0-1 along the piece) towards the hem."""
    phase = count * np.pi * (U + 0.22 * noise(rng, 3, 1)) + rng.uniform(0, 6)
    grown = ((V - start) / max(1 - start, 0.05)).clip(0, 1) ** 0.8
    wave = np.sin(phase) + 0.35 * np.sin(2.3 * phase + 2 * noise(rng, 3, 2))
    return (depth * grown * wave).astype(np.float32)


def crumple(rng: np.random.Generator, at: float, spread: float, count: int, depth: float) -> Field:
    """Return short folds across the piece around `at`, as at an elbow, a knee or an ankle."""
    total = flat()
    for _ in range(count):
        v = rng.normal(at, spread)
        slant = rng.uniform(-0.5, 0.5) * spread
        side = rng.uniform(-0.7, 0.7)
        total += stroke(
            (side - rng.uniform(0.4, 0.9), v - slant),
            (side + rng.uniform(0.4, 0.9), v + slant + rng.normal(0, 0.01)),
            rng.uniform(0.2, 0.45) * spread,
            depth * rng.uniform(0.4, 1.0),
        )
    return total


def stroke(
    start: tuple[float, float], end: tuple[float, float], width: float, depth: float
) -> Field:
    """Return one tapering fold from (u, v) to (u, v); `width` in shares of the length."""
    # u runs over two units where v runs over one, so halve it to keep the width even
    px, py = (U - start[0]) / 2, V - start[1]
    dx, dy = (end[0] - start[0]) / 2, end[1] - start[1]
    length = max(dx * dx + dy * dy, 1e-6)
    t = ((px * dx + py * dy) / length).clip(0, 1)
    bow = 0.06 * np.sin(np.pi * t)
    distance = np.hypot(px - t * dx - bow * dy, py - t * dy + bow * dx)
    taper = np.sin(np.pi * (0.15 + 0.85 * t) ** 0.7)
    return (depth * taper * np.exp(-((distance / max(width, 0.008)) ** 2))).astype(np.float32)


def fade_at(u: float, v: float, reach_u: float, reach_v: float, amount: float) -> Field:
    """Return a soft washed-out spot as on the thighs of jeans."""
    far: NDArray[np.float32] = ((U - u) / reach_u) ** 2 + ((V - v) / reach_v) ** 2
    return (amount * np.exp(-far)).astype(np.float32)
