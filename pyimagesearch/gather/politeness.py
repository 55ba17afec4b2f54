"""How hosts are asked: how many requests at a time, when again, and under which name."""

import asyncio
import random
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pyimagesearch.console import status

PRODUCT = "multi-label-tagger"
PROJECT_PAGE = "https://pyimagesearch.com/2018/05/07/multi-label-classification-with-keras/"

ATTEMPTS = 4

# The same request may succeed later (RFC 9110 section 15, RFC 6585, RFC 8470).
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
TOO_MANY_REQUESTS = 429

# A host that asks for a longer pause than this (seconds) is left alone for the rest of the run.
MAX_RETRY_AFTER = 60.0
# The pause after "too many requests" without a Retry-After, and how many pauses a host gets.
THROTTLE_PAUSE = 30.0
MAX_PAUSES = 3
# A host that never answers is given up after so many time-outs in a row.
MAX_TIMEOUTS = 3
# A longer wait than this (seconds) is announced.
LONG_WAIT = 5.0

_FIRST_PAUSE = 0.5

# Hosts that ask programs for less than browsers take. "Always keep a total concurrency of at
# most 2": https://wikitech.wikimedia.org/wiki/Robot_policy
_AT_A_TIME = {"upload.wikimedia.org": 2}
_WIKIMEDIA = ("wikimedia.org", "wikipedia.org")

# https://www.deviantart.com/team/journal/A-New-Directive-for-Opting-Out-of-AI-Datasets-934500371
_OPT_OUTS = frozenset({"noai", "noimageai"})
_WITH_VALUES = frozenset(
    {"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"}
)


class RefusedError(Exception):
    """The photo is not taken; the text is the reason, short and without the address."""


def backoff(attempt: int) -> float:
    """Return the seconds to wait after failed attempt 0, 1, 2, ...: at random up to 0.5, 1, 2 ...

    "Full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. At
    least a tenth of the span is waited, so that no attempt follows immediately.
    """
    span = min(_FIRST_PAUSE * 2.0**attempt, MAX_RETRY_AFTER)
    return random.uniform(0.1 * span, span)


def requested_pause(retry_after: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, None if it cannot be read.

    It holds whole seconds or an HTTP date (RFC 9110 section 10.2.3); a date in the past means 0.
    """
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        # Python refuses to read numbers of more than 4,300 digits.
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def pause_before_retry(attempt: int, retry_after: str, throttled: bool = False) -> float | None:
    """Return the seconds to wait after failed attempt 0, 1, ..., or None: do not ask again.

    `throttled` means that there were too many requests. A host that asks for more than
    MAX_RETRY_AFTER is not waited for.
    """
    if attempt + 1 >= ATTEMPTS:
        return None
    requested = requested_pause(retry_after, datetime.now(UTC))
    if requested is None:
        return THROTTLE_PAUSE if throttled else backoff(attempt)
    return None if requested > MAX_RETRY_AFTER else max(requested, backoff(0))


def announce_wait(seconds: float, host: str, reason: str) -> None:
    """Say what a long wait is for; short ones pass silently."""
    if seconds >= LONG_WAIT:
        status(f"waiting {seconds:.0f} seconds for {host}: {reason}")


class Host:
    """A host: whose turn it is, when it may be asked again, and whether it is given up."""

    def __init__(self, name: str, at_a_time: int) -> None:
        """Take no more than `at_a_time` requests at once."""
        self.name = name
        self.at_a_time = min(at_a_time, _AT_A_TIME.get(name, at_a_time))
        self.given_up = ""  # the reason, once there is one
        self._turns = asyncio.Semaphore(self.at_a_time)
        self._open_at = 0.0
        self._pauses = 0
        self._timeouts = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait for a turn and yield its time; raises RefusedError if the host is given up."""
        clock = asyncio.get_running_loop().time
        async with self._turns:
            # The pause may grow while we wait.
            while not self.given_up and (wait := self._open_at - clock()) > 0:
                await asyncio.sleep(wait)
            if self.given_up:
                raise RefusedError(self.given_up)
            yield clock()

    def answered(self) -> None:
        """Note that the host answers."""
        self._timeouts = 0

    def timed_out(self) -> None:
        """Note that the host did not answer in time."""
        self._timeouts += 1
        if self._timeouts >= MAX_TIMEOUTS:
            self.given_up = "no answer in time"

    def pause(self, asked_at: float, reason: str, retry_after: str) -> None:
        """Leave the host alone for as long as it wishes, or for good if it wishes so too often.

        Requests that were under way when a pause began belong to the same pause.
        """
        if asked_at < self._open_at:
            return
        requested = requested_pause(retry_after, datetime.now(UTC))
        seconds = THROTTLE_PAUSE if requested is None else requested
        self._pauses += 1
        if self._pauses > MAX_PAUSES or seconds > MAX_RETRY_AFTER:
            self.given_up = reason
        else:
            announce_wait(seconds, self.name, f"it asked for a pause ({reason})")
            self._open_at = asyncio.get_running_loop().time() + seconds


def is_wikimedia(host: str) -> bool:
    """Return whether `host` is one of the Wikimedia Foundation's, which wants a contact."""
    return any(host == domain or host.endswith(f".{domain}") for domain in _WIKIMEDIA)


def user_agent(host: str, contact: str) -> str:
    """Return the User-Agent for `host`; only Wikimedia's hosts are told `contact`, "" for none.

    https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
    """
    who = f"+{PROJECT_PAGE}; {contact}" if contact and is_wikimedia(host) else f"+{PROJECT_PAGE}"
    return f"{PRODUCT}/1.0 ({who})"


def wants_contact(host: str, status_code: int, contact: str) -> bool:
    """Return whether `host` refused a request that might be answered with a contact."""
    return is_wikimedia(host) and not contact and status_code in (403, TOO_MANY_REQUESTS)


def opted_out(headers: Iterable[str]) -> bool:
    """Return whether X-Robots-Tag `headers` forbid us to use a picture for machine learning.

    A directive may be meant for one program only, as in "otherbot: noai":
    https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag#xrobotstag
    """
    for header in headers:
        agent, colon, rest = header.lower().partition(":")
        named = bool(colon) and "," not in agent and agent.strip() not in _WITH_VALUES
        if named and agent.strip() not in ("*", PRODUCT):
            continue
        directives = (rest if named else header.lower()).split(",")
        if not _OPT_OUTS.isdisjoint(directive.strip() for directive in directives):
            return True
    return False


def tls_problem(error: BaseException | None) -> str:
    """Return why an encrypted connection failed, "" if `error` has another cause."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"certificate not trusted: {error.verify_message}"
        if isinstance(error, ssl.SSLError):
            return f"encryption failed: {error.reason or 'no common protocol'}"
        error = error.__cause__ or error.__context__
    return ""
