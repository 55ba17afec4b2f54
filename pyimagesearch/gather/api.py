"""Asking a search service: patiently, and with one plain line for each failure."""

import asyncio
import ipaddress
import itertools
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from pyimagesearch.console import CommandError
from pyimagesearch.gather.complaints import (
    LONGEST_MESSAGE,
    explain,
    hopeless,
    message,
    proxy_problem,
    quota_is_used_up,
    short,
)
from pyimagesearch.gather.politeness import (
    RETRYABLE,
    TOO_MANY_REQUESTS,
    announce_wait,
    pause_before_retry,
    user_agent,
)
from pyimagesearch.gather.results import Filters, Found, WrongArgumentError, one_line, text

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds; between bytes, and to connect
_MAX_BYTES = 32 * 2**20  # of an answer, unpacked
_LONGEST_LINE = 500  # characters
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2

# MediaWiki reports in HTTP 200 that it is too busy now:
# https://www.mediawiki.org/wiki/API:Etiquette, https://www.mediawiki.org/wiki/Manual:Maxlag_parameter
_BUSY_CODES = frozenset({"ratelimited", "maxlag", "cirrussearch-too-busy-error", "readonly"})


@dataclass(frozen=True)
class Service:
    """A search service: how to ask it, and what it can give at most for one phrase (None: unknown).

    `search(api, phrase, filters)` yields what the service finds, the best first, and raises
    WrongArgumentError if the service does not have such filters.
    """

    search: Callable[["Api", str, Filters], AsyncIterator[Found]]
    endpoint: str
    key_variable: str = ""
    auth_header: str = ""
    needs_key: bool = False
    most: int | None = None
    states_licences: bool = True


@dataclass(frozen=True)
class Key:
    """A key from the environment, "" if there is none. It never shows in text or repr."""

    variable: str
    value: str = field(default="", repr=False)


def key_from_environment(variable: str) -> Key:
    """Return the key in the environment `variable`; raises CommandError if it cannot be a key."""
    value = os.environ.get(variable, "").strip()
    # A value that cannot be a header would come back in an error message, with the key in it.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise CommandError(f"{variable} contains characters that are in no key; set it again")
    return Key(variable, value)


@asynccontextmanager
async def open_client() -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that uses the proxies and certificates that the environment names.

    Raises CommandError if it cannot, with the variable that has to be changed.
    """
    try:
        client = httpx.AsyncClient()
    except (ImportError, ValueError, httpx.InvalidURL):
        raise CommandError(proxy_problem()) from None
    except OSError as error:
        raise CommandError(
            f"certificates cannot be read ({error.filename or error.strerror or error}); correct "
            "or unset SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE"
        ) from None
    async with client:
        yield client


def connect(
    endpoint: str, client: httpx.AsyncClient, auth_header: str, key: Key, contact: str = ""
) -> "Api":
    """Return the service at `endpoint`, to be asked over `client` with `key` in `auth_header`.

    "Authorization: Bearer" puts the word before the key. Raises WrongArgumentError if the endpoint
    is not a web address, the header is not one, or a key would be sent unencrypted.
    """
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if endpoint and (url.scheme not in ("http", "https") or not url.host):
        raise WrongArgumentError(f"--endpoint {short(endpoint)}: not a web address")
    if key.value and url.scheme == "http" and not _is_this_machine(url.host):
        raise WrongArgumentError(f"--endpoint {short(endpoint)}: keys are sent over https only")
    name, _, word = (part.strip() for part in auth_header.partition(":"))
    if key.value and not (_TOKEN.fullmatch(name) and word.isascii() and word.isprintable()):
        raise WrongArgumentError(
            f"--auth-header {auth_header!r}: not a header; give a name, as X-Api-Key, or a name "
            'and a word, as "Authorization: Bearer"'
        )
    headers = {"User-Agent": user_agent(url.host, contact)}
    if key.value:
        headers[name] = f"{word} {key.value}".strip()
    return Api(endpoint, client, headers, key, contact)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _RetryableError(Exception):
    """This attempt failed, the next one may not."""

    def __init__(self, problem: str, retry_after: str = "", throttled: bool = False) -> None:
        super().__init__(problem)
        self.retry_after = retry_after
        self.throttled = throttled


@dataclass(frozen=True)
class Api:
    """A search service: where it is and what it wants to see in every request."""

    endpoint: str
    client: httpx.AsyncClient = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    key: Key
    contact: str = ""

    async def get(
        self, parameters: Mapping[str, str | int], is_understood: Callable[[object], bool]
    ) -> object:
        """Return the JSON that the service answers to `parameters`.

        Failures that may pass are retried. Raises CommandError, in one line without the key, if
        there is no answer, an error, or an answer that `is_understood` does not know. Redirects are
        not followed: the key would go along to wherever they lead.
        """
        for attempt in itertools.count():
            try:
                return await self._ask(parameters, is_understood)
            except _RetryableError as error:
                problem = self._hide_key(str(error))[:_LONGEST_LINE]
                pause = pause_before_retry(attempt, error.retry_after, error.throttled)
            if pause is None:
                break
            announce_wait(pause, short(self.endpoint), problem)
            await asyncio.sleep(pause)
        raise self._error(problem)

    async def _ask(
        self, parameters: Mapping[str, str | int], is_understood: Callable[[object], bool]
    ) -> object:
        """Send one request."""
        try:
            url = httpx.URL(self.endpoint).copy_merge_params(parameters)
            async with self.client.stream(
                "GET", url, headers=self.headers, timeout=_TIMEOUT
            ) as response:
                # Some services repeat the key. It must go before a message is cut in its middle.
                body = self._hide_key(await self._read(response))
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            if problem := hopeless(error, httpx.URL(self.endpoint).host):
                raise self._error(problem) from None
            timed_out = isinstance(error, httpx.TimeoutException)
            raise _RetryableError(
                "no answer in time" if timed_out else "the connection broke off"
            ) from None
        if response.is_success:
            return self._understand(response, body, is_understood)
        status, has_key = response.status_code, bool(self.key.value)
        problem = explain(response, body, self.key.variable, has_key, self.contact)
        if status in RETRYABLE and not quota_is_used_up(status, message(body)):
            throttled = status == TOO_MANY_REQUESTS
            raise _RetryableError(problem, response.headers.get("retry-after", ""), throttled)
        raise self._error(problem)

    async def _read(self, response: httpx.Response) -> str:
        body = bytearray()
        async for part in response.aiter_bytes():
            body += part
            if len(body) > _MAX_BYTES:
                raise self._error(
                    f"the answer is over {_MAX_BYTES >> 20} MiB; is --endpoint right?"
                )
        return body.decode("utf-8-sig", "replace")

    def _understand(
        self, response: httpx.Response, body: str, is_understood: Callable[[object], bool]
    ) -> object:
        try:
            answer: object = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        if text(answer, "error", "code") in _BUSY_CODES:
            raise _RetryableError(message(body), response.headers.get("retry-after", ""))
        if not is_understood(answer):
            start = one_line(body[:LONGEST_MESSAGE]) or "it is empty"
            raise self._error(f"answer not understood: {start}")
        return answer

    def _error(self, problem: str) -> CommandError:
        """Return the error that ends the search."""
        return CommandError(self._hide_key(f"{short(self.endpoint)}: {problem}")[:_LONGEST_LINE])

    def _hide_key(self, line: str) -> str:
        """Return `line` without the key."""
        return line.replace(self.key.value, "***") if self.key.value else line
