"""What shirts and dresses share: bodice, sleeves, necklines, collars and their folds."""

from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES, Body
from drawing.colours import Colour, any_colour, mixed, scaled
from drawing.shapes import (
    Fabric,
    Field,
    Mark,
    Points,
    Thread,
    box,
    curve,
    ellipse,
    mirrored,
    moved,
    panel,
    points,
    resampled,
    shortened,
    tube,
)

NECK_TOP, SHOULDER, ARMPIT = 1.36, 1.55, 2.22
HALF_AN_ARM, FULL_ARM = 0.6, 0.9


def seam(line: Points, fabric: Fabric, width: float = 0.022, opacity: float = 0.5) -> Thread:
    """Return a seam: a dark line in the fabric's own colour."""
    return Thread(line, scaled(fabric.colour, 0.42), width, opacity)


def stitches(line: Points, colour: Colour) -> Thread:
    """Return a row of stitches."""
    return Thread(line, colour, 0.018, 0.75, dash=0.05)


def sleeves(rng: np.random.Generator, body: Body, fabric: Fabric, length: float) -> list[Mark]:
    """Return both sleeves, covering `length` (0-1) of the arms; a long one ends in a cuff."""
    room = rng.uniform(0.0, 0.06) + (0.0 if body.worn else 0.05)
    slack = rng.uniform(0.0, 0.08) * (length > HALF_AN_ARM)
    marks: list[Mark] = []
    for arm, side in zip(body.arms, SIDES, strict=True):
        path = shortened(curve(_from_shoulder(arm, side, body.shoulder)), length)
        reach = float(np.hypot(*np.diff(path, axis=0).T).sum())
        end = max(0.9, reach)
        known = [(0, 0.16), (0.15, 0.24), (0.4, 0.29 + room), (0.7, 0.30 + room)]
        known += [(end, 0.31 + room - 0.05 * end + slack)]
        widths = np.interp(np.linspace(0, reach, 24), *np.transpose(known))
        bend = min(0.5 / length, 1)
        relief = folds.drape(rng, 2, 3, 0.03) + folds.crumple(rng, bend, 0.13, 5, 0.045)
        marks.append(tube(path, widths, fabric, relief, roundness=0.6 if body.worn else 0.35))
        across = _across_end(path, widths, 0.26 if length > FULL_ARM else 0.10)
        marks.append(seam(across, fabric))
    return marks


def _from_shoulder(arm: Points, side: int, shoulder: float) -> Points:
    """Return the arm's line moved so that the sleeve's upper edge starts at the shoulder seam."""
    way = arm[1] - arm[0]
    way = way / np.hypot(*way)
    inwards = np.array([-side * way[1], side * way[0]])
    return np.vstack([(side * shoulder, 1.55) + 0.17 * inwards, arm[1:]])


def _across_end(path: Points, widths: Points, before: float) -> Points:
    """Return the line across a sleeve, `before` its end."""
    fine = resampled(path, 60)
    at = max(1, 59 - round(59 * before / max(float(np.hypot(*(path[-1] - path[0]))), before)))
    way = fine[at] - fine[at - 1]
    side = np.array([way[1], -way[0]]) / max(float(np.hypot(*way)), 1e-9) * widths[-1]
    return np.vstack([fine[at] + side, fine[at] + 0.1 * way, fine[at] - side])


def trunk(body: Body, neck: Points, widths: tuple[float, float, float], hem: Points) -> Points:
    """Return the outline of a bodice: neck line (from the middle), armholes, sides and hem.

    `widths` are half-widths at armpit, waist and hem; `hem` runs from the side to the middle.
    """
    armpit, waist, low = widths
    shoulder = (body.shoulder, 1.55)
    armhole = curve([shoulder, (body.shoulder - 0.10, 1.85), (armpit, 2.22)])
    bottom = hem[0, 1]
    side = curve([(armpit, 2.22), (waist, 3.02), ((waist + low) / 2 + 0.03, 3.5), (low, bottom)])
    half = np.vstack([neck, armhole, side, hem])
    return np.vstack([half, mirrored(half)])


def neckline(kind: str, depth: float, width: float) -> Points:
    """Return a neck line from the middle of the chest to the shoulder's inner end."""
    top = (width, NECK_TOP + 0.12 * max(width - 0.26, 0))
    if kind == "v":
        return points((0, NECK_TOP + depth), top)
    if kind == "square":
        return points((0, NECK_TOP + depth), (0.9 * width, NECK_TOP + 0.94 * depth), top)
    return curve([(0, NECK_TOP + depth), (0.72 * width, NECK_TOP + 0.66 * depth), top])


def inside_of_back(neck: Points, fabric: Fabric, rng: np.random.Generator) -> list[Mark]:
    """Return the inside of the back, seen through the neck of an empty garment, with its tag."""
    width = neck[-1, 0]
    back = curve([(-width, neck[-1, 1]), (0, NECK_TOP - 0.02), (width, neck[-1, 1])])
    dark = replace(fabric, colour=scaled(fabric.colour, 0.62), gloss=0.0, pattern=None)
    shape = np.vstack([back, moved(neck[::-1], 0, 0.04), mirrored(neck)[::-1]])
    tag = moved(box(0.07, 0.05), 0, NECK_TOP + 0.1)
    label = panel(tag, Fabric(mixed(any_colour(rng), (245, 245, 245), 0.8)), shadow=0.1)
    return [panel(shape, dark, folds.drape(rng, 3, 1, 0.01), shadow=0.0), label]


def collar(fabric: Fabric, size: float, opening: float) -> list[Mark]:
    """Return a turned-down collar that is open down to `opening` below the neck."""
    stand = panel(
        np.vstack(
            [
                curve([(-0.27, NECK_TOP + 0.03), (0, NECK_TOP - 0.10), (0.27, NECK_TOP + 0.03)]),
                curve([(0.2, NECK_TOP + 0.1), (0, NECK_TOP + 0.02), (-0.2, NECK_TOP + 0.1)]),
            ]
        ),
        replace(fabric, colour=scaled(fabric.colour, 0.7)),
        shadow=0.1,
    )
    marks: list[Mark] = [stand]
    for side in SIDES:
        leaf = np.vstack(
            [
                curve(
                    [(0.01, NECK_TOP + opening), (0.15, NECK_TOP + 0.10), (0.22, NECK_TOP - 0.10)]
                ),
                curve(
                    [
                        (0.33, NECK_TOP + 0.02),
                        (0.40, NECK_TOP + 0.14),
                        (0.30 + size / 2, 1.5 + size),
                    ]
                ),
            ]
        )
        marks.append(panel(leaf * (side, 1), fabric, roundness=0.2, shadow=0.55))
        marks.append(seam(leaf[-8:] * (side, 1) * (0.97, 0.985), fabric, 0.015))
    return marks


def buttons(top: float, bottom: float, count: int, colour: Colour, x: float = 0.0) -> list[Mark]:
    """Return a row of buttons down the front."""
    made: list[Mark] = []
    for y in np.linspace(top, bottom, count):
        round_one = ellipse((x, float(y)), (0.038, 0.038))
        made.append(panel(round_one, Fabric(colour, gloss=0.3), roundness=0.6, shadow=0.5))
    return made


def body_folds(rng: np.random.Generator, worn: bool) -> Field:
    """Return the folds of a bodice or shirt: from the armpits, and where it gathers."""
    relief = folds.drape(rng, 4, 2, rng.uniform(0.02, 0.04))
    for side in SIDES:
        for _ in range(rng.integers(1, 4)):
            start = (side * rng.uniform(0.75, 0.95), rng.uniform(0.2, 0.34))
            end = (side * rng.uniform(-0.1, 0.4), rng.uniform(0.4, 0.75))
            relief += folds.stroke(start, end, 0.035, rng.uniform(0.02, 0.05))
    if worn:
        relief += folds.crumple(rng, 0.66, 0.10, 5, 0.035)
    return relief
