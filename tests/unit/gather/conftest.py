from collections.abc import Iterator
from pathlib import Path

import pytest
from support.web.local_web import LocalWeb, local_web, loopback_only, without_keys

from pyimagesearch.gather import politeness


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as served:
        yield served


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A folder without neighbours: those of pytest's own are the folders of other tests."""
    (tmp_path / "alone").mkdir()
    return tmp_path / "alone"


@pytest.fixture(autouse=True)
def closed_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's keys nor the internet get into a test."""
    without_keys(monkeypatch)
    loopback_only(monkeypatch)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait hundredths of seconds between attempts."""
    monkeypatch.setattr(politeness, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(politeness, "THROTTLE_PAUSE", 0.01)
