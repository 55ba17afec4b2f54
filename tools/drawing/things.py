"""Small things that lie or hang about; their colours are random, so they tell nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from drawing import folds
from drawing.bodies import SIDES
from drawing.colours import any_colour, between, mixed, scaled
from drawing.shapes import (
    Fabric,
    Mark,
    Piece,
    Points,
    Thread,
    box,
    curve,
    ellipse,
    mirrored,
    moved,
    panel,
    points,
    tube,
)


def placed(marks: list[Mark], at: tuple[float, float], size: float, turn: float) -> list[Mark]:
    """Return the marks, drawn around the origin, scaled, turned (radians) and moved to `at`."""
    c, s = size * np.cos(turn), size * np.sin(turn)
    spin: Points = np.array([[c, s], [-s, c]], np.float64)

    def move(path: Points) -> Points:
        return moved(path @ spin, *at)

    there: list[Mark] = []
    for mark in marks:
        if isinstance(mark, Piece):
            left, right = mark.left * size, mark.right * size
            there.append(
                replace(
                    mark, outline=move(mark.outline), spine=move(mark.spine), left=left, right=right
                )
            )
        else:
            there.append(replace(mark, points=move(mark.points), width=mark.width * size))
    return there


def bag(rng: np.random.Generator) -> list[Mark]:
    """Return a handbag."""
    leather = Fabric(any_colour(rng), gloss=0.3)
    handle = curve([(-0.25, -0.3), (-0.2, -0.75), (0.2, -0.75), (0.25, -0.3)])
    body = curve([(-0.38, -0.35), (-0.5, 0.35), (0, 0.42), (0.5, 0.35), (0.38, -0.35)])
    flap = curve([(-0.4, -0.36), (-0.3, 0.0), (0, 0.08), (0.3, 0.0), (0.4, -0.36)])
    clasp = panel(ellipse((0, 0.06), (0.06, 0.06)), Fabric((110, 180, 210), 0.5))
    return [
        Thread(handle, scaled(leather.colour, 0.6), 0.06, 1.0),
        panel(body, leather),
        panel(flap, leather),
        clasp,
    ]


def plant(rng: np.random.Generator) -> list[Mark]:
    """Return a plant in a pot."""
    marks: list[Mark] = []
    for angle in rng.uniform(-1.2, 1.2, 9):
        tip = (np.sin(angle) * rng.uniform(0.5, 0.9), 0.1 - np.cos(angle) * rng.uniform(0.6, 1.1))
        leaf = Fabric(
            between([(110, 0.5, 0.4), (95, 0.5, 0.5), (130, 0.4, 0.35)], rng), gloss=0.2, grain=0.01
        )
        path = points((0, 0.1), (tip[0] * 0.4, tip[1] * 0.6), tip)
        marks.append(tube(path, [0.03, 0.11, 0.12, 0.02], leaf))
    pot = curve([(-0.3, 0.05), (-0.2, 0.6), (0.2, 0.6), (0.3, 0.05)])
    return [*marks, panel(pot, Fabric(any_colour(rng), 0.15))]


def frame(rng: np.random.Generator) -> list[Mark]:
    """Return a picture in a frame."""
    inner = Fabric(mixed(any_colour(rng), (235, 235, 235), 0.4))
    marks: list[Mark] = [
        panel(box(0.5, 0.62), Fabric(any_colour(rng), 0.2), roundness=0.1),
        panel(box(0.42, 0.54), Fabric((240, 240, 240)), roundness=0.0, shadow=0.2),
        panel(box(0.3, 0.4), inner, roundness=0.0, shadow=0.0),
    ]
    hill = curve(
        [(-0.3, 0.4), (-0.3, 0.15), (-0.1, rng.uniform(-0.2, 0.1)), (0.3, 0.2), (0.3, 0.4)]
    )
    return [*marks, panel(hill, Fabric(any_colour(rng)), roundness=0.0, shadow=0.0)]


def shoes(rng: np.random.Generator) -> list[Mark]:
    """Return a pair of shoes seen from above."""
    leather = Fabric(any_colour(rng), gloss=0.25)
    marks: list[Mark] = []
    for s in SIDES:
        sole = np.vstack([curve([(0, -0.5), (0.17, -0.35), (0.12, 0.1), (0.14, 0.4), (0, 0.5)])])
        shape = np.vstack([sole, mirrored(sole)])
        marks.append(panel(moved(shape, s * 0.22, 0.06 * s), leather, roundness=0.6))
        dark = Fabric(scaled(leather.colour, 0.35))
        marks.append(panel(ellipse((s * 0.22, 0.22 + 0.06 * s), (0.09, 0.2)), dark, shadow=0.0))
    return marks


def hat(rng: np.random.Generator) -> list[Mark]:
    """Return a straw or felt hat seen from above."""
    felt = Fabric(any_colour(rng), grain=0.05)
    band = Fabric(any_colour(rng))
    return [
        panel(ellipse((0, 0), (0.62, 0.52)), felt, roundness=0.15),
        panel(ellipse((0, -0.02), (0.34, 0.3)), band, shadow=0.3),
        panel(ellipse((0, -0.05), (0.31, 0.27)), felt, roundness=0.7),
    ]


def book(rng: np.random.Generator) -> list[Mark]:
    """Return a book or a telephone."""
    cover = Fabric(any_colour(rng), gloss=0.15)
    title = points((-0.2, -0.2), (0.2, -0.2))
    light = mixed(cover.colour, (245, 245, 245), 0.7)
    marks: list[Mark] = [
        panel(moved(box(0.34, 0.46), 0.03, 0.03), Fabric((225, 232, 235)), roundness=0.0),
        panel(box(0.34, 0.46), cover, roundness=0.1, shadow=0.1),
    ]
    return [*marks, Thread(title, light, 0.07), Thread(title * 0.7 + (0, 0.03), light, 0.04)]


def cup(rng: np.random.Generator) -> list[Mark]:
    """Return a cup of coffee seen from above."""
    china = Fabric(mixed(any_colour(rng), (240, 240, 240), 0.5), gloss=0.3)
    return [
        panel(ellipse((0, 0), (0.42, 0.42)), china, roundness=0.1),
        tube(points((0.2, 0.1), (0.42, 0.2)), [0.05, 0.05], china),
        panel(ellipse((0, 0), (0.25, 0.25)), china, roundness=0.5),
        panel(ellipse((0, 0), (0.2, 0.2)), Fabric((25, 50, 85), 0.2), shadow=0.0),
    ]


def scarf(rng: np.random.Generator) -> list[Mark]:
    """Return a crumpled cloth of any colour."""
    cloth = Fabric(any_colour(rng), gloss=0.15)
    around = np.linspace(0, 2 * np.pi, 9)[:-1]
    radius = rng.uniform(0.3, 0.6, 8)
    corners = np.column_stack([radius * np.cos(around), 0.8 * radius * np.sin(around)])
    shape = curve(np.vstack([corners, corners[:1]]))
    return [panel(shape, cloth, folds.drape(rng, 4, 4, 0.10), roundness=0.5)]


def price_tag(rng: np.random.Generator) -> list[Mark]:
    """Return a paper tag on a string."""
    paper = Fabric(mixed(any_colour(rng), (240, 240, 240), 0.6))
    shape = points((0, -0.2), (0.13, -0.1), (0.13, 0.25), (-0.13, 0.25), (-0.13, -0.1))
    lines = [Thread(points((-0.08, y), (0.08, y)), (90, 90, 90), 0.03) for y in (0.05, 0.13)]
    string = Thread(curve([(0.05, -0.5), (-0.05, -0.3), (0, -0.15)]), (120, 120, 120), 0.02)
    return [panel(shape, paper, roundness=0.05), *lines, string]


def balloon(rng: np.random.Generator) -> list[Mark]:
    """Return a balloon on its string."""
    rubber = Fabric(any_colour(rng), gloss=0.5, grain=0.0)
    string = curve([(0, 0.5), (0.06, 0.9), (-0.05, 1.3), (0.03, 1.7)])
    half = curve([(0, -0.55), (0.35, -0.4), (0.42, 0.0), (0.2, 0.4), (0, 0.5)])
    knot = points((0, 0.46), (0.05, 0.56), (-0.05, 0.56))
    return [
        Thread(string, (150, 150, 150), 0.02),
        panel(knot, rubber, shadow=0.0),
        panel(np.vstack([half, mirrored(half)]), rubber, roundness=0.7, shadow=0.0),
    ]


Thing = Callable[[np.random.Generator], list[Mark]]
ON_WALL: tuple[Thing, ...] = (frame, frame, frame, bag, hat)
IN_THE_AIR: tuple[Thing, ...] = (balloon,)
ON_FLOOR: tuple[Thing, ...] = (bag, plant, plant, shoes, scarf, book)
LYING: tuple[Thing, ...] = (bag, shoes, hat, book, cup, scarf)
