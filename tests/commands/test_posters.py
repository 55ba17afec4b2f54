"""A CSV file of posters with 0 to 4 of 25 labels: training, tagging, and labels from the tags."""

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.commands import Result, call

from pyimagesearch import labels

GENRES = [f"genre {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
POSTERS = 160
COLOURS = ((255, 40, 40), (40, 255, 40), (40, 40, 255), (40, 255, 255), (255, 255, 255))


def draw_posters(root: Path) -> Path:
    """Write posters and their CSV file; the row and the colour of a bar stand for the genre.

    Both stay the same if an image is mirrored.
    """
    (root / "img").mkdir(parents=True)
    draw = np.random.default_rng(0)
    path = root / "posters.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("Id", "Poster", "Genre"))
        for number in range(POSTERS):
            picture = draw.integers(0, 60, (50, 50, 3), dtype=np.uint8)
            chosen = draw.choice(25, draw.integers(0, 5), replace=False)
            for genre in chosen:
                row, colour = divmod(int(genre), 5)
                left = int(draw.integers(0, 4)) * 10
                picture[row * 10 : row * 10 + 10, left : left + 20] = COLOURS[colour]
            cv2.imwrite(str(root / "img" / f"{number}.png"), picture)
            rows.writerow((number, f"img/{number}.png", "|".join(GENRES[g] for g in chosen)))
        rows.writerow((POSTERS, "img/lost.png", GENRES[0]))
    return path


@dataclass(frozen=True)
class Posters:
    """A folder with posters and the files of a run on them, and what the run printed."""

    folder: Path
    output: Result


@pytest.fixture(scope="module")
def posters(tmp_path_factory: pytest.TempPathFactory) -> Posters:
    folder = tmp_path_factory.mktemp("posters")
    draw_posters(folder / "data")
    output = call(
        *("train.py", "-d", "data/posters.csv", "--export-labels", "labels.csv"),
        *("--weights", "none", "--epochs", 12),
        *("--image-size", 24, "--batch-size", 16, "--learning-rate", 0.003),
        cwd=folder,
    )
    assert output.returncode == 0, output.stderr
    return Posters(folder, output)


def test_training_reads_the_labels_from_a_csv_file_and_reports_what_it_skips(
    posters: Posters,
) -> None:
    messages, words = posters.output.stderr, " ".join(posters.output.stdout.split())
    assert "posters.csv, line 162: 'img/lost.png': no such file; skipped" in messages
    assert "posters.csv: photos from 'Poster'; labels from 'Genre'; not used: Id" in messages
    assert "photos without a label" in messages
    assert all(f"{genre} " in words for genre in GENRES)


def test_exported_labels_are_the_labels_trained_on(posters: Posters) -> None:
    exported = labels.read(posters.folder / "labels.csv").samples
    original = labels.read(posters.folder / "data" / "posters.csv").samples
    assert len(exported) == POSTERS
    for one, other in zip(exported, original, strict=True):
        assert (one.path.resolve(), one.labels) == (other.path.resolve(), other.labels)


def test_tags_in_a_csv_file_and_in_text_files_can_be_read_as_labels(
    posters: Posters, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = call("classify.py", "-i", "data/img", "--csv", "--sidecar", cwd=posters.folder)
    assert result.returncode == 0, result.stderr
    (posters.folder / "tags.csv").write_text(result.stdout, encoding="utf-8")
    header, *rows = csv.reader(result.stdout.splitlines())
    assert header == ["image", "tags", *GENRES, "error"]
    monkeypatch.chdir(posters.folder)
    from_csv = labels.read(Path("tags.csv")).samples
    from_text_files = labels.read(Path("data/img")).samples
    assert from_csv == from_text_files
    assert len(from_csv) == POSTERS
    tags = {row[0]: sorted(filter(None, row[1].split("|"))) for row in rows}
    assert {str(sample.path): list(sample.labels) for sample in from_csv} == tags
    posters_read = labels.read(Path("data/posters.csv")).samples
    truth = {sample.path: sample.labels for sample in posters_read}
    all_tags = [(sample.path, tag) for sample in from_csv for tag in sample.labels]
    assert len(all_tags) > POSTERS / 8
    right = sum(tag in truth[path] for path, tag in all_tags)
    assert right > 0.2 * len(all_tags)  # 0.08 by chance
