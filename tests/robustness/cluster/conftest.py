from pathlib import Path

import numpy as np
import pytest
from support.commands import ROOT, Run

pytest.importorskip("ray", reason="needs Ray: pip install -r requirements-ray.txt")

from support.cluster.commands import LABELS, MANY, PARTS, Result, training

from pyimagesearch.cluster import tagging


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with enough pictures for PARTS parts, one of them broken."""
    folder = tmp_path_factory.mktemp("photos")
    pictures = sorted((ROOT / "dataset").rglob("*.jpg"))
    for number in range(PARTS * tagging.PART_SIZE):
        picture = pictures[number % len(pictures)]
        Path(folder, f"{number:05}.jpg").symlink_to(picture)
    broken = folder / "00300.jpg"
    broken.unlink()
    broken.write_bytes(pictures[0].read_bytes()[:500])
    return folder


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A feature table of 403 rows, which no number of workers divides."""
    draw = np.random.default_rng(0)
    features = draw.normal(size=(403, 8))
    targets = np.stack([features[:, 0] > 0, features[:, 1] > 0.5, features[:, 2] > 1], axis=1)
    path = tmp_path_factory.mktemp("table") / "table.csv"
    header = ",".join([*(f"feature_{number}" for number in range(8)), *LABELS])
    rows = np.hstack([features, targets])
    np.savetxt(path, rows, delimiter=",", header=header, comments="", fmt=["%.6f"] * 8 + ["%d"] * 3)
    return path


@pytest.fixture(scope="session")
def uninterrupted(
    run_command: Run, table: Path, tmp_path_factory: pytest.TempPathFactory
) -> Result:
    """A run of two workers on this machine, on `table` for many epochs."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    result = run_command("train.py", *training(table, MANY), "--workers", 2, cwd=folder)
    assert result.returncode == 0, result.stderr
    return Result(folder)
