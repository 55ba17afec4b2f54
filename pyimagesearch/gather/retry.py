"""When to ask again: the one place that knows about back-off and Retry-After."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 4

# Passing troubles (RFC 9110 section 15, RFC 6585, RFC 8470): the same request may succeed later.
RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})

# A host that asks for more patience than this (seconds) is left alone for the rest of the run.
MAX_RETRY_AFTER = 60.0

_FIRST_PAUSE = 0.5


def backoff(attempt: int) -> float:
    """Return the seconds to wait after failed attempt 0, 1, 2, ...: at random up to 0.5, 1, 2 ...

    "Full jitter": https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/. A
    tenth of the span is always waited, so that no attempt follows at once.
    """
    span = min(_FIRST_PAUSE * 2.0**attempt, MAX_RETRY_AFTER)
    return random.uniform(0.1 * span, span)


def asked_pause(retry_after: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, None where it says nothing readable.

    It holds whole seconds or an HTTP date (RFC 9110 section 10.2.3); a date gone by means 0.
    """
    value = retry_after.strip()
    if value.isascii() and value.isdigit():
        # Python refuses to read numbers of more than 4,300 digits.
        return float(value[:12])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def pause_before_retry(attempt: int, retry_after: str) -> float | None:
    """Return the seconds to wait after failed attempt 0, 1, ..., or None: do not ask again.

    Asking again before the host wishes is rude, waiting longer than `MAX_RETRY_AFTER` pointless.
    """
    if attempt + 1 >= ATTEMPTS:
        return None
    asked = asked_pause(retry_after, datetime.now(UTC))
    if asked is None:
        return backoff(attempt)
    return None if asked > MAX_RETRY_AFTER else max(asked, backoff(0))
