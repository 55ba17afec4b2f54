"""classify.py --workers: its parts, and real processes, some of which are killed."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.cluster.commands import PARTS, assert_same_rows, finished_parts, read
from support.cluster.processes import Start, children, running, wait_for, wait_for_end
from support.commands import ROOT, Model, Run, call, one_line_error

from pyimagesearch.cluster import object_store, session, tagging
from pyimagesearch.console import CommandError


@pytest.mark.cluster
def test_two_workers_write_the_same_rows_as_a_single_process(
    run_command: Run, quick_model: Model, photos: Path, tmp_path: Path
) -> None:
    few = [*sorted(photos.iterdir())[:600], tmp_path / "missing.jpg"]
    stdin = "".join(f"{photo}\n" for photo in few)
    arguments = (*quick_model.files, "-i", ROOT / "examples", "-")
    single = run_command("classify.py", *arguments, "--json", cwd=tmp_path, stdin=stdin)
    output = tmp_path / "tags.parquet"
    result = run_command(
        *("classify.py", *arguments, "--workers", 2, "--output", output),
        cwd=tmp_path,
        stdin=stdin,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    assert "2 of 608 photos skipped" in result.stderr
    assert len(read(output)) == 608
    assert_same_rows(output, single)
    assert sorted(path.name for path in output.iterdir()) == [
        "_run.json",
        *(f"part-0000{number}.parquet" for number in range(3)),
    ]


@pytest.fixture
def start(quick_model: Model, photos: Path, tmp_path: Path) -> Start:
    """Start tagging `photos` with two workers, into tags.parquet in `tmp_path`."""
    words = (
        *quick_model.files,
        "-i",
        photos,
        "--workers",
        2,
        "--output",
        tmp_path / "tags.parquet",
    )
    return lambda: running((sys.executable, ROOT / "classify.py", *words), tmp_path)


def busy_workers(command: subprocess.Popen[str], output: Path) -> list[int]:
    """Return the process ids of the workers of `command` after it has written a part."""
    wait_for(lambda: finished_parts(output), "the first part")
    workers = children(command.pid, "PartTagger")
    assert len(workers) == 2
    return workers


@pytest.mark.cluster
def test_no_row_is_missing_if_a_worker_is_killed(
    run_command: Run,
    quick_model: Model,
    photos: Path,
    tmp_path: Path,
    start: Start,
) -> None:
    output = tmp_path / "tags.parquet"
    with start() as command:
        os.kill(busy_workers(command, output)[0], signal.SIGKILL)
        assert finished_parts(output) < PARTS, "killed too late to prove anything"
        assert command.wait(240) == 0
    assert_same_rows(
        output, run_command("classify.py", *quick_model.files, "-i", photos, "--json", cwd=tmp_path)
    )
    assert len(read(output)) == PARTS * tagging.PART_SIZE


@pytest.mark.cluster
def test_a_second_run_tags_what_a_killed_one_left(
    run_command: Run,
    quick_model: Model,
    photos: Path,
    tmp_path: Path,
    start: Start,
) -> None:
    output = tmp_path / "tags.parquet"
    with start() as command:
        workers = busy_workers(command, output)
        command.kill()
    wait_for_end(workers)
    written = {path: path.stat().st_mtime_ns for path in output.glob("part-*")}
    assert 0 < len(written) < PARTS
    with start() as command:
        assert command.stderr
        messages = command.stderr.read()
        assert command.wait(240) == 0
    done = len(written) * tagging.PART_SIZE
    assert f"{done} of {PARTS * tagging.PART_SIZE} photos were already tagged\n" in messages
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert_same_rows(
        output, run_command("classify.py", *quick_model.files, "-i", photos, "--json", cwd=tmp_path)
    )


def test_more_workers_than_cpus_are_an_error(quick_model: Model, tmp_path: Path) -> None:
    arguments = ("-i", ROOT / "examples", "--workers", 1000, "--output", "tags.parquet")
    result = call("classify.py", *quick_model.files, *arguments, cwd=tmp_path)
    assert "--workers 1000: this machine has " in one_line_error(result)


@pytest.mark.parametrize(
    ("address", "complaint"),
    [
        ("127.0.0.1:9", "cannot be reached"),
        ("ray://host:10001", "must be HOST:PORT of the head node"),
    ],
)
def test_a_cluster_that_cannot_be_reached_is_an_error(
    quick_model: Model,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
    complaint: str,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)
    arguments = ("-i", ROOT / "examples", "--workers", 2, "--output", "tags.parquet")
    result = call("classify.py", *quick_model.files, *arguments, cwd=tmp_path)
    error = one_line_error(result)
    assert f"RAY_ADDRESS {address}: " in error
    assert complaint in error


def test_an_output_with_tags_of_other_photos_or_another_model_is_an_error(
    quick_model: Model, tmp_path: Path
) -> None:
    model, labelbin = quick_model.folder / "fashion.model", quick_model.folder / "mlb.pickle"
    job = tagging.make_job(model, labelbin, "auto", None, 10**6, str(tmp_path / "tags.parquet"))
    assert tagging.finished_parts(job, ["before.jpg"]) == set()  # it wrote no part
    assert tagging.finished_parts(job, ["a.jpg"]) == set()
    tagging.write_part(tagging.schema(("red",)).empty_table(), job.output, "part-00000.parquet")
    assert tagging.finished_parts(job, ["a.jpg"]) == {"part-00000.parquet"}
    for other_job, photos in ((job, ["b.jpg"]), (replace(job, threshold=0.5), ["a.jpg"])):
        with pytest.raises(CommandError, match="does not hold the tags of these photos"):
            tagging.finished_parts(other_job, photos)


def test_photos_that_an_earlier_run_could_not_read_are_counted_as_unreadable(
    quick_model: Model, tmp_path: Path
) -> None:
    model, labelbin = quick_model.folder / "fashion.model", quick_model.folder / "mlb.pickle"
    job = tagging.make_job(model, labelbin, "auto", None, 10**6, str(tmp_path / "tags.parquet"))
    photos = [str(tmp_path / "gone.jpg")]
    assert tagging.finished_parts(job, photos) == set()
    (part,) = tagging.make_parts(photos)
    tagging.PartTagger(job)(part)
    with pytest.raises(CommandError, match="none of the photos can be read"):
        tagging.tag(job, photos, workers=2)  # no part is missing, so Ray is not started


def test_if_ray_is_missing_the_error_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "auto")  # so that the environment is not changed
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(CommandError, match=r"pip install -r requirements-ray\.txt"):
        session.require_ray()


def test_parts_contain_every_photo_once_and_in_order() -> None:
    for count in (1, tagging.PART_SIZE, 2 * tagging.PART_SIZE + 1):
        photos = [f"{number}.jpg" for number in range(count)]
        parts = list(tagging.make_parts(photos))
        assert [os.fsdecode(name) for part in parts for name in part["photos"]] == photos
        assert [part["name"] for part in parts] == sorted({part["name"] for part in parts})


def test_images_behind_urls_are_found_and_copied_and_missing_ones_are_reported(
    tmp_path: Path,
) -> None:
    pictures = sorted((ROOT / "examples").iterdir())[:3]
    for picture in pictures:
        shutil.copy(picture, tmp_path / f"a b%20{picture.name}")
    (tmp_path / ".hidden").mkdir()
    shutil.copy(pictures[0], tmp_path / ".hidden")
    (tmp_path / "text.txt").write_text("not a picture")
    url = f"file://{tmp_path}"
    names = object_store.find_images(url)
    assert names == [f"{url}/a b%20{picture.name}" for picture in pictures]
    (copies := tmp_path / "copies").mkdir()
    errors: dict[Path, str] = {}
    requested = [names[0], str(pictures[1]), f"{url}/missing.jpg", names[2]]
    found = list(object_store.local_copies(requested, copies, errors))
    assert found[0].read_bytes() == pictures[0].read_bytes()
    assert found[1] == pictures[1]
    assert list(errors) == [found[2]]
    assert found[3].read_bytes() == pictures[2].read_bytes()


def test_a_url_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    for url in (f"file://{tmp_path}/missing", "nowhere://bucket/"):
        with pytest.raises(CommandError, match=url):
            object_store.find_images(url)
