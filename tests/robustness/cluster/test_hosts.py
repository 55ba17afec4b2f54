"""--workers on hosts that share only the network and folders."""

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
from support.commands import Model, Run

pytestmark = pytest.mark.cluster


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A head and a second host with one CPU each, so that two workers need both."""
    with Cluster() as cluster:
        cluster.add()
        cluster.add()
        yield cluster


def test_two_hosts_train_the_same_model_as_a_single_process(
    run_command: Run, cluster: Cluster, table: Path, tmp_path: Path
) -> None:
    for name in ("single", "pair"):
        (tmp_path / name).mkdir()
    words = training(table, epochs=12)
    assert run_command("train.py", *words, cwd=tmp_path / "single").returncode == 0
    folder = tmp_path / "pair"
    with running(cluster.words("train.py", *words, "--workers", 2, cwd=folder), folder) as command:
        _, messages = command.communicate(timeout=240)
        assert command.returncode == 0, messages
    assert_close(Result(tmp_path / "single"), Result(tmp_path / "pair"))


def test_training_continues_if_a_lost_host_is_replaced(
    cluster: Cluster, table: Path, uninterrupted: Result, tmp_path: Path
) -> None:
    words = (*training(table, MANY), "--workers", 2)
    with running(cluster.words("train.py", *words, cwd=tmp_path), tmp_path) as command:
        read_until(command, "epoch 3/")
        cluster.hosts[1].turn_off()
        cluster.add()
        _, messages = command.communicate(timeout=240)
        assert command.returncode == 0, messages
    assert "warning: a worker was lost; all continue after epoch " in messages
    assert_same(Result(tmp_path), uninterrupted)


def test_no_row_is_missing_if_a_host_is_lost(
    run_command: Run, cluster: Cluster, quick_model: Model, photos: Path, tmp_path: Path
) -> None:
    output = tmp_path / "tags.parquet"
    words = (*quick_model.files, "-i", photos)
    more = ("--workers", 2, "--output", output)
    line = cluster.words("classify.py", *words, *more, cwd=tmp_path)
    with running(line, tmp_path) as command:
        wait_for(lambda: finished_parts(output), "the first part")
        cluster.hosts[1].turn_off()
        assert finished_parts(output) < PARTS, "turned off too late to prove anything"
        _, messages = command.communicate(timeout=240)
        assert command.returncode == 0, messages
    assert_same_rows(output, run_command("classify.py", *words, "--json", cwd=tmp_path))
