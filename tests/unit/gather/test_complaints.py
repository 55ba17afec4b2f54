import httpx
import pytest

from pyimagesearch.gather.complaints import explain, message, short


def explained(host: str, status: int, contact: str = "") -> str:
    request = httpx.Request("GET", f"https://{host}/w/api.php")
    body = "Please set a user-agent and respect our robot policy https://w.wiki/4wJS."
    return explain(httpx.Response(status, request=request), body, "", False, contact)


@pytest.mark.parametrize("status", [403, 429])
def test_wikimedia_is_said_to_want_a_contact_unless_it_has_one(status: int) -> None:
    # https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
    assert "--contact" in explained("commons.wikimedia.org", status)
    assert "respect our robot policy" in explained("commons.wikimedia.org", status)
    assert "--contact" not in explained("commons.wikimedia.org", status, "me@example.org")
    assert "--contact" not in explained("api.example", status)


def test_the_first_line_that_says_something_is_the_message() -> None:
    assert message("\n \nfirst\nsecond") == "first"
    assert message('{"detail": "a\\nb"}') == "a b"
    assert message("") == ""


@pytest.mark.parametrize(
    ("body", "stated"),
    [
        ('{"error": "no such key"}', "no such key"),
        ('{"error": {"code": 7}}', '{"error": {"code": 7}}'),
        (
            '{"license": ["License x does not exist."]}',
            '{"license": ["License x does not exist."]}',
        ),
        ("{}", "{}"),
        ('{"error": {"code": "X"}}', "X"),
        ("null", "null"),
    ],
)
def test_an_error_in_a_form_of_its_own_is_shown_as_it_is(body: str, stated: str) -> None:
    assert message(body) == stated


def test_only_long_addresses_are_cut() -> None:
    assert short("https://a.example/1.jpg") == "https://a.example/1.jpg"
    assert len(short("https://a.example/" + "x" * 1000)) < 100
