from collections.abc import Iterator

import pytest
from support.web.local_web import LocalWeb, local_web, loopback_only, without_keys

from pyimagesearch.gather import retry


@pytest.fixture
def web() -> Iterator[LocalWeb]:
    with local_web() as served:
        yield served


@pytest.fixture(autouse=True)
def closed_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the developer's keys nor the internet get into a test."""
    without_keys(monkeypatch)
    loopback_only(monkeypatch)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off in hundredths of seconds."""
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 0.01)
