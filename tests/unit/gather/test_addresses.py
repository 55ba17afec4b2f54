import asyncio
from collections.abc import Iterable

import httpcore
import pytest

from pyimagesearch.gather.addresses import (
    AddressRefusedError,
    VettingBackend,
    is_public,
    resolve,
)

PUBLIC = "93.184.215.14"


class Recorder(httpcore.AsyncNetworkBackend):
    """Writes down where a connection was wanted and opens none."""

    def __init__(self, dead: Iterable[str] = ()) -> None:
        self.wanted: list[str] = []
        self.dead = set(dead)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.wanted.append(host)
        if host in self.dead:
            raise httpcore.ConnectError("nobody there")
        return httpcore.AsyncMockStream([])


class Names:
    """A name service that gives each answer once and the last one forever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.lookups = 0

    async def resolve(self, host: str, port: int) -> list[str]:
        self.lookups += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1"),
        *("198.51.100.1", "203.0.113.1", "192.88.99.1", "224.0.0.1", "239.1.2.3"),
        *("240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1"),
        *("100::1", "2001:db8::1", "3fff::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:5db8:d70e::1", "2001:0:1::1", "2001:10::1"),
        *("", "example.org", "127.1", "8.8.8.8 ", "1.2.3.4.5"),
    ],
)
def test_addresses_that_are_not_public_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(PUBLIC, "8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "192.0.1.1"),
        *("2606:4700::1111", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    ],
)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "localhost"])
def test_other_spellings_of_loopback_are_resolved_before_they_are_checked(host: str) -> None:
    addresses = asyncio.run(resolve(host, 80))
    assert addresses
    assert not any(map(is_public, addresses))


@pytest.mark.parametrize(
    "answer", [["10.0.0.7"], ["169.254.169.254"], [PUBLIC, "::1"], ["fe80::1", PUBLIC]]
)
def test_no_connection_is_opened_if_any_address_is_private(answer: list[str]) -> None:
    network = Recorder()
    backend = VettingBackend(network, resolve=Names(answer).resolve)
    with pytest.raises(AddressRefusedError):
        asyncio.run(backend.connect_tcp("photos.example", 80))
    assert network.wanted == []


def test_the_connection_goes_to_the_address_that_was_vetted_with_one_lookup() -> None:
    names = Names([PUBLIC], ["127.0.0.1"])  # answers differently the second time: DNS rebinding
    network = Recorder()
    backend = VettingBackend(network, resolve=names.resolve)
    asyncio.run(backend.connect_tcp("photos.example", 80))
    assert network.wanted == [PUBLIC]
    assert names.lookups == 1


def test_the_next_address_is_tried_if_the_first_is_dead() -> None:
    network = Recorder(dead=["2606:4700::1111"])
    backend = VettingBackend(network, resolve=Names(["2606:4700::1111", PUBLIC]).resolve)
    asyncio.run(backend.connect_tcp("photos.example", 80))
    assert network.wanted == ["2606:4700::1111", PUBLIC]


def test_private_addresses_are_reached_if_that_is_allowed() -> None:
    network = Recorder()
    backend = VettingBackend(network, allow_private=True, resolve=Names(["10.0.0.7"]).resolve)
    asyncio.run(backend.connect_tcp("intranet.example", 80))
    assert network.wanted == ["10.0.0.7"]
