"""Dresses: bodice and skirt, from the mini to the gown; the hem is well below any shirt's."""

from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES, Body
from drawing.chance import happens
from drawing.colours import any_colour, mixed, scaled
from drawing.shapes import (
    Fabric,
    Field,
    Mark,
    Points,
    box,
    curve,
    mirrored,
    moved,
    panel,
    points,
    tube,
)
from drawing.tops import (
    body_folds,
    buttons,
    collar,
    inside_of_back,
    neckline,
    seam,
    sleeves,
    trunk,
)

WAIST = 3.02


def dress(rng: np.random.Generator, body: Body, fabric: Fabric) -> list[Mark]:
    """Return a dress: sheath, A-line, flared, tiered or gown, with some top and maybe a belt."""
    cut = str(rng.choice(["sheath", "a-line", "a-line", "flared", "flared", "tiered", "gown"]))
    waist = body.waist * (1.0 if body.worn else 0.8) + rng.uniform(0.01, 0.06)
    skirt, hem = _skirt(rng, body, fabric, cut, waist)
    top = str(rng.choice(["set-in", "set-in", "sleeveless", "sleeveless", "straps", "strapless"]))
    if top == "strapless" and not body.worn:
        top = "straps"
    bodice = _bodice(rng, body, fabric, top, waist)
    marks = [*skirt, *bodice]
    if cut == "sheath":
        marks += [
            seam(points((s * 0.3, 2.3), (s * 0.24, WAIST), (s * 0.32, 3.7)), fabric) for s in SIDES
        ]
    if happens(rng, 0.25 if cut == "sheath" else 0.5):
        marks += _belt(rng, waist, fabric)
    else:
        marks.append(seam(_waist_line(waist - 0.03), fabric, 0.03))
    if body.worn and cut in ("gown", "sheath") and happens(rng, 0.3):
        marks += _slit(rng, fabric, hem)
    return marks


def _waist_line(waist: float) -> Points:
    return curve([(-waist, WAIST - 0.02), (0, WAIST + 0.04), (waist, WAIST - 0.02)])


def _skirt(
    rng: np.random.Generator, body: Body, fabric: Fabric, cut: str, waist: float
) -> tuple[list[Mark], float]:
    """Return the skirt and the height of its hem."""
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
    skirt = panel(outline, fabric, relief, roundness=0.4 if body.worn else 0.15)
    marks: list[Mark] = []
    if cut != "sheath":
        lining = replace(fabric, colour=scaled(fabric.colour, 0.45), gloss=0.0)
        inside = outline * (0.96, 1) + (0, -0.05)
        inside[:, 1] = np.where(inside[:, 1] > hem - 0.3, hem - 0.04, inside[:, 1])
        marks.append(panel(inside, lining, shadow=0.2))
    marks.append(skirt)
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
    return np.vstack(
        [moved(_waist_line(waist), 0, top - WAIST - 0.06), right, edge, mirrored(left)]
    )


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


def _bodice(
    rng: np.random.Generator, body: Body, fabric: Fabric, top: str, waist: float
) -> list[Mark]:
    roundness = 0.5 if body.worn else 0.2
    relief = body_folds(rng, body.worn) * 0.7
    if body.worn:
        relief += _bust(rng)
    chest = body.chest + (0.04 if body.worn else -0.04)
    if top in ("straps", "strapless"):
        return _strapped(rng, body, fabric, top, (chest, waist), relief)
    shirt_like = top == "set-in" and happens(rng, 0.2)
    kind = "v" if shirt_like else str(rng.choice(["round", "round", "v", "square"]))
    depth = 0.2 if shirt_like else rng.uniform(0.18, 0.62)
    neck = neckline(kind, depth, 0.26 if shirt_like else rng.uniform(0.3, 0.46))
    slim = replace(
        body, shoulder=body.shoulder - (0.0 if top == "set-in" else rng.uniform(0.08, 0.25))
    )
    hem = curve([(waist, WAIST), (0, WAIST + 0.06)])
    outline = trunk(slim, neck, (chest, waist, waist), hem)
    marks: list[Mark] = [] if body.worn else inside_of_back(neck, fabric, rng)
    length = float(rng.choice([0.2, 0.32, 0.42, 0.7, 1.0, 1.0])) if top == "set-in" else 0.0
    if body.folded:
        # long sleeves across the front would make a jumper of it
        length = min(length, 0.42)
    arms = sleeves(rng, body, fabric, length) if length else []
    chest_piece = panel(outline, fabric, relief, roundness=roundness)
    marks += [*arms, chest_piece]
    if shirt_like:
        marks += [seam(points((x, neck[0, 1]), (x, WAIST)), fabric) for x in (-0.07, 0.07)]
        marks += buttons(
            neck[0, 1] + 0.1, WAIST - 0.1, 5, mixed(fabric.colour, (240, 240, 240), 0.6)
        )
        marks += collar(fabric, 0.15, 0.2)
    else:
        marks.append(seam(np.vstack([mirrored(neck), neck]) * (1.06, 1) + (0, 0.03), fabric))
    return marks


def _bust(rng: np.random.Generator) -> Field:
    """Return the soft swell of a chest under the cloth."""
    size = rng.uniform(0.04, 0.10)
    return sum((folds.fade_at(s * 0.45, 0.5, 0.4, 0.2, size) for s in SIDES), folds.flat())


def _strapped(
    rng: np.random.Generator,
    body: Body,
    fabric: Fabric,
    top: str,
    widths: tuple[float, float],
    relief: Field,
) -> list[Mark]:
    """Return a bodice with bare shoulders: a sweetheart, straight or halter edge, maybe straps."""
    chest, waist = widths
    peak = 0.55 * chest
    dip = rng.uniform(-0.02, 0.3)
    edge = curve([(0, 1.98 + dip), (peak, 1.94), (chest - 0.03, 2.16)])
    side = curve([(chest, 2.18), (0.5 * (chest + waist) - 0.02, 2.65), (waist, WAIST)])
    half = np.vstack([edge, side, curve([(waist, WAIST), (0, WAIST + 0.06)])])
    marks: list[Mark] = []
    if not body.worn:
        dark = replace(fabric, colour=scaled(fabric.colour, 0.55))
        back = points((-chest, 2.2), (0, 2.1), (chest, 2.2), (0, 2.4 + dip))
        marks.append(panel(back, dark))
    if top == "straps":
        inner = 0.16 if happens(rng, 0.35) else rng.uniform(0.4, 0.52)
        width = rng.uniform(0.03, 0.11)
        for s in SIDES:
            path = points((s * inner, 1.42), (s * (peak + inner) / 2, 1.7), (s * peak * 0.95, 2.02))
            marks.append(tube(path, [width, width, width * 1.3], fabric, shadow=0.2))
    roundness = 0.5 if body.worn else 0.2
    marks.append(panel(np.vstack([half, mirrored(half)]), fabric, relief, roundness=roundness))
    marks.append(seam(moved(np.vstack([mirrored(edge), edge]), 0, 0.06), fabric))
    return marks


def _belt(rng: np.random.Generator, waist: float, fabric: Fabric) -> list[Mark]:
    """Return a belt or ribbon; half of them of the dress's own cloth."""
    colour = scaled(fabric.colour, 0.7) if happens(rng, 0.5) else any_colour(rng)
    line = _waist_line(waist + 0.01)
    half = rng.uniform(0.05, 0.12)
    band = np.vstack([moved(line, 0, -half), moved(line[::-1], 0, half)])
    leather = Fabric(colour, gloss=0.3)
    marks: list[Mark] = [panel(band, leather, roundness=0.3, shadow=0.3)]
    if happens(rng, 0.4):
        x = rng.uniform(-0.1, 0.1)
        for s in SIDES:
            end = points((x, WAIST), (x + s * 0.1, WAIST + 0.3), (x + s * 0.16, WAIST + 0.75))
            marks.append(tube(end, [0.03, 0.06, 0.07], leather))
    marks.append(
        panel(
            moved(box(0.08, half), 0, WAIST + 0.04),
            Fabric(scaled(colour, 1.4), 0.5),
        )
    )
    return marks


def _slit(rng: np.random.Generator, fabric: Fabric, hem: float) -> list[Mark]:
    """Return the dark opening of a slit at one side of the skirt."""
    x = rng.choice(SIDES) * rng.uniform(0.2, 0.4)
    top = hem - rng.uniform(0.8, 1.8)
    opening = np.vstack(
        [
            curve([(x, top), (x + 0.06, (top + hem) / 2), (x + 0.2, hem + 0.08)]),
            [(x - 0.1, hem + 0.08)],
        ]
    )
    dark = replace(fabric, colour=scaled(fabric.colour, 0.35), gloss=0.0)
    return [panel(opening, dark, shadow=0.0)]
