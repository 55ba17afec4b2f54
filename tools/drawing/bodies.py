"""Who or what fills a garment: widths and limbs, in body units (the soles are at y = 8)."""

from dataclasses import dataclass, replace

import numpy as np

from drawing.chance import happens
from drawing.shapes import Points, points

SIDES = (-1, 1)
"""Left and right as the viewer sees them."""

FOLDED_SHARE = 0.35
"""How many of the lying garments are folded."""


@dataclass(frozen=True)
class Body:
    """Half-widths of the trunk, limbs as (shoulder, elbow, wrist) and (hip, knee, ankle).

    `worn` says that the garment is filled: it bulges, and nobody sees its inside. In a `folded`
    one the arms lie across the front and the legs are turned up at the knee.
    """

    shoulder: float
    chest: float
    waist: float
    hip: float
    arms: tuple[Points, Points]
    legs: tuple[Points, Points]
    worn: bool
    folded: bool = False


def standing(rng: np.random.Generator) -> Body:
    """Return a person or a mannequin who stands somehow, slim to broad."""
    broad = rng.uniform(-0.06, 0.13)
    manly = rng.uniform(0, 1)
    shoulder = 0.78 + 0.16 * manly + broad
    hip = 0.74 - 0.05 * manly + broad
    arms = tuple(_arm(rng, side, shoulder) for side in SIDES)
    stance, lean = rng.uniform(0.0, 0.35), rng.uniform(-0.12, 0.12)
    legs = tuple(_leg(rng, side, hip, stance, lean) for side in SIDES)
    return Body(
        shoulder,
        0.66 + 0.10 * manly + broad,
        0.54 + 0.12 * manly + 1.1 * broad,
        hip,
        (arms[0], arms[1]),
        (legs[0], legs[1]),
        worn=True,
    )


def _arm(rng: np.random.Generator, side: int, shoulder: float) -> Points:
    start = (side * (shoulder - 0.17), 1.66)
    kind = rng.choice(["down", "down", "away", "hip", "behind"])
    if kind == "down":
        elbow = (side * (shoulder + rng.uniform(0.02, 0.15)), 2.95)
        wrist = (side * (shoulder + rng.uniform(-0.05, 0.2)), 4.05)
    elif kind == "away":
        elbow = (side * (shoulder + rng.uniform(0.3, 0.6)), 2.8)
        wrist = (side * (shoulder + rng.uniform(0.4, 1.0)), 3.75)
    elif kind == "hip":
        elbow = (side * (shoulder + rng.uniform(0.5, 0.7)), 2.85)
        wrist = (side * rng.uniform(0.72, 0.85), 3.6)
    else:
        elbow = (side * (shoulder + rng.uniform(0.15, 0.25)), 2.9)
        wrist = (side * rng.uniform(0.5, 0.7), 3.7)
    return points(start, elbow, wrist)


def _leg(rng: np.random.Generator, side: int, hip: float, stance: float, lean: float) -> Points:
    knee = (side * (0.36 + 0.5 * stance) + lean + rng.normal(0, 0.05), 5.95 + rng.normal(0, 0.04))
    ankle = (side * (0.28 + stance) + lean + rng.normal(0, 0.06), 7.55)
    return points((side * hip / 2, 4.0), knee, ankle)


def spread_out(rng: np.random.Generator) -> Body:
    """Return what a garment lying on the floor is filled with: nothing, so it is wide."""
    body = _empty(rng, 1.12, rng.uniform(0.35, 1.0), rng.uniform(0.0, 0.28))
    if not happens(rng, FOLDED_SHARE):
        return body
    left, right = (_folded_arm(rng, side, body.shoulder) for side in SIDES)
    return replace(body, arms=(left, right), folded=True)


def _folded_arm(rng: np.random.Generator, side: int, shoulder: float) -> Points:
    elbow = (side * (shoulder + 0.02), 2.75)
    wrist = (side * rng.uniform(-0.3, 0.1), 3.55 + side * rng.uniform(0, 0.2))
    return points((side * (shoulder - 0.13), 1.56), elbow, wrist)


def on_hanger(rng: np.random.Generator) -> Body:
    """Return what a hanger fills: shoulders only, the rest falls straight down."""
    return _empty(rng, 1.0, rng.uniform(0.04, 0.22), rng.uniform(0.0, 0.06))


def _empty(rng: np.random.Generator, width: float, lift: float, stance: float) -> Body:
    shoulder = rng.uniform(0.88, 0.98) * width
    arms = []
    for side in SIDES:
        angle = lift + rng.normal(0, 0.05)
        way = np.array([side * np.sin(angle), np.cos(angle)])
        start = np.array([side * (shoulder - 0.13), 1.56])
        sag = np.array([0, rng.uniform(0, 0.12)])
        arms.append(np.vstack([start, start + 1.3 * way, start + 2.5 * way + sag]))
    legs = [
        points(
            (side * 0.42, 4.0),
            (side * (0.42 + 0.5 * stance), 5.95),
            (side * (0.40 + stance) + rng.normal(0, 0.04), 7.55),
        )
        for side in SIDES
    ]
    chest, waist, hip = (part * width for part in (0.86, 0.78, 0.86))
    return Body(shoulder, chest, waist, hip, (arms[0], arms[1]), (legs[0], legs[1]), worn=False)
