"""What every adapter checks before anything is sent."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand.errors import ConfigurationError
from countermand.venue import check_header_value, clean_base_url

GOOD_URLS = {
    "https://api.venue.example": "https://api.venue.example",
    "https://api.venue.example/": "https://api.venue.example",
    "https://api.venue.example:8443/v1/": "https://api.venue.example:8443/v1",
    "HTTPS://API.venue.example": "HTTPS://API.venue.example",
    "http://127.0.0.1:8080": "http://127.0.0.1:8080",
    "http://127.9.9.9": "http://127.9.9.9",
    "http://[::1]:8080": "http://[::1]:8080",
    "http://localhost:8080/": "http://localhost:8080",
    "http://LOCALHOST": "http://LOCALHOST",
}
BAD_URLS = {
    "none": (None, "must be a URL like https://host:port"),
    "bytes": (b"https://venue.example", "must be a URL like"),
    "empty": ("", "must begin with https:// and name a host"),
    "no scheme": ("api.venue.example", "must begin with https://"),
    "another scheme": ("ftp://api.venue.example", "must begin with https://"),
    "no host": ("https://", "must begin with https://"),
    "a port without a host": ("https://:443", "must begin with https://"),
    "a port that is none": ("https://venue.example:port", "must be a URL like https://host:port"),
    "a port beyond all": ("https://venue.example:99999", "must be a URL like https://host:port"),
    "half an address": ("https://[::1", "must be a URL like https://host:port"),
    "a blank": ("https://venue.example/a b", "must be a URL like"),
    "a line end": ("https://venue.example\n", "must be a URL like"),
    "another script": ("https://v\u0435nue.example", "must be a URL like"),
    "a user": ("https://me:secret@venue.example", "must bear no user, query or fragment"),
    "an empty user": ("https://@venue.example", "must bear no user, query or fragment"),
    "a query": ("https://venue.example/?key=1", "must bear no user, query or fragment"),
    "an empty query": ("https://venue.example?", "must bear no user, query or fragment"),
    "a fragment": ("https://venue.example/#top", "must bear no user, query or fragment"),
    "an empty fragment": ("https://venue.example#", "must bear no user, query or fragment"),
    "a user without a scheme": ("me:secret@venue.example", "must bear no user, query or fragment"),
    "a user without slashes": ("https:me:secret@venue.example", "must bear no user, query or fragment"),
    "a slash in a password": ("https://me:secret/x@venue.example", "must be a URL like"),
    "a slash behind digits": ("https://me:123/secret@venue.example", "must bear no user, query or fragment"),
    "a blank in a key": ("https://venue.example/?key=secret x", "must be a URL like"),
    "a blank in a user": ("https://m e:secret@venue.example", "must be a URL like"),
    "a secret for a scheme": ("secret://venue.example", "must begin with https://"),
    "a secret for a host": ("http://secret", "must be https://"),
    "a secret and no text": (["secret"], "must be a URL like"),
    "clear text": ("http://venue.example", "must be https:// (http:// is for loopback only)"),
    "clear text to an address": ("http://10.0.0.1", "must be https:// (http:// is for loopback only)"),
    "clear text to a lookalike": ("http://127.0.0.1.venue.example", "must be https://"),
    "clear text to a lookalike name": ("http://localhost.venue.example", "must be https://"),
}


@pytest.mark.parametrize(("url", "expected"), GOOD_URLS.items())
def test_good_urls_lose_their_last_slash(url: str, expected: str) -> None:
    """A base URL is kept as written but for the slash at its end."""
    assert clean_base_url(url) == expected


@pytest.mark.parametrize(("url", "words"), BAD_URLS.values(), ids=BAD_URLS.keys())
def test_bad_urls_are_refused(url: object, words: str) -> None:
    """What is no base URL, or would send credentials in the clear, is refused with what was expected."""
    with pytest.raises(ConfigurationError) as raised:
        clean_base_url(url)
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


@given(url=st.one_of(st.text(max_size=20), st.text(max_size=20).map("https://".__add__)))
def test_any_text_is_a_url_or_the_own_error(url: str) -> None:
    """Whatever is given, there is a base URL without a slash at its end, or a ConfigurationError."""
    try:
        cleaned = clean_base_url(url)
    except ConfigurationError:
        return
    assert not cleaned.endswith("/")
    assert clean_base_url(cleaned) == cleaned


@attrs.frozen
class Key:
    text: object = attrs.field(validator=check_header_value)


@pytest.mark.parametrize("value", ["k", "a b", "!~", lambda: "later"])
def test_what_a_header_can_bear(value: object) -> None:
    """Printable ASCII is a credential, and so is something that gives one when asked."""
    assert Key(value).text == value


@pytest.mark.parametrize(
    "value", ["", " s3cret", "s3cret ", "s3\ncret", "s3cret\r\n", "s\x7f3cret", "s3crét", b"s3cret", None, 7]
)
def test_what_no_header_can_bear(value: object) -> None:
    """A credential that no header can bear is refused, and never shown."""
    with pytest.raises(
        ConfigurationError, match=r"^text must be a non-empty text of printable ASCII"
    ) as raised:
        Key(value)
    assert "cret" not in str(raised.value)
