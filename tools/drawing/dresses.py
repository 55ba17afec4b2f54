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
    box,
    curve,
    mirrored,
    moved,
    panel,
    points,
    tube,
)
from drawing.skirts import WAIST, skirt, waist_line
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


def dress(rng: np.random.Generator, body: Body, fabric: Fabric) -> list[Mark]:
    """Return a dress: sheath, A-line, flared, tiered or gown, with some top and maybe a belt."""
    cut = str(rng.choice(["sheath", "a-line", "a-line", "flared", "flared", "tiered", "gown"]))
    waist = body.waist * (1.0 if body.worn else 0.8) + rng.uniform(0.01, 0.06)
    skirt_marks, hem = skirt(rng, body, fabric, cut, waist)
    top = str(rng.choice(["set-in", "set-in", "sleeveless", "sleeveless", "straps", "strapless"]))
    if top == "strapless" and not body.worn:
        top = "straps"
    bodice = _bodice(rng, body, fabric, top, waist)
    marks = [*skirt_marks, *bodice]
    if cut == "sheath":
        marks += [
            seam(points((s * 0.3, 2.3), (s * 0.24, WAIST), (s * 0.32, 3.7)), fabric) for s in SIDES
        ]
    if happens(rng, 0.25 if cut == "sheath" else 0.5):
        marks += _belt(rng, waist, fabric)
    else:
        marks.append(seam(waist_line(waist - 0.03), fabric, 0.03))
    if body.worn and cut in ("gown", "sheath") and happens(rng, 0.3):
        marks += _slit(rng, fabric, hem)
    return marks


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
    line = waist_line(waist + 0.01)
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
