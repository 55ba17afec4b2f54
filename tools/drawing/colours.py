"""Colours of fabrics, skin, hair and things, as (blue, green, red) from 0 to 255."""

import colorsys
from collections.abc import Sequence

import numpy as np

Colour = tuple[float, float, float]

# hue in degrees, saturation, value: from the darkest to the lightest shade of each label
SHADES: dict[str, list[tuple[float, float, float]]] = {
    "black": [(230, 0.18, 0.10), (0, 0.0, 0.13), (30, 0.08, 0.16), (220, 0.10, 0.22)],
    "blue": [
        (226, 0.74, 0.36),
        (222, 0.85, 0.50),
        (218, 0.82, 0.72),
        (212, 0.68, 0.82),
        (206, 0.48, 0.92),
        (202, 0.58, 0.88),
    ],
    "red": [
        (350, 0.80, 0.42),
        (354, 0.85, 0.58),
        (358, 0.88, 0.74),
        (359, 0.86, 0.86),
        (1, 0.70, 0.93),
        (353, 0.76, 0.84),
    ],
}
DENIM: list[tuple[float, float, float]] = [
    (222, 0.52, 0.27),
    (218, 0.55, 0.42),
    (214, 0.50, 0.58),
    (211, 0.40, 0.70),
    (208, 0.28, 0.82),
    (216, 0.66, 0.50),
]
NEUTRALS: list[tuple[float, float, float]] = [
    (40, 0.03, 0.95),
    (40, 0.16, 0.86),
    (34, 0.34, 0.68),
    (30, 0.45, 0.45),
    (70, 0.30, 0.42),
    (0, 0.0, 0.62),
    (48, 0.62, 0.84),
    (140, 0.32, 0.46),
    (285, 0.18, 0.55),
]
SKINS = ["f3d3bd", "e8b998", "d6a17c", "bd8358", "98623d", "744528", "52301d"]
HAIRS = ["1c1614", "33231b", "55382a", "7d5836", "b98a50", "d6b67c", "8e3f25", "8f8c8a", "2a2a32"]


def bgr(hue: float, saturation: float, value: float) -> Colour:
    """Return the colour of a hue in degrees, saturation and value 0-1."""
    r, g, b = colorsys.hsv_to_rgb(hue % 360 / 360, min(saturation, 1), min(value, 1))
    return 255 * b, 255 * g, 255 * r


def from_hex(code: str) -> Colour:
    """Return the colour of an `rrggbb` code."""
    red, green, blue = bytes.fromhex(code)
    return blue, green, red


def between(shades: Sequence[tuple[float, float, float]], rng: np.random.Generator) -> Colour:
    """Return a random colour near one of the shades."""
    hue, saturation, value = shades[int(rng.integers(len(shades)))]
    return bgr(
        hue + rng.normal(0, 1.8),
        saturation * rng.uniform(0.9, 1.1),
        value * rng.uniform(0.9, 1.1),
    )


def any_colour(rng: np.random.Generator) -> Colour:
    """Return a colour of any hue, so that small things tell nothing about the label."""
    return bgr(rng.uniform(0, 360), rng.uniform(0.05, 0.9), rng.uniform(0.15, 0.95))


def scaled(colour: Colour, factor: float) -> Colour:
    """Return a colour darker (factor < 1) or lighter, kept within 0-255."""
    blue, green, red = (float(np.clip(part * factor, 0, 255)) for part in colour)
    return blue, green, red


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """Return `one` with `share` (0-1) of the other colour."""
    blue, green, red = ((1 - share) * a + share * b for a, b in zip(one, other, strict=True))
    return blue, green, red
