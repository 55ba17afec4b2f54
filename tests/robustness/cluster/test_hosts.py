"""--workers over hosts that have nothing in common but the network and shared folders."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster.commands import (
    MANY,
    PARTS,
    Result,
    assert_close,
    assert_same,
    assert_same_rows,
    finished_parts,
    read_until,
    training,
)
from support.cluster.hosts import Cluster
from support.cluster.processes import running, wait_for
from support.commands import Run, Trained

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A head and a second host, a CPU each: two workers need both."""
    with Cluster() as cluster:
        cluster.add()
        cluster.add()
        yield cluster


def test_two_hosts_end_with_the_weights_of_the_single_process(
    run_command: Run, cluster: Cluster, table: Path, tmp_path: Path
) -> None:
    for name in ("single", "pair"):
        (tmp_path / name).mkdir()
    words = training(table, epochs=12)
    assert run_command("train.py", *words, cwd=tmp_path / "single").returncode == 0
    folder = tmp_path / "pair"
    with running(cluster.words("train.py", *words, "--workers", 2, cwd=folder), folder) as command:
        _, talk = command.communicate(timeout=240)
        assert command.returncode == 0, talk
    assert_close(Result(tmp_path / "single"), Result(tmp_path / "pair"))


def test_training_goes_on_when_another_host_takes_the_place_of_a_lost_one(
    cluster: Cluster, table: Path, uninterrupted: Result, tmp_path: Path
) -> None:
    words = (*training(table, MANY), "--workers", 2)
    with running(cluster.words("train.py", *words, cwd=tmp_path), tmp_path) as command:
        read_until(command, "epoch 3/")
        cluster.hosts[1].turn_off()
        cluster.add()
        _, talk = command.communicate(timeout=240)
        assert command.returncode == 0, talk
    assert "warning: a worker was lost; all continue after epoch " in talk
    assert_same(Result(tmp_path), uninterrupted)


def test_a_lost_host_costs_no_row(
    run_command: Run, cluster: Cluster, trained: Trained, photos: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tags.parquet"
    words = (*trained.files, "-i", photos)
    more = ("--workers", 2, "--output", output)
    line = cluster.words("classify.py", *words, *more, cwd=tmp_path)
    with running(line, tmp_path) as command:
        wait_for(lambda: finished_parts(output), "the first part")
        cluster.hosts[1].turn_off()
        assert finished_parts(output) < PARTS, "turned off too late to prove anything"
        _, talk = command.communicate(timeout=240)
        assert command.returncode == 0, talk
    assert_same_rows(output, run_command("classify.py", *words, "--json", cwd=tmp_path))
