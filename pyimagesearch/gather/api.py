"""Asking a search service: retries, plain messages, and a key that is never shown."""

import ipaddress
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from pyimagesearch.console import CommandError
from pyimagesearch.gather.options import WrongArgumentError
from pyimagesearch.gather.results import inner, records, text
from pyimagesearch.gather.retry import RETRYABLE, pause_before_retry

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds; between bytes, and to connect
_LONGEST_MESSAGE = 300  # characters


@dataclass(frozen=True)
class Key:
    """A key from the environment: "" where there is none. It never shows in text or repr."""

    variable: str
    value: str = field(default="", repr=False)


_NO_KEY = Key("")


def key_from_environment(variable: str) -> Key:
    """Return the key in the environment `variable`; raises CommandError where it cannot be one."""
    value = os.environ.get(variable, "").strip()
    # What is no header would come back in an error message, with the key in it.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise CommandError(f"{variable} holds characters that no key has; set it again")
    return Key(variable, value)


def connect(endpoint: str, client: httpx.Client, auth_header: str, key: Key) -> "Api":
    """Return the service at `endpoint`, to be asked over `client` with `key` in `auth_header`.

    "Authorization: Bearer" puts the word before the key. Raises WrongArgumentError where the
    endpoint is no web address, or a key would travel in the clear.
    """
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if endpoint and (url.scheme not in ("http", "https") or not url.host):
        raise WrongArgumentError(f"--endpoint {endpoint}: not a web address")
    if key.value and url.scheme == "http" and not _is_this_machine(url.host):
        raise WrongArgumentError(f"--endpoint {endpoint}: a key is sent over https only")
    name, _, word = auth_header.partition(":")
    headers = {name.strip(): f"{word.strip()} {key.value}".strip()} if key.value else {}
    return Api(endpoint, client, headers, key)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Api:
    """A search service: where it is and what it wants to see in every request."""

    endpoint: str
    client: httpx.Client = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key: Key = _NO_KEY

    def get(self, parameters: Mapping[str, str | int]) -> object:
        """Return the JSON that the service answers to `parameters`.

        Passing troubles are retried. Raises CommandError, in one line without the key, where
        there is no answer, an error or no JSON. Redirects are not followed: the key would go
        along to wherever they lead.
        """
        attempt = 0
        while True:
            try:
                url = httpx.URL(self.endpoint).copy_merge_params(parameters)
                response = self.client.get(url, headers=self.headers, timeout=_TIMEOUT)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                problem = self._hide_key(f"{type(error).__name__}: {error}")
                retry_after = ""
            else:
                if response.status_code not in RETRYABLE:
                    return self._answer(response)
                problem = self._complaint(response)
                retry_after = response.headers.get("retry-after", "")
            pause = pause_before_retry(attempt, retry_after)
            if pause is None:
                raise CommandError(f"{self.endpoint}: {problem}")
            time.sleep(pause)
            attempt += 1

    def _answer(self, response: httpx.Response) -> object:
        if not response.is_success:
            raise CommandError(f"{self.endpoint}: {self._complaint(response)}")
        try:
            answer: object = response.json()
        except (ValueError, RecursionError):
            kind = self._hide_key(response.headers.get("content-type", "no content type"))
            raise CommandError(
                f"{self.endpoint}: the answer is not JSON ({kind}); is --endpoint right?"
            ) from None
        return answer

    def _complaint(self, response: httpx.Response) -> str:
        """Return what an error response says, in one line."""
        status = response.status_code
        said = _message(response)
        hint = _HINTS.get(status, "")
        if response.has_redirect_location:
            place = response.headers["location"]
            hint = f"it redirects to {place}; give that as --endpoint if you trust it"
        if status in (401, 403) and self.key.variable:
            held = "was not accepted" if self.key.value else "is not set"
            hint = f"the key in {self.key.variable} {held}"
        return self._hide_key(": ".join(filter(None, (f"HTTP {status}", said, hint))))

    def _hide_key(self, line: str) -> str:
        """Return `line` without the key, which some services repeat in their messages."""
        return line.replace(self.key.value, "***") if self.key.value else line


_HINTS = {
    404: "is --endpoint right?",
    410: "the service takes https only, or is gone",
    429: "too many requests; try again later",
}


def _message(response: httpx.Response) -> str:
    """Return the message of an error body in any of the forms the services use."""
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        return ""
    # Bing has a list of errors; Brave, and gateways in the manner of Azure, have one; Openverse
    # says it straight.
    problem = next(iter(records(body, "errors")), None) or inner(body, "error") or body
    said = text(problem, "message") or text(problem, "detail")
    return f"{text(problem, 'code')} {said}".strip()[:_LONGEST_MESSAGE]
