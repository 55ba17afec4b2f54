"""Puts a garment into a scene: fabric, pose, company, backdrop, camera; the same for any garment.

Pose, backdrop and close-up follow from the number of the picture alone, so each folder has them
in the same proportions and neither tells the garment nor its colour.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from drawing import figures, things
from drawing.backdrops import BACKDROPS, backdrop
from drawing.bodies import Body, on_hanger, spread_out, standing
from drawing.chance import happens
from drawing.colours import DENIM, NEUTRALS, SHADES, between, mixed
from drawing.dresses import dress
from drawing.jeans import jeans
from drawing.paint import Camera, Canvas
from drawing.shapes import Drawing, Fabric, Mark, Pattern, Piece, Points
from drawing.shirts import shirt

GARMENTS = {"shirt": shirt, "dress": dress, "jeans": jeans}
POSES = ("person", "lying", "person", "hanging", "cut-out", "person", "mannequin", "lying")
CLOSE_UP_EVERY = 5
GROUND = 7.4
"""Where the floor begins to show, in body units."""
FINER = 3
"""Pictures are painted this much larger and then shrunk, which smooths their edges."""


@dataclass(frozen=True)
class Plan:
    """What a picture is to show."""

    colour: str
    garment: str
    pose: str
    backdrop: str
    close_up: bool


def plan(label: str, index: int) -> Plan:
    """Return the plan of picture `index` of the folder `label`, such as blue_dress."""
    colour, garment = label.split("_")
    pose = POSES[index % len(POSES)]
    ground = BACKDROPS[(index + index // len(POSES)) % len(BACKDROPS)]
    return Plan(colour, garment, pose, ground, index % CLOSE_UP_EVERY == CLOSE_UP_EVERY - 1)


def picture(plan: Plan, rng: np.random.Generator, long_side: int) -> NDArray[np.uint8]:
    """Return the picture as uint8 BGR (height, width, 3), `long_side` pixels at its longest."""
    body = _body(plan.pose, rng)
    drawing = _dressed(plan, body, rng)
    seen = _frame(plan, drawing, rng)
    camera, size = _camera(plan, seen, rng, long_side * FINER)
    floor = round(float(camera.see(np.array([[0.0, 7.75]]))[0, 1]))
    image = backdrop(rng, plan.backdrop, size, floor, plan.pose == "lying")
    canvas = Canvas(image, camera, rng, cast=0.35 if plan.backdrop == "studio" else 0.9)
    canvas.paint(_clutter(plan, seen, drawing, rng))
    canvas.paint(drawing.marks())
    if happens(rng, 0.15) and plan.pose != "person":
        canvas.paint(_tag(drawing, rng))
    return _photographed(image, rng)


def _body(pose: str, rng: np.random.Generator) -> Body:
    if pose in ("person", "mannequin", "cut-out"):
        return standing(rng)
    return on_hanger(rng) if pose == "hanging" else spread_out(rng)


def fabric_for(colour: str, garment: str, rng: np.random.Generator) -> Fabric:
    """Return a fabric of a shade of `colour`: denim for jeans, else from cotton to satin."""
    if garment == "jeans":
        dye = DENIM if colour == "blue" else SHADES[colour]
        return Fabric(between(dye, rng), rng.uniform(0.06, 0.14), 0.05, 0.05)
    dye = DENIM if colour == "blue" and happens(rng, 0.15) else SHADES[colour]
    cloth = Fabric(
        between(dye, rng),
        rng.choice([0.05, 0.1, 0.3 if garment == "dress" else 0.15]),
        rng.uniform(0.01, 0.035),
    )
    if not happens(rng, 0.16):
        return cloth
    ink = (240.0, 240.0, 240.0) if happens(rng, 0.7) else mixed(cloth.colour, (20, 20, 20), 0.6)
    kind = str(rng.choice(["stripes", "bars", "checks", "dots"]))
    return replace(
        cloth, pattern=Pattern(kind, rng.uniform(0.14, 0.4), rng.uniform(0.15, 0.35), ink)
    )


def _dressed(plan: Plan, body: Body, rng: np.random.Generator) -> Drawing:
    """Return the garment with whoever or whatever carries it."""
    drawing = Drawing()
    drawing.hero = GARMENTS[plan.garment](rng, body, fabric_for(plan.colour, plan.garment, rng))
    if plan.pose == "person":
        drawing.behind, drawing.front = figures.person(rng, body)
        drawing.behind += _company(plan.garment, body, rng)
    elif plan.pose == "mannequin" or (plan.pose == "cut-out" and plan.backdrop in BACKDROPS[2:]):
        # cut-outs float before paper only; elsewhere somebody has to stand in the garment
        drawing.behind, drawing.front = figures.mannequin(rng, body)
    elif plan.pose == "hanging":
        drawing.behind, drawing.front = figures.hanger(rng, body, plan.garment == "jeans")
    return drawing


def _company(garment: str, body: Body, rng: np.random.Generator) -> list[Mark]:
    """Return what else a person wears: a top with jeans, trousers with a shirt, never labelled."""
    plain = Fabric(between(NEUTRALS, rng), 0.08, 0.02)
    if garment == "jeans":
        return shirt(rng, replace(body, waist=body.waist - 0.08, hip=body.hip - 0.15), plain)
    return jeans(rng, body, plain) if garment == "shirt" else []


def _bounds(marks: list[Mark]) -> Points:
    """Return ((left, top), (right, bottom)) of the pieces."""
    every = np.vstack([mark.outline for mark in marks if isinstance(mark, Piece)])
    return np.array([every.min(axis=0), every.max(axis=0)])


def _frame(plan: Plan, drawing: Drawing, rng: np.random.Generator) -> Points:
    """Return what part of the scene to show, ((left, top), (right, bottom)) in body units."""
    low, high = _bounds(drawing.hero)
    width, height = high - low
    margin = rng.uniform(0.04, 0.25, 4) * max(height, width)
    if plan.close_up:
        # neck or waist band stay in sight: without them cloth could be anything
        deep = 0.5 if plan.garment == "jeans" else 0.22
        sides = rng.uniform(-0.15, 0.05, 2) * width
        margin = np.array(
            [sides[0], rng.uniform(0, 0.15), sides[1], -rng.uniform(0.1, deep) * height]
        )
    elif plan.pose == "person" and happens(rng, 0.6):
        margin[1] = max(margin[1], rng.uniform(0.5, 1.5))
    elif plan.pose == "hanging":
        margin[1] = max(margin[1], 0.55)
    return np.array([low - margin[:2], high + margin[2:]])


def _camera(
    plan: Plan, seen: Points, rng: np.random.Generator, long_side: int
) -> tuple[Camera, tuple[int, int]]:
    """Return a camera that shows the frame, maybe turned and mirrored, and (height, width)."""
    width, height = seen[1] - seen[0]
    aspect = float(np.clip(width / height * rng.uniform(0.95, 1.3), 0.5, 1.35))
    size = np.array([min(1, aspect), min(1, 1 / aspect)]) * long_side
    size = np.round(size / FINER).astype(int) * FINER
    scale = min(size[0] / width, size[1] / height)
    turn = rng.normal(0, 0.22 if plan.pose == "lying" else 0.03)
    scale *= 1 - 0.35 * min(abs(turn), 0.6)
    flip = rng.choice([-1, 1])
    c, s = np.cos(turn), np.sin(turn)
    spin = scale * np.array([[flip * c, -s], [flip * s, c]])
    move = size / 2 - spin @ seen.mean(axis=0) + rng.normal(0, 0.02, 2) * size
    return Camera(np.column_stack([spin, move])), (int(size[1]), int(size[0]))


def _clutter(plan: Plan, seen: Points, drawing: Drawing, rng: np.random.Generator) -> list[Mark]:
    """Return things beside the garment: a few in a room, seldom any in a studio."""
    often = 0.25 if plan.backdrop in ("studio", "gradient") else 0.75
    marks: list[Mark] = []
    low, high = _bounds(drawing.hero)
    for side in (0, 1):
        if not happens(rng, often):
            continue
        x = (low[0] - 0.35, high[0] + 0.35)[side] + rng.uniform(-0.25, 0.25)
        size, turn = rng.uniform(0.6, 1.2), rng.normal(0, 0.12)
        if plan.pose == "lying":
            choice, y, turn = things.LYING, rng.uniform(*seen[:, 1]), rng.uniform(-3, 3)
        elif happens(rng, 0.5) and seen[1, 1] > GROUND:
            choice, y = things.ON_FLOOR, rng.uniform(7.5, 7.9) - 0.45 * size
        else:
            choice = things.IN_THE_AIR if plan.backdrop == "outdoors" else things.ON_WALL
            y = rng.uniform(seen[0, 1], seen.mean(axis=0)[1])
        marks += things.placed(choice[rng.integers(len(choice))](rng), (x, float(y)), size, turn)
    return marks


def _tag(drawing: Drawing, rng: np.random.Generator) -> list[Mark]:
    low, high = _bounds(drawing.hero)
    at = rng.uniform(0.35, 0.65, 2) * (high - low) + low
    return things.placed(
        things.price_tag(rng), (float(at[0]), float(at[1])), 0.8, rng.normal(0, 0.3)
    )


def _photographed(image: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the painted image as a camera would: shrunk, with its own exposure and noise."""
    small = (image.shape[1] // FINER, image.shape[0] // FINER)
    photo = cv2.resize(image.clip(0, 255), small, interpolation=cv2.INTER_AREA)
    photo *= rng.normal(1, 0.02, 3).astype(np.float32).clip(0.96, 1.04)
    photo = 255 * (photo / 255).clip(0, 1) ** np.float32(np.exp(rng.normal(0, 0.07)))
    if happens(rng, 0.2):
        photo = cv2.GaussianBlur(photo, (0, 0), rng.uniform(0.5, 0.9))
    photo = photo + rng.normal(0, rng.choice([0.5, 2.0]), photo.shape)
    return np.round(photo).clip(0, 255).astype(np.uint8)
