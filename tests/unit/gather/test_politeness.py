import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpcore
import pytest

from pyimagesearch.gather import politeness
from pyimagesearch.gather.politeness import (
    ATTEMPTS,
    MAX_PAUSES,
    MAX_RETRY_AFTER,
    MAX_TIMEOUTS,
    PROJECT_PAGE,
    THROTTLE_PAUSE,
    Host,
    RefusedError,
    backoff,
    opted_out,
    pause_before_retry,
    requested_pause,
    tls_problem,
    user_agent,
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
        ("Fri, 02 Jan 9999999999 03:04:35 GMT", None),
        ("Fri, 02 Jan 2026 03:04:35 +9999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert requested_pause(header, NOW) == seconds


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


def test_too_many_requests_without_retry_after_mean_30_seconds() -> None:
    assert THROTTLE_PAUSE == 30
    assert pause_before_retry(0, "", throttled=True) == 30
    assert pause_before_retry(0, "7", throttled=True) == 7


def test_a_host_that_asks_for_a_longer_pause_than_we_wait_is_left_alone() -> None:
    assert pause_before_retry(0, str(int(MAX_RETRY_AFTER) + 1)) is None
    assert pause_before_retry(0, "9" * 5000) is None


def test_retry_after_zero_still_waits_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(politeness, "_FIRST_PAUSE", 1.0)
    pause = pause_before_retry(0, "0")
    assert pause is not None
    assert pause >= 0.1


async def pause_and_return(host: Host, retry_after: str = "") -> None:
    async with host.turn() as asked_at:
        host.pause(asked_at, "HTTP 429", retry_after)


@pytest.mark.usefixtures("short_pauses")
def test_a_host_is_given_up_after_a_few_pauses() -> None:
    async def work() -> None:
        host = Host("a", 6)
        for _ in range(MAX_PAUSES):
            await pause_and_return(host)
        assert host.given_up == ""
        await pause_and_return(host)
        with pytest.raises(RefusedError, match="HTTP 429"):
            await pause_and_return(host)

    asyncio.run(work())


@pytest.mark.usefixtures("short_pauses")
def test_answers_to_requests_under_way_when_a_pause_began_are_one_pause() -> None:
    async def work() -> None:
        host = Host("a", 6)
        now = asyncio.get_running_loop().time()
        for _ in range(20):
            host.pause(now, "HTTP 429", "")
        assert not host.given_up

    asyncio.run(work())


def test_a_host_that_asks_for_an_hour_is_given_up() -> None:
    async def work() -> None:
        host = Host("a", 6)
        await pause_and_return(host, "3600")
        assert host.given_up

    asyncio.run(work())


def test_a_long_pause_is_announced_and_a_short_one_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def work() -> None:
        await pause_and_return(Host("slow.example", 6), "17")
        await pause_and_return(Host("quick.example", 6), "1")

    asyncio.run(work())
    said = capsys.readouterr().err
    assert said == "waiting 17 seconds for slow.example: it asked for a pause (HTTP 429)\n"


def test_a_host_is_given_up_after_three_timeouts_in_a_row() -> None:
    host = Host("a", 6)
    for _ in range(2 * MAX_TIMEOUTS):
        host.timed_out()
        host.answered()
    reasons = [host.given_up]
    for _ in range(MAX_TIMEOUTS):
        host.timed_out()
    assert [*reasons, host.given_up] == ["", "no answer in time"]
    assert MAX_TIMEOUTS == 3


def test_only_wikimedia_is_told_the_contact() -> None:
    mine = "me@example.org"
    for host in ("upload.wikimedia.org", "commons.wikimedia.org", "en.wikipedia.org"):
        assert mine in user_agent(host, mine)
        assert PROJECT_PAGE in user_agent(host, mine)
    for host in ("photos.example", "wikimedia.org.evil.example", "evilwikimedia.org", ""):
        assert mine not in user_agent(host, mine)
        assert PROJECT_PAGE in user_agent(host, mine)


@pytest.mark.parametrize(
    ("headers", "is_opted_out"),
    [
        (["noai"], True),
        (["noimageai"], True),
        (["NoIndex, NOAI"], True),
        (["nofollow", "noai, noimageai"], True),
        (["multi-label-tagger: noai"], True),
        (["*: noimageai"], True),
        (["otherbot: noai"], False),
        (["unavailable_after: 25 Jun 2010 15:00:00 PST, noai"], True),
        (["noai, unavailable_after: 25 Jun 2010 15:00:00 PST"], True),
        (["max-image-preview: large"], False),
        (["noindex", ""], False),
        ([], False),
    ],
)
def test_opt_outs_from_machine_learning_are_understood(
    headers: list[str], is_opted_out: bool
) -> None:
    assert opted_out(headers) == is_opted_out


def test_the_reason_why_a_certificate_is_not_trusted_is_found() -> None:
    certificate = ssl.SSLCertVerificationError(1, "bad")
    certificate.verify_message = "certificate has expired"
    error = httpcore.ConnectError("connect")
    error.__cause__ = certificate
    assert tls_problem(error) == "certificate not trusted: certificate has expired"
    assert tls_problem(httpcore.ConnectError("refused")) == ""
