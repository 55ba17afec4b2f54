"""Label Studio's JSON: tasks with annotations, https://labelstud.io/guide/export."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pyimagesearch.labels.formats.values import labels_in
from pyimagesearch.labels.paths import is_image_name
from pyimagesearch.labels.rows import Labels, ParsedFile, Row

Answers = dict[str, set[str]]  # the labels that an annotation gives, by the name of the question


def is_label_studio(data: Any) -> bool:
    """Return whether a JSON value is a list of Label Studio's tasks."""
    return (
        isinstance(data, list)
        and bool(data)
        and any(isinstance(task, dict) and isinstance(task.get("data"), dict) for task in data)
    )


def read_tasks(tasks: Sequence[Any], parsed: ParsedFile) -> None:
    """Put a row for each annotation of each task into `parsed`.

    Its labels are all choices, taxonomy items and names of regions, whatever the questions are
    called. Where several annotations are of one image, what one of them does not choose is a no,
    so that annotators who disagree contradict each other.
    """
    read = list(_read_answers(tasks, parsed))
    often = Counter(reference for _, reference, _ in read)
    options: dict[str, set[str]] = {}
    for _, _, answers in read:
        for question, labels in answers.items():
            options.setdefault(question, set()).update(labels)

    def row(number: int, reference: str, answers: Answers) -> Row:
        yes = {label for labels in answers.values() for label in labels}
        no: set[str] = set()
        if often[reference] > 1:
            questions = answers or options
            no = {label for question in questions for label in options[question]} - yes
        return Row(number, reference, tuple(sorted(yes)), tuple(sorted(no)))

    parsed.rows = [row(*one) for one in read]
    if options:
        parsed.notes.append(f"labels from {', '.join(map(repr, sorted(options)))}")
    if len(options) > 1:
        parsed.groups.update(_find_groups(options, [answers for _, _, answers in read]))


def _read_answers(tasks: Sequence[Any], parsed: ParsedFile) -> Iterator[tuple[int, str, Answers]]:
    skipped = parsed.skipped
    unused: Counter[str] = Counter()
    for number, task in enumerate(tasks, 1):
        try:
            reference = _reference(task["data"])
            annotations = task.get("annotations", task.get("completions")) or []
            done = [one["result"] for one in annotations if not one.get("was_cancelled")]
            answers = [_answers(result, unused) for result in done]
        except (AttributeError, KeyError, TypeError, ValueError):
            skipped.skip(number, "is not a task with an image and annotations")
            continue
        if not answers:
            skipped.skip(number, f"{reference} has no annotation")
        for answer in answers:
            yield number, reference, answer
    if unused:
        parsed.notes.append(f"not used: {', '.join(sorted(unused))}")


def _reference(data: Mapping[str, Any]) -> str:
    """Return the reference to the image: under the key image, else the first that looks like it."""
    texts = {key: text for key, text in data.items() if isinstance(text, str)}
    for key in ("image", "img", "photo", "picture", "url"):
        if key in texts:
            return texts[key]
    for looks_right in (is_image_name, lambda text: "/" in text or "." in text):
        for text in texts.values():
            if looks_right(text):
                return text
    raise KeyError("image")


def _answers(results: Sequence[Mapping[str, Any]], unused: Counter[str]) -> Answers:
    """Return the labels of an annotation by question; count answers of other kinds."""
    answers: Answers = {}
    for result in results:
        value = result.get("value") or {}
        keys = [key for key in value if key in ("choices", "taxonomy") or key.endswith("labels")]
        if not keys:
            unused[str(result.get("type", "an answer of an unknown kind"))] += 1
            continue
        question = str(result.get("from_name", ""))
        labels = [label for key in keys for label in labels_in(value[key])]
        answers.setdefault(question, set()).update(filter(None, labels))
    return answers


def _find_groups(options: Mapping[str, set[str]], answers: Sequence[Answers]) -> dict[str, Labels]:
    """Return the options of each question that never has more than one answer."""
    several = {question for one in answers for question, labels in one.items() if len(labels) > 1}
    return {
        question: tuple(sorted(labels))
        for question, labels in options.items()
        if question not in several
    }
