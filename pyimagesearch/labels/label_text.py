"""Several labels in one text: "red dress", "red, dress", "science fiction|drama"."""

from collections.abc import Collection, Iterable

from pyimagesearch.console import CommandError


def find_separator(texts: Iterable[str]) -> str:
    """Return what separates the labels in the `texts` of one file: | before comma before space.

    The strongest that occurs anywhere holds for all, so that "science fiction" stays one label
    beside "drama|comedy".
    """
    found = " "
    for text in texts:
        if "|" in text:
            return "|"
        if "," in text:
            found = ","
    return found


def split_labels(text: str, separator: str) -> tuple[str, ...]:
    """Return the labels in `text`, sorted, each once, without the space around them."""
    return tuple(sorted({label for part in text.split(separator) if (label := part.strip())}))


def join_labels(labels: Iterable[str], known: Collection[str]) -> str:
    """Return `labels` as one text that `split_labels` reads back.

    Separated by bars; where any `known` label holds a space or comma, each ends in a bar, which
    marks the separator even of a single one. Raises CommandError for a label with a bar.
    """
    together = "".join(known)
    if "|" in together:
        label = next(label for label in known if "|" in label)
        raise CommandError(
            f"the label {label!r} has a |, which separates labels in a CSV; rename it"
        )
    if "," in together or len(together.split()) > 1 or together != together.strip():
        return "".join(f"{label}|" for label in labels)
    return "|".join(labels)
