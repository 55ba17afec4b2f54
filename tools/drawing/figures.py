"""People, mannequins and hangers: what carries a garment."""

from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES, Body
from drawing.chance import happens
from drawing.colours import HAIRS, SKINS, any_colour, from_hex, mixed, scaled
from drawing.shapes import (
    Fabric,
    Mark,
    Points,
    Thread,
    curve,
    ellipse,
    mirrored,
    moved,
    panel,
    points,
    tube,
)

CLIP = points((-0.07, 0.2), (0.07, 0.2), (0.09, 0.7), (-0.09, 0.7))


def person(rng: np.random.Generator, body: Body) -> tuple[list[Mark], list[Mark]]:
    """Return a person's marks behind the clothes and those in front of them (hair, hands)."""
    skin = Fabric(from_hex(SKINS[rng.integers(len(SKINS))]), gloss=0.08, grain=0.008, rim=0.08)
    hair = Fabric(from_hex(HAIRS[rng.integers(len(HAIRS))]), gloss=0.18, grain=0.03)
    style = str(rng.choice(["long", "short", "bun", "bob", "curly"]))
    behind = [*_hair_behind(rng, hair, style), *_limbs(rng, body, skin), *_shoes(rng, body)]
    front = [*_head(skin), *_hair_front(rng, hair, style)]
    return behind, front


def mannequin(rng: np.random.Generator, body: Body) -> tuple[list[Mark], list[Mark]]:
    """Return a plain shop mannequin without a head, with a knob on its neck."""
    grey = mixed((205, 215, 225), (60, 60, 65), float(rng.choice([0.0, 0.15, 0.8])))
    plastic = Fabric(grey, gloss=0.25, grain=0.005, rim=0.1)
    knob = panel(ellipse((0, 1.0), (0.17, 0.08)), replace(plastic, colour=scaled(grey, 0.8)))
    return [*_limbs(rng, body, plastic), knob], []


def _limbs(rng: np.random.Generator, body: Body, skin: Fabric) -> list[Mark]:
    marks: list[Mark] = []
    for leg in body.legs:
        path = np.vstack([leg, leg[-1] + (0, 0.25)])
        marks.append(tube(path, [0.36, 0.35, 0.3, 0.24, 0.2, 0.21, 0.2, 0.15, 0.11, 0.12], skin))
    for arm, side in zip(body.arms, SIDES, strict=True):
        marks.append(
            tube(arm, [0.07, 0.18, 0.18, 0.16, 0.14, 0.14, 0.12, 0.1, 0.09], skin, shadow=0.2)
        )
        marks += _hand(arm, side, skin)
    marks.append(
        tube(points((0, 0.85), (0, 1.2), (0, 1.7)), [0.18, 0.17, 0.19, 0.24], skin, shadow=0.2)
    )
    half = np.vstack(
        [
            curve([(0.15, 1.3), (0.3, 1.45), (body.shoulder - 0.12, 1.58)]),
            curve(
                [
                    (body.shoulder, 1.75),
                    (body.chest - 0.04, 2.2),
                    (body.waist - 0.03, 3.0),
                    (body.hip - 0.03, 3.9),
                    (0, 4.3),
                ]
            ),
        ]
    )
    marks.append(panel(np.vstack([half, mirrored(half)]), skin, roundness=0.15, shadow=0.0))
    marks.append(
        Thread(
            curve([(-0.5, 1.62), (-0.1, 1.68), (0, 1.74), (0.1, 1.68), (0.5, 1.62)]),
            scaled(skin.colour, 0.75),
            0.02,
            0.5,
        )
    )
    return marks


def _hand(arm: Points, side: int, skin: Fabric) -> list[Mark]:
    way = arm[2] - arm[1]
    way = way / np.hypot(*way)
    palm = np.vstack([arm[2] - 0.05 * way, arm[2] + 0.2 * way, arm[2] + 0.45 * way])
    thumb = np.vstack([arm[2] + 0.08 * way, arm[2] + 0.25 * way + (-side * 0.1, 0)])
    return [tube(thumb, [0.04, 0.05, 0.02], skin), tube(palm, [0.08, 0.12, 0.11, 0.04], skin)]


def _head(skin: Fabric) -> list[Mark]:
    face = np.vstack(
        [curve([(0.0, 0.06), (0.29, 0.2), (0.35, 0.5), (0.29, 0.82), (0.12, 1.02), (0, 1.05)])]
    )
    marks: list[Mark] = [panel(ellipse((s * 0.35, 0.58), (0.05, 0.1)), skin) for s in SIDES]
    marks.append(panel(np.vstack([face, mirrored(face)]), skin, roundness=0.55, shadow=0.3))
    dark = scaled(skin.colour, 0.3)
    for s in SIDES:
        eye = curve([(s * 0.08, 0.57), (s * 0.145, 0.545), (s * 0.22, 0.57)])
        brow = curve([(s * 0.07, 0.48), (s * 0.15, 0.45), (s * 0.24, 0.48)])
        marks += [Thread(eye, dark, 0.04, 0.85), Thread(brow, dark, 0.03, 0.6)]
    nose = curve([(0.02, 0.6), (0.05, 0.72), (-0.03, 0.74)])
    lips = mixed(skin.colour, (70, 60, 165), 0.45)
    mouth = curve([(-0.1, 0.86), (0, 0.875), (0.1, 0.86)])
    return [
        *marks,
        Thread(nose, scaled(skin.colour, 0.65), 0.025, 0.5),
        Thread(mouth, lips, 0.045, 0.85),
    ]


def _hair_behind(rng: np.random.Generator, hair: Fabric, style: str) -> list[Mark]:
    low = {"long": rng.uniform(1.7, 2.4), "bob": 1.15, "curly": 1.1}.get(style)
    if low is None:
        return []
    wide = 0.62 if style == "curly" else 0.47
    half = curve([(0, -0.06), (wide * 0.8, 0.15), (wide, 0.6), (wide * 0.95, low - 0.15), (0, low)])
    return [panel(np.vstack([half, mirrored(half)]), hair, folds.drape(rng, 9, 2, 0.05))]


def _hair_front(rng: np.random.Generator, hair: Fabric, style: str) -> list[Mark]:
    parting = rng.uniform(-0.2, 0.2)
    side = 0.75 if style in ("long", "bob") else 0.5
    outer = curve(
        [
            (-0.37, side),
            (-0.4, 0.35),
            (-0.2, -0.02),
            (0, -0.07),
            (0.2, -0.02),
            (0.4, 0.35),
            (0.37, side),
        ]
    )
    line = curve([(0.31, 0.5), (0.25, 0.3), (parting, 0.2), (-0.25, 0.3), (-0.31, 0.5)])
    cap = panel(np.vstack([outer, line]), hair, folds.drape(rng, 8, 1, 0.04), shadow=0.2)
    bun = [panel(ellipse((0, -0.13), (0.2, 0.17)), hair)] if style == "bun" else []
    return [*bun, cap]


def _shoes(rng: np.random.Generator, body: Body) -> list[Mark]:
    leather = Fabric(any_colour(rng), gloss=0.25)
    heels = happens(rng, 0.5)
    marks: list[Mark] = []
    for leg, side in zip(body.legs, SIDES, strict=True):
        x, y = leg[2]
        if heels:
            half = curve([(0.1, 0.25), (0.14, 0.42), (0.02, 0.6)])
        else:
            half = curve([(0.15, 0.02), (0.17, 0.25), (0.21, 0.45), (0.0, 0.52)])
        shape = moved(np.vstack([half, mirrored(half)]), x + side * 0.05, y)
        marks.append(panel(shape, leather, roundness=0.7, shadow=0.4))
        if not heels:
            sole = moved(curve([(-0.2, 0.43), (0, 0.52), (0.2, 0.43)]), x + side * 0.05, y)
            marks.append(Thread(sole, (235, 238, 240), 0.06, 0.9))
    return marks


def hanger(rng: np.random.Generator, body: Body, clips: bool) -> tuple[list[Mark], list[Mark]]:
    """Return a hanger behind the garment and, for jeans, the clips in front of it."""
    wood = Fabric(mixed((90, 140, 190), any_colour(rng), float(rng.choice([0, 1]))), gloss=0.25)
    top = 2.45 if clips else 1.18
    hook = curve(
        [
            (0, top + 0.15),
            (0, top - 0.1),
            (0.13, top - 0.25),
            (0.08, top - 0.42),
            (-0.08, top - 0.4),
            (-0.12, top - 0.28),
        ]
    )
    rail = Fabric(mixed((60, 60, 60), any_colour(rng), 0.3), gloss=0.4)
    beam = tube(points((-9, top - 0.4), (9, top - 0.4)), [0.05, 0.05], rail, roundness=0.8)
    marks: list[Mark] = [beam] if happens(rng, 0.6) else []
    marks.append(Thread(hook, (120, 120, 125), 0.045, 1.0))
    if clips:
        bar = points((-body.waist, top + 0.25), (body.waist, top + 0.25))
        marks += [
            tube(bar, [0.05, 0.05], wood),
            tube(points((0, top + 0.1), (0, top + 0.25)), [0.04, 0.06], wood),
        ]
        front: list[Mark] = []
        for s in SIDES:
            clip = moved(
                points((-0.07, 0.2), (0.07, 0.2), (0.09, 0.7), (-0.09, 0.7)),
                s * body.waist * 0.7,
                top,
            )
            front.append(panel(clip, Fabric((150, 150, 155), 0.5), shadow=0.4))
        return marks, front
    reach = body.shoulder - 0.04
    arm = curve([(-reach, 1.66), (-0.3, 1.36), (0, 1.26), (0.3, 1.36), (reach, 1.66)])
    return [*marks, tube(arm, [0.05, 0.075, 0.075, 0.05], wood)], []
