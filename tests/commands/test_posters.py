"""From a CSV of posters with 0 to 4 of 25 labels to tags and back, as a user runs it."""

import csv
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.commands import Run

from pyimagesearch import labels

GENRES = [f"genre {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXY"]
POSTERS = 160
COLOURS = ((255, 40, 40), (40, 255, 40), (40, 40, 255), (40, 255, 255), (255, 255, 255))


def draw_posters(root: Path) -> Path:
    """Write posters with a square in a colour of its own row for each genre, and their CSV.

    Mirroring, as augmentation does, leaves rows and colours as they are.
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
    """A folder with the posters, the files of a run on them, and what the run printed."""

    folder: Path
    output: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def posters(run_command: Run, tmp_path_factory: pytest.TempPathFactory) -> Posters:
    folder = tmp_path_factory.mktemp("posters")
    draw_posters(folder / "data")
    output = run_command(
        *("train.py", "-d", "data/posters.csv", "--export-labels", "labels.csv"),
        *("--epochs", 12, "--image-size", 24, "--batch-size", 16, "--learning-rate", 0.003),
        cwd=folder,
    )
    assert output.returncode == 0, output.stderr
    return Posters(folder, output)


def test_training_takes_the_labels_of_a_csv_and_names_what_it_leaves_out(posters: Posters) -> None:
    talk, words = posters.output.stderr, " ".join(posters.output.stdout.split())
    assert "posters.csv, line 162: 'img/lost.png': no such file; skipped" in talk
    assert "posters.csv, line 1: columns not used: Id" in talk
    assert "lines without labels" in talk
    assert all(f"{genre} " in words for genre in GENRES)


def test_exported_labels_are_those_that_were_understood(posters: Posters) -> None:
    exported = labels.read(posters.folder / "labels.csv").samples
    understood = labels.read(posters.folder / "data" / "posters.csv").samples
    assert len(exported) == POSTERS
    for one, other in zip(exported, understood, strict=True):
        assert (one.path.resolve(), one.labels) == (other.path.resolve(), other.labels)


def test_tags_in_csv_and_beside_the_photos_are_labels_to_train_on(
    run_command: Run, posters: Posters, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_command("classify.py", "-i", "data/img", "--csv", "--sidecar", cwd=posters.folder)
    assert result.returncode == 0, result.stderr
    (posters.folder / "tags.csv").write_text(result.stdout, encoding="utf-8")
    header, *rows = csv.reader(result.stdout.splitlines())
    assert header == ["image", "tags", *GENRES, "error"]
    monkeypatch.chdir(posters.folder)
    from_csv = labels.read(Path("tags.csv")).samples
    beside = labels.read(Path("data/img")).samples
    assert from_csv == beside
    assert len(beside) == POSTERS
    tags = {
        row[0]: [g for g, p in zip(GENRES, row[2:-1], strict=True) if float(p) >= 0.5]
        for row in rows
    }
    assert {str(sample.path): list(sample.labels) for sample in beside} == tags
    truth = {sample.path: sample.labels for sample in labels.read(Path("data/posters.csv")).samples}
    said = [(sample.path, tag) for sample in beside for tag in sample.labels]
    assert len(said) > POSTERS / 2
    assert sum(tag in truth[path] for path, tag in said) > 0.4 * len(said)  # by chance 0.08
