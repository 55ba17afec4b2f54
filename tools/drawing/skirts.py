"""Skirts of dresses: narrow or wide, with a plain, waving or tiered hem."""

from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES, Body
from drawing.colours import scaled
from drawing.shapes import Fabric, Field, Mark, Points, curve, mirrored, moved, panel

WAIST = 3.02


def waist_line(waist: float) -> Points:
    """Return the seam between bodice and skirt, with half-width `waist`."""
    return curve([(-waist, WAIST - 0.02), (0, WAIST + 0.04), (waist, WAIST - 0.02)])


def skirt(
    rng: np.random.Generator, body: Body, fabric: Fabric, cut: str, waist: float
) -> tuple[list[Mark], float]:
    """Return a skirt and the height of its hem."""
    spread, low, high = {
        "sheath": (rng.uniform(-0.12, 0.04), 5.5, 6.5),
        "a-line": (rng.uniform(0.25, 0.6), 5.3, 6.5),
        "flared": (rng.uniform(0.7, 1.2), 5.1, 6.1),
        "tiered": (rng.uniform(0.35, 0.8), 5.4, 7.0),
        "gown": (rng.uniform(0.2, 1.0), 7.2, 7.7),
    }[cut]
    hem = rng.uniform(low, high)
    hip = body.hip * (1.0 if body.worn else 0.86) + 0.06 + 0.35 * max(spread, 0)
    count = rng.integers(3, 7) if cut != "sheath" else 0
    outline = _skirt_outline(rng, waist, hip, body.hip + spread, hem, int(count))
    relief = _skirt_folds(rng, cut, body.worn)
    front = panel(outline, fabric, relief, roundness=0.4 if body.worn else 0.15)
    marks: list[Mark] = []
    if cut != "sheath":
        lining = replace(fabric, colour=scaled(fabric.colour, 0.45), gloss=0.0)
        inside = outline * (0.96, 1) + (0, -0.05)
        inside[:, 1] = np.where(inside[:, 1] > hem - 0.3, hem - 0.04, inside[:, 1])
        marks.append(panel(inside, lining, shadow=0.2))
    marks.append(front)
    if cut == "tiered":
        for share in (0.36, 0.68):
            y = WAIST + share * (hem - WAIST)
            wide = np.interp(y, [WAIST, 3.9, hem], [waist, hip, body.hip + spread])
            tier = _skirt_outline(
                rng, wide * 0.97, wide, wide + 0.12 + 0.1 * spread, y + 0.34 * (hem - WAIST), 7, y
            )
            marks.append(panel(tier, fabric, _skirt_folds(rng, "flared", body.worn), shadow=0.3))
    return marks, hem


def _skirt_outline(
    rng: np.random.Generator,
    waist: float,
    hip: float,
    bottom: float,
    hem: float,
    waves: int,
    top: float = WAIST,
) -> Points:
    """Return the skirt's outline; its hem waves with the flutes, its sides are not quite alike."""
    sides = []
    for _ in SIDES:
        wide = bottom + rng.normal(0, 0.05)
        drop = hem - top
        sides.append(
            curve(
                [
                    (waist, top),
                    (hip, top + 0.4 * min(drop, 2.2)),
                    ((hip + wide) / 2, top + 0.7 * drop),
                    (wide, hem - 0.06),
                ]
            )
        )
    right, left = sides
    across = np.linspace(right[-1, 0], -left[-1, 0], 60)
    inner = 1 - np.linspace(-1, 1, 60) ** 2
    sag = 0.10 * inner
    wave = (
        0.05
        * inner**0.5
        * np.sin(waves * np.pi * across / bottom + rng.uniform(0, 6))
        * (waves > 0)
    )
    edge = np.column_stack([across, hem - 0.06 + sag + wave])
    return np.vstack([moved(waist_line(waist), 0, top - WAIST - 0.06), right, edge, mirrored(left)])


def _skirt_folds(rng: np.random.Generator, cut: str, worn: bool) -> Field:
    if cut == "sheath":
        relief = folds.drape(rng, 3, 3, 0.03)
        for _ in range(4):
            side, v = rng.choice(SIDES), rng.uniform(0.15, 0.6)
            relief += folds.stroke(
                (side * 0.9, v), (side * 0.1, v + rng.uniform(-0.1, 0.1)), 0.03, 0.025
            )
        return relief
    depth = rng.uniform(0.07, 0.13) * (1.0 if worn else 0.7)
    relief = folds.flutes(rng, rng.uniform(2.5, 5.5), depth, rng.uniform(-0.1, 0.15))
    gathers = folds.flutes(rng, rng.uniform(9, 16), 0.014, 0.0) * (1 - folds.V)
    return relief + gathers + folds.drape(rng, 5, 1, 0.03)
