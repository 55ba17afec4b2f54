"""Several labels in one cell of a table: "red dress", "red|dress", "['red', 'dress']"."""

from collections.abc import Callable, Collection, Mapping

from pyimagesearch.console import CommandError
from pyimagesearch.labels.formats.values import is_list, is_no_label, parse_list

STRONG_SEPARATORS = ("\n", "\t", "|", ";", ",")
# These may belong to a label (C#, google+), so they must stand between words in every cell.
WEAK_SEPARATORS = ("#", "+")
CONNECTORS = frozenset({"&", "and", "+", "/", "-", "und", "et"})  # red & dress
ZERO_ONE = frozenset({"0", "1", "0.0", "1.0", "0.", "1.", "true", "false"})

LabelReader = Callable[[str], tuple[str, ...] | None]


def label_reader(where: str, cells: Mapping[str, int], split_spaces: bool | None) -> LabelReader:
    """Return what reads the labels in a cell of a column, decided by all its `cells`.

    It returns None for a cell that cannot be read. Lists are read by their elements. The other
    cells have one separator, see `find_separator`. Raises CommandError, which begins with
    `where`, if the cells hold only 0 and 1 instead of labels.
    """
    filled = [cell for cell in cells if not is_no_label(cell)]
    separator = find_separator([cell for cell in filled if not is_list(cell)], split_spaces)
    _refuse_zero_and_one(where, filled, separator)

    def read(cell: str) -> tuple[str, ...] | None:
        if is_no_label(cell):
            return ()
        if not is_list(cell):
            return tuple(sorted(set(filter(None, split_text(cell, separator)))))
        items = parse_list(cell)
        if items is None:
            return None
        return tuple(sorted({item for item in items if not is_no_label(item)}))

    return read


def find_separator(texts: Collection[str], split_spaces: bool | None = True) -> str:
    """Return what separates the labels in all `texts`; "" if nothing does.

    That is the first of newline, tab, |, ; and comma that occurs anywhere, so that "science
    fiction" stays one label next to "drama|comedy"; else # or + if they only stand between words;
    else a space if `split_spaces`. None splits at spaces if the words combine to different texts:
    if there are not more words than texts.
    """
    for separator in STRONG_SEPARATORS:
        if any(separator in text for text in texts):
            return separator
    for separator in WEAK_SEPARATORS:
        holding = [text for text in texts if separator in text]
        if holding and all(_is_between_words(separator, text) for text in holding):
            return separator
    if split_spaces is None:
        words = {word for text in texts for word in split_text(text, " ")}
        split_spaces = len(words) <= len(set(texts))
    return " " if split_spaces else ""


def split_text(text: str, separator: str) -> list[str]:
    """Return the labels in `text`, without the space and quotes around them."""
    if separator == " ":
        words = (word for word in text.split() if word not in CONNECTORS)
        return [word.removeprefix("#") for word in words]  # hashtags: #red #dress
    parts = text.split(separator) if separator else [text]
    return [_unquote(part.strip()) for part in parts]


def join_labels(labels: Collection[str], known: Collection[str]) -> str:
    """Return `labels` as one text that `label_reader` reads back.

    They are separated by bars. If any of the `known` labels holds another separator or a space,
    each ends in a bar, which marks the separator even of a single one. Raises CommandError for a
    label with a bar.
    """
    together = "".join(known)
    if "|" in together:
        label = next(label for label in known if "|" in label)
        raise CommandError(f"the label {label!r} has a |, which separates labels; rename it")
    is_odd = any(not letter.isalnum() and letter not in "_-." for letter in together)
    if is_odd or any(map(is_no_label, known)):
        return "".join(f"{label}|" for label in labels)
    return "|".join(labels)


def _is_between_words(separator: str, text: str) -> bool:
    return all(any(map(str.isalpha, part)) for part in text.split(separator))


def _unquote(text: str) -> str:
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1].strip() if is_quoted else text


def _refuse_zero_and_one(where: str, cells: Collection[str], separator: str) -> None:
    lengths = {len(cell) for cell in cells}
    are_bits = len(lengths) == 1 and max(lengths) > 3 and len(cells) > 1

    def holds_only_marks(cell: str) -> bool:
        items = parse_list(cell) if is_list(cell) else split_text(cell, separator or " ")
        are_marks = bool(items) and all(item.lower() in ZERO_ONE for item in items or ())
        return are_marks or (are_bits and set(cell) <= {"0", "1"})

    if cells and all(map(holds_only_marks, cells)):
        raise CommandError(
            f"{where}: holds only 0 and 1, such as {next(iter(cells))[:40]!r}, which do not say "
            "which labels they mean; give each label a column of its own with its name in the "
            "header, such as path,red,dress"
        )
