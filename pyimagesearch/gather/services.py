"""The places to search, by the names they have on the command line."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pyimagesearch.gather import bing, brave, commons, openverse
from pyimagesearch.gather.results import Found


@dataclass(frozen=True)
class Service:
    """A search function and what it takes to reach its service."""

    search: Callable[..., Iterator[Found]]
    endpoint: str
    key_variable: str = ""
    auth_header: str = ""
    needs_key: bool = False
    needs_contact: bool = False


SERVICES = {
    "openverse": Service(
        openverse.search, openverse.ENDPOINT, openverse.KEY, openverse.AUTH_HEADER
    ),
    "commons": Service(commons.search, commons.ENDPOINT, needs_contact=True),
    "brave": Service(brave.search, brave.ENDPOINT, brave.KEY, brave.AUTH_HEADER, needs_key=True),
    # No endpoint: Microsoft's own is gone. Whether a key is needed is up to the gateway.
    "bing": Service(bing.search, "", bing.KEY, bing.AUTH_HEADER),
}
