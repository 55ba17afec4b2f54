"""Which addresses may be connected to: public ones, looked up once, at every step of the way.

A search result is a stranger's text. Followed blindly, it could make this program talk to the
router, to a cloud's metadata service or to whatever listens on this machine.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable

import httpcore

Resolve = Callable[[str, int], Awaitable[list[str]]]

# IPv4 in IPv6's clothes (RFC 6052): how IPv6-only networks reach IPv4 at all.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
# What the ipaddress module of some Python calls global although nobody keeps photos there:
# protocol assignments with Teredo, 6to4, documentation (RFC 6890, 7526, 3056, 9637).
_SPECIAL = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
_SPECIAL_IPV6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2002::/16", "3fff::/20")))


class AddressRefusedError(Exception):
    """The host is, or a name leads to, an address that is not public."""


def is_public(address: str) -> bool:
    """Tell whether `address`, an IPv4 or IPv6 literal, is one that anybody on the internet has.

    False for loopback, private, link-local, shared, multicast, reserved, documentation and
    tunnelled addresses, and for anything that is not an address. It follows IANA's
    special-purpose address registries (RFC 6890).
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip not in _GLOBAL_UNICAST or any(ip in network for network in _SPECIAL_IPV6):
            return False
    elif any(ip in network for network in _SPECIAL):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host`, in the system's order; raises OSError if there is none.

    Also reads what only the system takes for an address: 127.1, 0x7f.0.0.1, 2130706433.
    """
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


class VettingBackend(httpcore.AsyncNetworkBackend):
    """httpcore's way to the network, which connects to vetted addresses only.

    A name is looked up once and the connection goes to an address of that very answer: a second
    lookup could be answered differently (DNS rebinding). One private address among several
    refuses the name. TLS still checks the certificate against the name.
    """

    def __init__(
        self,
        network: httpcore.AsyncNetworkBackend,
        allow_private: bool = False,
        resolve: Resolve = resolve,
    ) -> None:
        """Vet what `resolve` answers, then connect through `network`."""
        self._network = network
        self._allow_private = allow_private
        self._resolve = resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of `host` that answers.

        Raises AddressRefusedError before any connection is opened if an address is not public,
        httpcore.ConnectError or httpcore.ConnectTimeout if none answers.
        """
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host}: unknown host") from error
        if not self._allow_private:
            for address in addresses:
                if not is_public(address):
                    raise AddressRefusedError(f"{host} leads to {address}")
        failure: Exception = httpcore.ConnectError(f"{host}: no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore calls this between its own attempts."""
        await self._network.sleep(seconds)
