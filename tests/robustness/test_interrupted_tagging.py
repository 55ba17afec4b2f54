"""classify.py on many photos, some of them broken, also if it is stopped."""

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from support.commands import EXAMPLE, ROOT, Model, call

from pyimagesearch import labels

# Runs a command and writes its peak memory in MB to a file.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss // 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


def link_photos(dataset: Path, folder: Path, count: int) -> list[Path]:
    """Fill `folder` with links to the photos of `dataset`; every hundredth photo is broken."""
    folder.mkdir()
    broken = folder.parent / "broken.jpg"
    broken.write_bytes(EXAMPLE.read_bytes()[:3000])
    photos = cycle(sorted(path for path in dataset.rglob("*") if path.is_file()))
    links = [folder / f"{number:06}.jpg" for number in range(count)]
    for number, (link, photo) in enumerate(zip(links, photos, strict=False)):
        os.link(broken if number % 100 == 50 else photo, link)
    return links


def command(model: Model, *arguments: object) -> list[str]:
    """Return the command line of classify.py with `model`."""
    return list(map(str, (sys.executable, ROOT / "classify.py", *model.files, *arguments)))


def check_rows(lines: Iterator[str], links: list[Path]) -> int:
    """Check that the CSV has each photo in order; return how many it reports as broken."""
    header, *rows = csv.reader(lines, strict=True)
    assert [row[0] for row in rows] == list(map(str, links))
    assert {len(row) for row in rows} == {len(header)}
    broken = [number for number, row in enumerate(rows) if row[-1]]
    assert broken == [number for number in range(len(links)) if number % 100 == 50]
    for number in broken:
        assert rows[number][1:] == [""] * (len(header) - 2) + ["is cut off"]
    return len(broken)


def test_broken_photos_among_many_are_reported_in_order_in_csv_and_json(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path
) -> None:
    links = link_photos(tiny_dataset, tmp_path / "many", 300)
    result = call("classify.py", *quick_model.files, "-i", "many", "--csv", cwd=tmp_path)
    assert result.returncode == 0
    relative = [link.relative_to(tmp_path) for link in links]
    assert check_rows(iter(result.stdout.splitlines()), relative) == 3
    warnings = result.stderr.splitlines()
    assert warnings[0] == f"warning: {relative[50]}: is cut off; skipped"
    assert warnings[-1] == "3 of 300 photos skipped"
    as_json = call("classify.py", *quick_model.files, "-i", "many", "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in as_json.stdout.splitlines()]
    assert [line["image"] for line in lines] == list(map(str, relative))
    errors = [line for line in lines if "tags" not in line]
    assert errors == [
        {"image": str(relative[number]), "error": "is cut off"} for number in (50, 150, 250)
    ]


def test_broken_photos_in_the_csv_are_skipped_if_it_is_read_as_labels(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link_photos(tiny_dataset, tmp_path / "many", 120)
    result = call("classify.py", *quick_model.files, "-i", "many", "--csv", cwd=tmp_path)
    (tmp_path / "tags.csv").write_text(result.stdout)
    samples = labels.read(tmp_path / "tags.csv").samples
    assert len(samples) == 119
    assert "many/000050.jpg" not in map(str, (sample.path for sample in samples))
    assert "line 52: has the error 'is cut off'" in capsys.readouterr().err


def test_a_closed_pipe_ends_it_silently(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path
) -> None:
    link_photos(tiny_dataset, tmp_path / "many", 300)
    with subprocess.Popen(
        command(quick_model, "-i", tmp_path / "many", "--csv"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("image,tags,")
        process.stdout.close()
        messages = process.stderr.read()
    assert process.returncode == 141
    assert "Traceback" not in messages
    assert all("is cut off; skipped" in line for line in messages.splitlines())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_rows_written_before_a_stop_are_complete(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path, number: signal.Signals
) -> None:
    links = link_photos(tiny_dataset, tmp_path / "many", 1000)
    with (
        (tmp_path / "tags.csv").open("w") as output,
        subprocess.Popen(
            command(quick_model, "-i", "-", "--csv"),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write("".join(f"{link}\n" for link in links))
        process.stdin.flush()  # and left open, so that it waits for more
        next(line for line in process.stderr if "000550.jpg: is cut off" in line)
        process.send_signal(number)
        messages = process.stderr.read()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "Traceback" not in messages
    text = (tmp_path / "tags.csv").read_text()
    assert text.endswith("\n")
    count = len(text.splitlines()) - 1
    assert count > 550
    check_rows(iter(text.splitlines()), links[:count])


def peak_memory(model: Model, folder: Path, output: Path) -> int:
    """Tag `folder` with `model` and return the peak memory in MB."""
    peak = folder.with_suffix(".peak")
    with output.open("w") as rows:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(peak), *command(model, "-i", folder, "--csv")],
            stdout=rows,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
    lines = done.stderr.splitlines()
    assert len(lines) == sum(1 for _ in folder.iterdir()) // 100 + 1
    return int(peak.read_text())


@pytest.mark.soak
def test_100_000_photos_are_tagged_in_order_with_constant_memory(
    quick_model: Model, tiny_dataset: Path, tmp_path: Path
) -> None:
    few = link_photos(tiny_dataset, tmp_path / "few", 2_000)
    peak_of_few = peak_memory(quick_model, tmp_path / "few", tmp_path / "few.csv")
    many = link_photos(tiny_dataset, tmp_path / "many", 100_000)
    peak_of_many = peak_memory(quick_model, tmp_path / "many", tmp_path / "many.csv")
    with (tmp_path / "few.csv").open(newline="") as lines:
        assert check_rows(iter(lines), few) == 20
    with (tmp_path / "many.csv").open(newline="") as lines:
        assert check_rows(iter(lines), many) == 1000
    print(f"\npeak memory for 2,000 photos {peak_of_few} MB, for 100,000 {peak_of_many} MB")
    assert peak_of_many < peak_of_few + 100  # the paths themselves take 40
