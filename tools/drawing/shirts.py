"""Shirts: tee, polo, buttoned shirt and blouse; they end at the hips."""

import numpy as np

from drawing.bodies import SIDES, Body
from drawing.chance import happens
from drawing.colours import any_colour, mixed, scaled
from drawing.shapes import (
    Fabric,
    Mark,
    Piece,
    Points,
    Thread,
    curve,
    ellipse,
    mirrored,
    panel,
    points,
)
from drawing.tops import (
    ARMPIT,
    HALF_AN_ARM,
    NECK_TOP,
    SHOULDER,
    body_folds,
    buttons,
    collar,
    inside_of_back,
    neckline,
    seam,
    sleeves,
    trunk,
)

INSIDE_ARMHOLE = 0.3


def shirt(rng: np.random.Generator, body: Body, fabric: Fabric) -> list[Mark]:
    """Return a shirt of some kind: tee, polo, buttoned or blouse; it ends at the hips."""
    kind = rng.choice(["tee", "tee", "polo", "buttoned", "buttoned", "blouse"])
    ease = rng.uniform(-0.02, 0.14)
    hem_y = rng.uniform(4.0, 4.45)
    widths = (body.chest + 0.12, body.waist + 0.12 + ease, body.hip + ease)
    opening = {"tee": 0.0, "blouse": 0.0, "polo": 0.24, "buttoned": 0.18}[str(kind)]
    style = "v" if opening or happens(rng, 0.35) else "round"
    depth = opening or rng.uniform(0.2, 0.42) + (0.15 if kind == "blouse" else 0)
    neck = neckline(style, depth, 0.26 if opening else rng.uniform(0.28, 0.4))
    length = _sleeve_length(rng, str(kind))
    rounded = rng.uniform(0.1, 0.22) if kind == "buttoned" and happens(rng, 0.6) else 0.0
    hem = curve([(widths[2], hem_y - rounded), (widths[2] * 0.55, hem_y + 0.05), (0, hem_y + 0.05)])
    torso = panel(
        trunk(body, neck, widths, hem),
        fabric,
        body_folds(rng, body.worn),
        roundness=0.5 if body.worn else 0.2,
    )
    marks: list[Mark] = [] if body.worn else inside_of_back(neck, fabric, rng)
    arms = sleeves(rng, body, fabric, length) if length > 0 else []
    across = body.folded and length > HALF_AN_ARM
    marks += [torso] if across else [*arms, torso]
    marks += [seam(_armhole(torso, side), fabric, opacity=0.3) for side in SIDES if length > 0]
    if not rounded:
        marks.append(
            seam(
                points((-widths[2], hem_y - 0.07), (0, hem_y - 0.03), (widths[2], hem_y - 0.07)),
                fabric,
            )
        )
    marks += _front(rng, str(kind), fabric, neck, hem_y)
    return [*marks, *arms] if across else marks


def _sleeve_length(rng: np.random.Generator, kind: str) -> float:
    if kind == "polo":
        return rng.uniform(0.34, 0.42)
    if kind == "tee":
        return float(rng.choice([rng.uniform(0.3, 0.42), 1.0, 0.0], p=[0.74, 0.2, 0.06]))
    if kind == "blouse":
        return float(rng.choice([0.0, 0.3, 0.7, 1.0], p=[0.15, 0.25, 0.3, 0.3]))
    return float(rng.choice([0.4, 0.7, 1.0, 1.0]))


def _armhole(torso: Piece, side: int) -> Points:
    """Return the armhole's line: the outline between shoulder and armpit."""
    x, y = torso.outline.T
    here = (x * side > INSIDE_ARMHOLE) & (y > SHOULDER + 0.03) & (y < ARMPIT + 0.01)
    line: Points = torso.outline[here]
    return np.take(line, np.argsort(line[:, 1]), axis=0)


def _front(
    rng: np.random.Generator, kind: str, fabric: Fabric, neck: Points, hem: float
) -> list[Mark]:
    """Return what is on a shirt's front: collar, buttons, pocket, ribbing or a print."""
    marks: list[Mark] = []
    if kind in ("polo", "buttoned"):
        low = hem if kind == "buttoned" else rng.uniform(2.1, 2.4)
        start = neck[0, 1]
        marks += [seam(points((x, start), (x, low)), fabric) for x in (-0.07, 0.07)]
        colour = mixed(
            fabric.colour, any_colour(rng) if happens(rng, 0.3) else (240, 240, 240), 0.7
        )
        count = 7 if kind == "buttoned" else 2
        marks += buttons(start + 0.12, low - 0.18, count, colour)
        marks += collar(fabric, rng.uniform(0.1, 0.2), neck[0, 1] - NECK_TOP)
        if happens(rng, 0.5):
            marks += _pocket(fabric)
    else:
        rib = np.vstack([mirrored(neck), neck])
        marks.append(Thread(rib, scaled(fabric.colour, 0.82), 0.075, 0.85))
        marks.append(seam(rib * (1.12, 1) + (0, 0.04), fabric))
        if kind == "tee" and happens(rng, 0.4):
            marks += _print(rng)
    return marks


def _pocket(fabric: Fabric) -> list[Mark]:
    shape = points((0.24, 2.05), (0.6, 2.05), (0.6, 2.4), (0.42, 2.5), (0.24, 2.4))
    return [
        panel(shape, fabric, roundness=0.05, shadow=0.15),
        seam(np.vstack([shape, shape[:1]]), fabric),
        seam(points((0.24, 2.13), (0.6, 2.13)), fabric),
    ]


def _print(rng: np.random.Generator) -> list[Mark]:
    """Return a print on the chest: a badge or lines of lettering."""
    ink = any_colour(rng) if happens(rng, 0.4) else (235.0, 235.0, 238.0)
    middle = rng.uniform(2.2, 2.6)
    if happens(rng, 0.4):
        radius = rng.uniform(0.15, 0.3)
        return [
            Thread(np.vstack([ring, ring[:1]]), ink, 0.06, 0.9)
            for ring in (
                ellipse((0, middle), (radius, radius)),
                ellipse((0, middle), (radius / 2, radius / 3), 0.5),
            )
        ]
    marks: list[Mark] = []
    for row in range(rng.integers(1, 4)):
        half, y = rng.uniform(0.2, 0.45), middle + 0.17 * row
        for x in np.arange(-half, half, 0.11):
            letter = points(
                *((x + rng.choice([0, 0.07]), y + dy) for dy in (-0.05, 0.0, 0.05, -0.05))
            )
            marks.append(Thread(letter, ink, 0.028, 0.9))
    return marks
