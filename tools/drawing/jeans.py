"""Jeans: two legs that meet at the fly, with waist band, pockets, stitching and worn dye."""

from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES, Body
from drawing.chance import happens
from drawing.colours import Colour, mixed, scaled
from drawing.shapes import (
    Fabric,
    Field,
    Mark,
    Piece,
    Points,
    Thread,
    as_field,
    curve,
    ellipse,
    moved,
    panel,
    points,
    tube,
)
from drawing.tops import seam, stitches

WAIST, CROTCH = 3.05, 4.32
DARK = 80
"""Dye below this value hardly washes out: black jeans stay black."""

# half-widths of a leg at knee and hem
CUTS = {
    "skinny": (0.235, 0.15),
    "straight": (0.29, 0.26),
    "boot": (0.26, 0.36),
    "wide": (0.38, 0.44),
    "cropped": (0.27, 0.23),
}


def jeans(rng: np.random.Generator, body: Body, fabric: Fabric) -> list[Mark]:
    """Return jeans (or, of a fabric without twill, plain trousers) on the body's legs."""
    cut = str(rng.choice(list(CUTS), p=[0.28, 0.28, 0.18, 0.12, 0.14]))
    knee, hem = CUTS[cut]
    room = rng.uniform(0.0, 0.05) + (0.0 if body.worn else 0.06)
    end = rng.uniform(0.72, 0.86) if cut == "cropped" else rng.uniform(0.99, 1.03)
    if body.folded:
        end, hem = 0.5 + rng.uniform(0.0, 0.1), knee
    waist = body.waist + 0.03
    fade = rng.choice([0.0, rng.uniform(0.15, 0.5)], p=[0.35, 0.65]) if fabric.twill else 0.0
    if max(fabric.colour) < DARK:
        fade *= 0.45
    thread = mixed((70, 140, 205), fabric.colour, rng.choice([0.0, 0.3, 0.75]))
    lines = [_leg_line(body.legs[i], body, waist, end) for i in range(2)]
    halves = [
        _half(rng, side, line, body, (waist, knee + room, hem + room), fabric, fade)
        for side, line in zip(SIDES, lines, strict=True)
    ]
    marks: list[Mark] = [] if body.worn else [_inside(waist, fabric)]
    order = rng.permutation(2)
    marks += [halves[i] for i in order]
    turned = cut != "boot" and happens(rng, 0.25)
    stitched = happens(rng, 0.35)
    for half, side in zip(halves, SIDES, strict=True):
        if body.folded:
            marks += _turned_up(rng, half, fabric, thread)
        else:
            marks += _hem(half, fabric, thread, turned)
        if stitched:
            marks.append(stitches(_outer_seam(half, side), thread))
    if fabric.twill and not body.folded and happens(rng, 0.25):
        marks += _rips(rng, halves)
    return marks + _top(rng, waist, body, fabric, thread)


def _leg_line(leg: Points, body: Body, waist: float, end: float) -> Points:
    """Return the middle of one half of the jeans, from the waist band down to the hem."""
    _, knee, ankle = leg
    side = np.sign(leg[0, 0])
    # halfway down is the knee
    foot = knee + (ankle - knee) * (2 * end - 1)
    thigh = (side * body.hip * 0.52, 4.35)
    return np.vstack([(side * waist / 2, WAIST), (side * body.hip / 2, 3.8), thigh, knee, foot])


def _half(
    rng: np.random.Generator,
    side: int,
    line: Points,
    body: Body,
    widths: tuple[float, float, float],
    fabric: Fabric,
    fade: float,
) -> Piece:
    """Return one half: hip to hem, folded at crotch, knee and ankle, washed out on the thigh."""
    waist, knee, hem = widths
    hip, foot = body.hip + 0.05, line[-1, 1]
    outer = curve(
        [
            (side * waist, WAIST),
            (side * hip, 3.75),
            (side * (hip + 0.01), 4.25),
            (line[3, 0] + side * knee, line[3, 1]),
            (line[4, 0] + side * hem, foot),
        ]
    )
    inner = curve(
        [
            (line[4, 0] - side * hem, foot),
            (line[3, 0] - side * knee, line[3, 1]),
            (side * 0.07, CROTCH + 0.3),
            (0, CROTCH),
        ]
    )
    edge = curve([outer[-1], (outer[-1] + inner[0]) / 2 + (0, 0.05), inner[0]])
    outline = np.vstack([outer, edge, inner, [(0, WAIST + 0.05)]])
    relief = _leg_folds(rng, side, body.worn, hem)
    shape = panel(outline, fabric)
    reach = [waist / 2, hip / 2, hip / 2 - 0.02, knee + 0.06, knee, (knee + hem) / 2, hem]
    leg = tube(line, reach, fabric, relief, _wash(rng, fade), 0.55 if body.worn else 0.25)
    return replace(leg, outline=shape.outline)


def _leg_folds(rng: np.random.Generator, side: int, worn: bool, hem: float) -> Field:
    relief = folds.drape(rng, 2, 5, 0.03)
    for _ in range(rng.integers(3, 6)):
        # whiskers: creases that run from the crotch up to the hip
        v = rng.uniform(0.17, 0.30)
        start, end = (
            (-side * 0.95, v + 0.03),
            (side * rng.uniform(0.1, 0.8), v - rng.uniform(0, 0.08)),
        )
        relief += folds.stroke(start, end, 0.012, rng.uniform(0.015, 0.045))
    relief += folds.crumple(rng, 0.62, 0.05, 6, 0.035 if worn else 0.02)
    if worn:
        relief += folds.crumple(rng, 0.95, 0.035, 7, 0.05)
    # towards the waist both halves bulge together, so each rises to the middle
    together = (1 - ((1 + side * folds.U) / 2) ** 2.4) * (1 - folds.V / 0.28).clip(0, 1)
    return as_field(relief + 0.25 * (worn + 0.3) * together)


def _wash(rng: np.random.Generator, amount: float) -> Field:
    """Return where the dye is washed out: thigh, knee, and cloudy all over."""
    wash = folds.fade_at(rng.uniform(-0.1, 0.1), 0.36, 0.55, 0.16, amount)
    wash += folds.fade_at(0, 0.63, 0.5, 0.08, 0.6 * amount)
    return as_field(wash + 0.10 * amount * folds.noise(rng, 6, 20))


def _hem(half: Piece, fabric: Fabric, thread: Colour, turned: bool) -> list[Mark]:
    """Return the end of a leg: a turned-up cuff of paler inside, or a line of stitches."""
    top = 21 if turned else 24
    a, b = half.spine[top], half.spine[24]
    wide = half.left[24] + 0.02
    if turned:
        cuff = Fabric(mixed(fabric.colour, (225, 220, 215), 0.4), 0.05, 0.03, fabric.twill)
        band = points(
            (a[0] - wide, a[1]),
            (a[0] + wide, a[1]),
            (b[0] + wide, b[1] + 0.04),
            (b[0] - wide, b[1] + 0.04),
        )
        return [panel(band, cuff, roundness=0.4, shadow=0.4)]
    line = points((b[0] - wide, b[1] - 0.09), (b[0], b[1] - 0.06), (b[0] + wide, b[1] - 0.09))
    return [seam(line, fabric), stitches(moved(line, 0, -0.03), thread)]


def _turned_up(rng: np.random.Generator, half: Piece, fabric: Fabric, thread: Colour) -> list[Mark]:
    """Return the lower leg, folded at the knee and lying on the thigh with its hem on top."""
    fold, wide = half.spine[24], half.left[24]
    top = fold - (0.06 * np.sign(fold[0]), rng.uniform(1.2, 1.75))
    path = np.vstack([moved(fold, 0, 0.05), (fold + top) / 2, top])
    relief = folds.drape(rng, 2, 3, 0.03)
    lower = tube(path, [wide, wide * 0.97, wide * 0.9], fabric, relief, roundness=0.3, shadow=0.5)
    hem = points((top[0] - 0.9 * wide, top[1] + 0.09), (top[0] + 0.9 * wide, top[1] + 0.09))
    return [lower, seam(hem, fabric), stitches(moved(hem, 0, 0.03), thread)]


def _outer_seam(half: Piece, side: int) -> Points:
    edge = half.spine + np.column_stack([side * half.right * 0.86, np.zeros(len(half.spine))])
    return edge[5:24]


def _inside(waist: float, fabric: Fabric) -> Piece:
    """Return the inside of the back of the waist band, seen in empty jeans."""
    dark = replace(fabric, colour=scaled(fabric.colour, 0.55), gloss=0.0)
    return panel(ellipse((0, WAIST + 0.02), (waist, 0.13)), dark, shadow=0.2)


def _top(
    rng: np.random.Generator, waist: float, body: Body, fabric: Fabric, thread: Colour
) -> list[Mark]:
    """Return waist band, loops, button, fly and pockets."""
    marks: list[Mark] = []
    hip = np.interp(3.5, [WAIST, 3.75], [waist, body.hip + 0.05])
    fly = curve([(0.15, WAIST + 0.2), (0.15, 3.75), (0.01, 4.05)])
    marks += [seam(points((0, WAIST + 0.1), (0, CROTCH)), fabric, 0.03, 0.7), stitches(fly, thread)]
    for side in SIDES:
        mouth = curve([(0.42 * waist / 0.7, WAIST + 0.24), (0.52, 3.45), (hip + 0.02, 3.55)]) * (
            side,
            1,
        )
        marks += [Thread(mouth, scaled(fabric.colour, 0.35), 0.04, 0.75)]
        marks += [
            stitches(moved(mouth, -side * 0.02, 0.05), thread),
            stitches(moved(mouth, -side * 0.03, 0.1), thread),
        ]
    low = curve([(-waist - 0.012, WAIST + 0.16), (0, WAIST + 0.26), (waist + 0.012, WAIST + 0.16)])
    high = curve([(-waist, WAIST - 0.06), (0, WAIST + 0.04), (waist, WAIST - 0.06)])
    band = np.vstack([high, low[::-1]])
    marks.append(panel(band, fabric, folds.drape(rng, 4, 1, 0.01), roundness=0.12, shadow=0.4))
    marks += [stitches(moved(low, 0, -0.03), thread), stitches(moved(high, 0, 0.04), thread)]
    for x in (-0.72, -0.3, 0.3, 0.72):
        middle = (x * waist, WAIST + 0.1 * (1 - x * x))
        loop = points((-0.035, -0.07), (0.035, -0.07), (0.035, 0.2), (-0.035, 0.2)) + middle
        marks.append(panel(loop, fabric, roundness=0.5, shadow=0.4))
    brass = Fabric((95, 150, 185) if happens(rng, 0.6) else (170, 170, 175), gloss=0.5)
    marks.append(panel(ellipse((0.05, WAIST + 0.14), (0.055, 0.055)), brass, roundness=0.7))
    return marks


def _rips(rng: np.random.Generator, halves: list[Piece]) -> list[Mark]:
    """Return torn places at the thighs and knees, with white threads across."""
    marks: list[Mark] = []
    for half in halves:
        for _ in range(rng.integers(0, 3)):
            at = int(rng.integers(10, 18))
            middle, wide = half.spine[at], half.left[at] * rng.uniform(0.35, 0.6)
            high = rng.uniform(0.05, 0.13)
            hole = ellipse((float(middle[0]), float(middle[1])), (wide, high))
            hole += rng.normal(0, 0.012, hole.shape)
            pale = mixed(half.fabric.colour, (175, 190, 215), rng.uniform(0.3, 0.7))
            marks.append(panel(hole, Fabric(pale, 0.0, 0.06), roundness=0.1, shadow=0.0))
            for row in np.linspace(-0.7, 0.7, int(rng.integers(2, 5))):
                half_chord = wide * np.sqrt(1 - row * row)
                ends = points((-half_chord, row * high), (half_chord, row * high + 0.01))
                marks.append(Thread(ends + middle, (228, 228, 230), 0.012, 0.7))
    return marks
