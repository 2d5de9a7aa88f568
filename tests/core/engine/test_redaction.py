"""What was sent as a secret does not come back out of the library."""

from __future__ import annotations

import base64
from decimal import Decimal

import attrs
import pytest

from countermand import OrderId, OrderReport, OrderStatus
from countermand._engine._redaction import Redactor, Redactors
from countermand.venue import Gone, HttpRequest, LoggedIn, OrderRead, Page, PerOrder, Refused, Session

BASIC = base64.b64encode(b"trader:p4ss/w:rd").decode()
NUMBERS = base64.b64encode(b"100001:987654").decode()

# (headers sent, what came back, what is kept of it)
BLOTS = {
    "a token": ({"aptoken": "abc-1234"}, '{"t":"abc-1234"}', '{"t":"[redacted]"}'),
    "a token twice": ({"aptoken": "abc123"}, "abc123 abc123", "[redacted] [redacted]"),
    "a bearer's token alone": ({"Authorization": "Bearer t0k3n9"}, "bad t0k3n9", "bad [redacted]"),
    "the word bearer": ({"Authorization": "Bearer t0k3n9"}, "Bearer is gone", "Bearer is gone"),
    "a password": ({"Authorization": f"Basic {BASIC}"}, "p4ss/w:rd is wrong", "[redacted] is wrong"),
    "a password of digits": ({"Authorization": f"Basic {NUMBERS}"}, "987654", "[redacted]"),
    "a user's name": ({"Authorization": f"Basic {NUMBERS}"}, '{"UserId":100001}', '{"UserId":100001}'),
    "basic that is none": ({"Authorization": "Basic !!!!!!!"}, "not !!!!!!!", "not [redacted]"),
    "basic that is no text": ({"Authorization": "Basic //////79"}, "//////79", "[redacted]"),
    "basic without a colon": ({"Authorization": "Basic dHJhZGVy"}, "trader", "trader"),
    "behind a backslash": ({"key": "ab/cd/ef"}, r'"ab\/cd\/ef"', '"[redacted]"'),
    "as a number": ({"key": "ab+cd+ef"}, r'"ab\u002Bcd\u002bef"', '"[redacted]"'),
    "a sign that means much elsewhere": ({"key": "ab.*d$e"}, "abxxd$e ab.*d$e", "abxxd$e [redacted]"),
    "a nonce": ({"Nonce": "1767323045678"}, '{"time":1767323045678}', '{"time":1767323045678}'),
    "a user's id": ({"UserId": "650012"}, '{"OrderId":6500123}', '{"OrderId":6500123}'),
    "too short to be one": ({"key": "abc12"}, "abc12", "abc12"),
    "what is public": (
        {"Content-Type": "application/json", "ACCEPT": "text/html"},
        "application/json text/html",
        "application/json text/html",
    ),
    "a token of digits": ({"aptoken": "12345678"}, "12345678", "[redacted]"),
}


@pytest.mark.parametrize(("headers", "content", "expected"), BLOTS.values(), ids=BLOTS.keys())
def test_what_is_kept_of_a_reply(headers: dict[str, str], content: str, expected: str) -> None:
    """Every secret of the request is blotted out, however it is spelled; ids and times stay."""
    request = HttpRequest(method="POST", path="/", headers=headers)
    assert Redactor(request).text(content) == expected


# (what stands before the cut after 12 bytes and behind it, what is kept)
CUTS = {
    "a secret that is cut": (b"said: abc-12", b"34 again", "said: "),
    "its first sign": (b"said so:   a", b"bc-1234", "said so:   "),
    "its last sign": (b"said abc-123", b"4", "said "),
    "all of it": (b"abc-1234 sai", b"d", "[redacted] sai"),
    "none of it": (b"said so:    ", b"abc-1234", "said so:    "),
    "as a number": (rb"so: abc\u002", rb"d1234", "so: "),
    "what only begins like it": (b"said: abc-12", b"99 again", "said: abc-12"),
    "nothing behind it": (b"said: abc-12", b"", "said: abc-12"),
    "signs of more than a byte": ("\u00e9\u00e9\u00e9 abc-1".encode(), b"234", "\u00e9\u00e9\u00e9 "),
}


@pytest.mark.parametrize(("before", "behind", "expected"), CUTS.values(), ids=CUTS)
def test_a_secret_that_the_end_cuts(before: bytes, behind: bytes, expected: str) -> None:
    """Of a reply that is longer than what is kept, no part of a secret is kept either."""
    redactor = Redactor(HttpRequest(method="POST", path="/", headers={"aptoken": "abc-1234"}))
    assert redactor.beginning(before + behind, 12) == expected
    assert Redactor(HttpRequest(method="POST", path="/")).beginning(before + behind, 3) == before[:3].decode(
        "utf-8", "replace"
    )


BODIES = {
    "JSON": b'{"user":"trader","password":"p4ss-word","nested":{"a":1}}',
    "a form": b"user=trader&password=p4ss-word",
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES)
def test_a_log_in_has_secrets_in_its_body(content: bytes) -> None:
    """A venue may send back what it was sent; of other calls a body names orders, which are to be told."""
    request = HttpRequest(method="POST", path="/", content=content)
    assert Redactor(request, logs_in=True).text("no p4ss-word") == "no [redacted]"
    assert Redactor(request).text("no p4ss-word") == "no p4ss-word"


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_a_body_that_says_nothing_keeps_no_log_in_back(content: bytes) -> None:
    """It is for the venue to say what it makes of it."""
    request = HttpRequest(method="POST", path="/", content=content)
    assert Redactor(request, logs_in=True).text("whatever it says") == "whatever it says"


def test_every_text_that_is_kept_of_an_answer() -> None:
    """A verdict's code and text and a report's text are blotted; whatever else an answer holds stays."""
    redactor = Redactor(HttpRequest(method="POST", path="/", headers={"aptoken": "tok-123"}))
    assert redactor.answer(Gone(code="tok-123", text="no tok-123")) == Gone(
        code="[redacted]", text="no [redacted]"
    )
    shown = OrderReport(
        order_id=OrderId("7"), status=OrderStatus.NEW, filled_quantity=Decimal(0), text="tok-123"
    )
    hidden = attrs.evolve(shown, text="[redacted]")
    assert redactor.answer(OrderRead(report=shown)) == OrderRead(report=hidden)
    page = redactor.answer(Page(rows=(shown, attrs.evolve(shown, text=None))))
    assert tuple(page.rows) == (hidden, attrs.evolve(shown, text=None))
    each = redactor.answer(PerOrder(orders={OrderId("7"): Refused(text="no tok-123")}, text="tok-123"))
    assert each == PerOrder(orders={OrderId("7"): Refused(text="no [redacted]")}, text="[redacted]")
    parent, plain = attrs.evolve(shown, legs=(shown,)), attrs.evolve(shown, text=None)
    assert redactor.report(parent) == attrs.evolve(hidden, legs=(hidden,))
    assert redactor.report(plain) is plain
    session = LoggedIn(session=Session(token="tok-123"))
    assert redactor.answer(session) is session
    harmless = Gone(code="404", text="no such order")
    assert redactor.answer(harmless) is harmless


def test_requests_of_one_session_share_their_redactor() -> None:
    """Another session's blots its own secrets, and a log-in's those of its body, too."""
    redactors = Redactors()

    def redactor(token: str | None, content: bytes = b"", *, logs_in: bool = False) -> Redactor:
        headers = {} if token is None else {"aptoken": token}
        request = HttpRequest(method="POST", path="/", headers=headers, content=content)
        return redactors.of(request, logs_in=logs_in)

    said = "tok-111 tok-222 p4ss-word"
    first, login = redactor("tok-111"), redactor(None, b'{"password":"p4ss-word"}', logs_in=True)
    assert first is redactor("tok-111", b"another order")
    assert (first.text(said), login.text(said)) == (
        "[redacted] tok-222 p4ss-word",
        "tok-111 tok-222 [redacted]",
    )
    assert redactor("tok-222").text(said) == "tok-111 [redacted] p4ss-word"
    assert redactor(None).text(said) == said
    assert redactor("tok-111").text(said) == "[redacted] tok-222 p4ss-word"
