from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from pyimagesearch.gather import retry
from pyimagesearch.gather.retry import (
    ATTEMPTS,
    MAX_RETRY_AFTER,
    asked_pause,
    backoff,
    pause_before_retry,
)

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0663", None),
        ("9" * 5000, 999999999999.0),
        ("Fri, 99 Jan 2026 03:04:35 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert asked_pause(header, NOW) == seconds


def test_backoff_doubles_its_span_and_varies_within_it() -> None:
    for attempt, span in enumerate((0.5, 1.0, 2.0)):
        waits = [backoff(attempt) for _ in range(200)]
        assert span / 10 <= min(waits) < max(waits) <= span
        assert max(waits) - min(waits) > span / 2
    assert backoff(100) <= MAX_RETRY_AFTER


def test_the_last_attempt_is_not_followed_by_another() -> None:
    assert pause_before_retry(ATTEMPTS - 2, "") is not None
    assert pause_before_retry(ATTEMPTS - 1, "") is None
    assert pause_before_retry(ATTEMPTS - 1, "1") is None


def test_the_host_is_not_asked_again_before_it_wishes() -> None:
    pause = pause_before_retry(0, "5")
    assert pause is not None
    assert pause >= 5


def test_a_host_that_wants_more_patience_than_we_have_is_left_alone() -> None:
    assert pause_before_retry(0, str(int(MAX_RETRY_AFTER) + 1)) is None
    assert pause_before_retry(0, "9" * 5000) is None


def test_retry_after_zero_still_waits_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "_FIRST_PAUSE", 1.0)
    pause = pause_before_retry(0, "0")
    assert pause is not None
    assert pause >= 0.1
