"""Where photos are fetched from, and where not."""

import pytest
from support.web.fetching import PUBLIC, CannedNetwork, fetch, fetch_through, redirect_to
from support.web.local_web import LocalWeb

from pyimagesearch.gather.fetch import Visitor


def test_redirects_are_followed_even_relative_ones(web: LocalWeb) -> None:
    web.serve("/a", b"", 302, Location="b?x=1")
    web.serve("/b", b"", 308, Location=web.url("/c"))
    web.serve("/c", b"here")
    assert fetch(web.url("/a")) == [b"here"]
    assert web.paths() == ["/a", "/b", "/c"]


def test_redirects_in_a_circle_end(web: LocalWeb) -> None:
    assert fetch(web.serve("/a", b"", 301, Location="/a")) == ["too many redirects"]
    assert len(web.asked) == 6


@pytest.mark.parametrize(
    "place",
    [
        *("file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "data:image/png,x"),
        *("javascript:alert(1)", "https:///a", "http://[::1", "http://127.0.0.1:99999/"),
        "http://127.0.0.1/" + "a" * 8000,
    ],
)
def test_only_web_addresses_are_asked_first_or_by_redirect(web: LocalWeb, place: str) -> None:
    assert fetch(place) == ["not a web address"]
    assert fetch(web.serve("/a", b"", 302, Location=place)) == ["not a web address"]
    assert web.paths() == ["/a"]


@pytest.mark.parametrize(
    "place",
    [
        *("http://127.0.0.1/", "http://10.0.0.1/", "http://192.168.0.1/", "https://172.16.0.9/"),
        *("http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://[::1]/"),
        *("http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://0.0.0.0/"),
        *("http://224.0.0.1/", "//10.0.0.1/a"),
    ],
)
def test_a_redirect_to_a_private_address_opens_no_connection(place: str) -> None:
    network = CannedNetwork(redirect_to(place))
    assert fetch_through(network, "http://photos.example/a") == ["not a public address"]
    assert network.wanted == [PUBLIC]


def test_a_private_address_in_the_result_itself_opens_no_connection() -> None:
    network = CannedNetwork(redirect_to("/"))
    assert fetch_through(network, "http://192.168.0.1/a") == ["not a public address"]
    assert network.wanted == []


def test_loopback_is_refused_without_the_flag(web: LocalWeb) -> None:
    assert fetch(web.serve("/a", b"secret"), visitor=Visitor()) == ["not a public address"]
    assert web.asked == []
