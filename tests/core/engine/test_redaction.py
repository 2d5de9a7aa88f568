"""What was sent as a secret does not come back out of the library."""

from __future__ import annotations

import base64

import pytest

from countermand._engine._redaction import blot_out
from countermand.venue import HttpRequest

BASIC = base64.b64encode(b"trader:p4ss/w:rd").decode()
NUMBERS = base64.b64encode(b"100001:987654").decode()

# (headers sent, what came back, what is kept of it)
BLOTS = {
    "a token": ({"aptoken": "abc-1234"}, b'{"t":"abc-1234"}', b'{"t":"[redacted]"}'),
    "a token twice": ({"aptoken": "abc123"}, b"abc123 abc123", b"[redacted] [redacted]"),
    "a bearer's token alone": ({"Authorization": "Bearer t0k3n9"}, b"bad t0k3n9", b"bad [redacted]"),
    "the word bearer": ({"Authorization": "Bearer t0k3n9"}, b"Bearer is gone", b"Bearer is gone"),
    "a password": ({"Authorization": f"Basic {BASIC}"}, b"p4ss/w:rd is wrong", b"[redacted] is wrong"),
    "a password of digits": ({"Authorization": f"Basic {NUMBERS}"}, b"987654", b"[redacted]"),
    "a user's name": ({"Authorization": f"Basic {NUMBERS}"}, b'{"UserId":100001}', b'{"UserId":100001}'),
    "basic that is none": ({"Authorization": "Basic !!!!!!!"}, b"not !!!!!!!", b"not [redacted]"),
    "basic that is no text": ({"Authorization": "Basic //////79"}, b"//////79", b"[redacted]"),
    "basic without a colon": ({"Authorization": "Basic dHJhZGVy"}, b"trader", b"trader"),
    "behind a backslash": ({"key": "ab/cd/ef"}, rb'"ab\/cd\/ef"', b'"[redacted]"'),
    "as a number": ({"key": "ab+cd+ef"}, rb'"ab\u002Bcd\u002bef"', b'"[redacted]"'),
    "a sign that means much elsewhere": ({"key": "ab.*d$e"}, b"abxxd$e ab.*d$e", b"abxxd$e [redacted]"),
    "a nonce": ({"Nonce": "1767323045678"}, b'{"time":1767323045678}', b'{"time":1767323045678}'),
    "a user's id": ({"UserId": "650012"}, b'{"OrderId":6500123}', b'{"OrderId":6500123}'),
    "too short to be one": ({"key": "abc12"}, b"abc12", b"abc12"),
    "what is public": (
        {"Content-Type": "application/json", "ACCEPT": "text/html"},
        b"application/json text/html",
        b"application/json text/html",
    ),
    "in no text at all": ({"key": "abc123"}, b"\xff\x00abc123\xff", b"\xff\x00[redacted]\xff"),
}


@pytest.mark.parametrize(("headers", "content", "expected"), BLOTS.values(), ids=BLOTS.keys())
def test_what_is_kept_of_a_reply(headers: dict[str, str], content: bytes, expected: bytes) -> None:
    """Every secret of the request is blotted out, however it is spelled; ids and times stay."""
    request = HttpRequest(method="POST", path="/", headers=headers)
    assert blot_out(content, request) == expected
