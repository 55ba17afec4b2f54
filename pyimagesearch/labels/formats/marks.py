"""Columns of marks, one for each label: 1 and 0, yes and no, x and blank, 1, 0 and -1."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyimagesearch.labels.formats.values import is_no_label

Mark = Literal["yes", "no", "uncertain", "blank"]
Kind = Literal["empty", "marks", "probabilities", "numbers", "text"]

MIN_PROBABILITY = 0.5  # from which on a label applies
_DECIMAL_COMMA = re.compile(r"-?(0,\d+|1,0+)")
_WORDS: dict[str, Mark] = {
    **dict.fromkeys(
        ("true", "t", "yes", "y", "x", "✓", "✔", "☑", "☒", "on", "positive", "present"), "yes"
    ),
    **dict.fromkeys(("false", "f", "no", "n", "✗", "✘", "☐", "off", "negative", "absent"), "no"),
    # As spreadsheets in other languages write true and false, and people yes and no.
    **dict.fromkeys(("wahr", "vrai", "vero", "verdadero", "verdadeiro", "waar"), "yes"),
    **dict.fromkeys(("falsch", "faux", "falso", "onwaar"), "no"),
    **dict.fromkeys(("ja", "j", "oui", "si", "sí", "sim", "да"), "yes"),
    **dict.fromkeys(("nein", "nee", "non", "não", "нет"), "no"),
    **dict.fromkeys(("?", "u", "uncertain", "unsure", "maybe", "unclear"), "uncertain"),
}


@dataclass(frozen=True)
class MarkRules:
    """What the numbers in columns of marks mean, decided by all of the columns."""

    minus_one: Mark = "no"
    zero: Mark = "no"
    are_probabilities: bool = False

    def read(self, cell: str) -> Mark | None:
        """Return what a cell says; None if it is not a mark."""
        if is_no_label(cell):
            return "blank"
        if (mark := _WORDS.get(cell.lower())) is not None:
            return mark
        number = number_of(cell)
        meanings: dict[float | None, Mark] = {1: "yes", 0: self.zero, -1: self.minus_one}
        if self.are_probabilities and number is not None and 0 < number < 1:
            return "yes" if number >= MIN_PROBABILITY else "no"
        return meanings.get(number)


def number_of(cell: str) -> float | None:
    """Return the number in a cell, None if there is none: 0.9, 90%, and 0,9 as Excel writes it."""
    if cell.endswith("%"):
        part = number_of(cell[:-1].strip())
        return None if part is None else part / 100
    if _DECIMAL_COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    try:
        return float(cell)
    except ValueError:
        return None


def kind_of(cells: Mapping[str, int]) -> Kind:
    """Return what a column holds, by how often each cell occurs in it.

    Columns in which at least half of the cells are marks are "marks", for a wrong cell must not
    make a label disappear.
    """
    filled = {cell: count for cell, count in cells.items() if not is_no_label(cell)}
    if not filled:
        return "empty"
    total = sum(filled.values())
    marks = sum(count for cell, count in filled.items() if is_mark(cell))
    numbers = {cell: number_of(cell) for cell in filled}
    fractions = sum(
        filled[cell] for cell, number in numbers.items() if number is not None and 0 < number < 1
    )
    if all(number is not None and 0 <= number <= 1 for number in numbers.values()) and fractions:
        return "probabilities"
    if 2 * marks >= total:
        return "marks"
    return "text" if any(number is None for number in numbers.values()) else "numbers"


def is_mark(cell: str) -> bool:
    """Return whether a cell says yes, no or uncertain."""
    return cell.lower() in _WORDS or number_of(cell) in (0, 1, -1)


def rules_for(columns: Sequence[Mapping[str, int]]) -> tuple[MarkRules, str]:
    """Return what numbers mean in the mark columns, and a note if -1 occurs.

    Next to 1 and -1 alone, -1 means no. Next to 0 or blank it means uncertain, as CheXpert has
    it; but if -1 is more frequent than 0 and nothing is blank, 0 is the uncertain one, as in
    Pascal VOC.
    """
    counts: Counter[float | None] = Counter()
    blanks = 0
    for cells in columns:
        for cell, count in cells.items():
            if is_no_label(cell):
                blanks += count
            else:
                counts[number_of(cell)] += count
    if not counts[-1]:
        return MarkRules(), ""
    if not counts[0] and not blanks:
        return MarkRules(minus_one="no"), "-1 is no"
    if counts[0] and counts[-1] > counts[0] and not blanks:
        return MarkRules(minus_one="no", zero="uncertain"), "-1 is no, 0 is uncertain"
    return MarkRules(minus_one="uncertain"), "-1 is uncertain"
