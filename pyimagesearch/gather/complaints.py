"""What went wrong with a search, in one plain line: the cause, and what to do about it."""

import json
import os
import re

import httpx

from pyimagesearch.gather.politeness import TOO_MANY_REQUESTS, tls_problem, wants_contact
from pyimagesearch.gather.results import inner, one_line, plain_text, records, text

LONGEST_MESSAGE = 200  # characters of what a service says
_LONGEST_ADDRESS = 80

_UNAUTHORIZED, _PAYMENT_REQUIRED, _FORBIDDEN = 401, 402, 403
_OUR_FAULT = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
_HINTS = {
    404: "is --endpoint right?",
    410: "the service takes https only, or is gone",
    TOO_MANY_REQUESTS: "too many requests; try again later",
}
# Bing answers 403 also "if the caller exceeded their queries per month quota", others 429:
# https://learn.microsoft.com/en-us/bing/search-apis/bing-image-search/reference/error-codes
_QUOTA = re.compile(r"quota|usage limit", re.IGNORECASE)
_WRONG_KEY = re.compile(r"TOKEN_INVALID|InvalidAuthorization|InsufficientAuthorization")


def short(address: str) -> str:
    """Return `address`, cut off if it is long."""
    return address if len(address) <= _LONGEST_ADDRESS else f"{address[:_LONGEST_ADDRESS]}..."


def message(body: str) -> str:
    """Return what the `body` of an error says: its message, or its first line if there is none."""
    try:
        answer: object = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    # Bing has a list of errors; Brave, and gateways in the manner of Azure, have one; Openverse
    # has a detail.
    problem = next(iter(records(answer, "errors")), None) or inner(answer, "error") or answer
    complaint = text(problem, "message") or text(problem, "detail") or text(problem, "info")
    if isinstance(problem, str):
        complaint = one_line(problem)
    elif not complaint and not text(problem, "code"):
        is_html = body.lstrip().startswith("<")
        lines = [plain_text(body)] if is_html else map(one_line, body[:4000].splitlines())
        complaint = next(filter(None, lines), "")
    return f"{text(problem, 'code')} {complaint}".strip()[:LONGEST_MESSAGE]


def quota_is_used_up(status: int, complaint: str) -> bool:
    """Return whether an error `status` means that there is nothing left until the next month."""
    return (
        status == _PAYMENT_REQUIRED
        or (status == _FORBIDDEN and "RateLimitExceeded" in complaint)
        or (status in (_FORBIDDEN, TOO_MANY_REQUESTS) and bool(_QUOTA.search(complaint)))
    )


def explain(response: httpx.Response, body: str, variable: str, has_key: bool, contact: str) -> str:
    """Return what an error `response` with `body` says, and what can be done about it.

    `variable` is the one that holds the service's key, "" if it takes none.
    """
    complaint = message(body)
    advice = _advice(response, complaint, variable, has_key, contact)
    return ": ".join(filter(None, (f"HTTP {response.status_code}", complaint, advice)))


def _advice(
    response: httpx.Response, complaint: str, variable: str, has_key: bool, contact: str
) -> str:
    status = response.status_code
    advice = _HINTS.get(status, "")
    if response.has_redirect_location:
        place = one_line(response.headers["location"])
        advice = f"it redirects to {place}; set --endpoint to that if you trust it"
    elif wants_contact(response.url.host, status, contact):
        advice = "Wikimedia wants to know whom it can write to; set --contact to your e-mail"
    elif quota_is_used_up(status, complaint):
        advice = "the quota is used up; wait until it is renewed, or use another --source"
    elif (status == _UNAUTHORIZED or _WRONG_KEY.search(complaint)) and has_key:
        advice = f"the key in {variable} was not accepted; set it again"
    elif status == _UNAUTHORIZED and variable:
        advice = f"a key is missing; set {variable} to yours"
    elif status == _FORBIDDEN:
        key = f"the key in {variable} or " if has_key else ""
        advice = f"blocked: the service refuses {key}your address; use another --source"
    return advice


def hopeless(error: Exception, host: str) -> str:
    """Return why no answer came from `host`, "" if the same request may succeed later."""
    reason = ""
    if problem := tls_problem(error):
        reason = (
            f"{problem}; is the clock of this machine right? Behind a proxy that decrypts, set "
            "SSL_CERT_FILE to its certificate"
        )
    elif isinstance(error, httpx.DecodingError):
        reason = "the compressed body of the answer cannot be unpacked"
    elif isinstance(error, httpx.ProxyError):
        reason = f"the proxy refuses the request ({error}); check HTTPS_PROXY"
    elif isinstance(error, httpx.ConnectError):
        proxy = next(filter(os.environ.get, _PROXIES), "")
        way = f" through the proxy in {proxy}" if proxy else ""
        question = "is the proxy running" if proxy else "are you online"
        reason = f"cannot connect to {host}{way} ({error}); {question}?"
    elif isinstance(error, httpx.RemoteProtocolError) and not broke_off(error):
        reason = f"malformed answer ({error}); is --endpoint right?"
    elif not isinstance(error, httpx.TransportError) or isinstance(error, _OUR_FAULT):
        reason = f"the request cannot be sent ({error}); check --endpoint and the proxy variables"
    return reason


def broke_off(error: Exception) -> bool:
    """Return whether a protocol error means that the answer ended early, not that it is malformed.

    httpcore and httpx raise the same error for both; only its text differs.
    """
    return "disconnected" in str(error) or "peer closed connection" in str(error)


def proxy_problem() -> str:
    """Return which proxy of the environment cannot be used, and what to do."""
    for variable in _PROXIES:
        scheme, colon, _ = os.environ.get(variable, "").partition("://")
        # The rest of the address may contain a password.
        if colon and scheme.lower() not in ("http", "https"):
            return (
                f"{variable}={scheme}://...: this kind of proxy cannot be used; unset {variable}, "
                "or set it to the address of an http:// proxy"
            )
    return "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or NO_PROXY is malformed; correct or unset it"
