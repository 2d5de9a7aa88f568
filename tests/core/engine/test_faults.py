"""A plugin, an observer or a peer that breaks its word ends as an ack, never as an exception."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from countermand import (
    Answered,
    Assurance,
    CancelRequest,
    ClientOrderId,
    EvidenceKind,
    Outcome,
    Reason,
    Sent,
    Stage,
)
from countermand.errors import InvalidRequestError, UnknownVenueError
from countermand.venue import CallKind, Capabilities, HttpResponse, Venue

if TYPE_CHECKING:
    from tests.core.conftest import Pebble
    from tests.core.engine.conftest import Cancel, Peer, Witness

Ask = Callable[..., CancelRequest]
RECEIPT = {"say": "receipt"}
CANCELED = {"say": "order", "id": "7", "status": "CANCELED"}


class Faulty:
    """A venue of which one part is out of order."""

    def __init__(self, venue: Pebble, **broken: Any) -> None:
        self._venue = venue
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        return self._broken.get(name) or getattr(self._venue, name)


#: What it is called, and where it comes from.
FAULTY = f"the venue 'pebble' ({Faulty.__module__}.Faulty)"


def out_of_order(*_: Any) -> Any:
    """Break."""
    raise LookupError("out of order")


def faulty(venue: Pebble, **broken: Any) -> Venue:
    """Break a part of a venue."""
    made: Any = Faulty(venue, **broken)
    return made  # type: ignore[no-any-return]  # by duck typing


@pytest.mark.parametrize("part", ["check", "cancel", "sign"])
def test_a_plugin_that_breaks_before_anything_is_sent(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, part: str
) -> None:
    """A fault of a plugin before the first byte is told, and nothing was sent."""
    broken = {part: out_of_order}
    if part == "sign":
        unsigned = attrs.evolve(pebble.ask(CallKind.CANCEL, "cancel", "7"), sign=out_of_order)
        broken = {"cancel": lambda *_: unsigned}
    (ack,) = cancel(faulty(pebble, **broken), ask())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    function = {"sign": "the sign of its cancel call"}.get(part, part)
    told = "in test_faults.py, line " if part == "sign" else ": out of order"
    assert (ack.error or "").startswith(f"{FAULTY}: {function} raised LookupError")
    assert told in (ack.error or "")
    assert ack.stage is Stage.SEND
    assert peer.heard == []


def test_a_plugin_that_refuses_a_request(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What this venue cannot be asked is the caller's mistake: an exception, and nothing is sent."""

    def check(request: CancelRequest) -> None:
        raise InvalidRequestError(f"a pebble id must be odd, got {request.order}")

    with pytest.raises(InvalidRequestError, match="must be odd, got 7"):
        cancel(faulty(pebble, check=check), ask())
    assert peer.heard == []


def test_a_field_that_a_venue_requires(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What a venue declares that a cancel needs must be said, or nothing is sent."""
    picky = attrs.evolve(pebble, capabilities=Capabilities(requires=frozenset({"instrument"})))
    peer.on("cancel", RECEIPT)
    with pytest.raises(InvalidRequestError, match="a cancel at 'pebble' needs 'instrument'"):
        cancel(picky, ask())
    assert peer.heard == []
    (ack,) = cancel(picky, ask(instrument="BTC-USD", assurance=Assurance.RECEIVED))
    assert ack.outcome is Outcome.PENDING


def test_a_venue_this_client_does_not_have(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A venue this client was not built with is the caller's mistake, and the error names those it has."""
    with pytest.raises(UnknownVenueError, match=r"^no venue named 'gravel' in this client; it has: pebble$"):
        cancel(pebble, ask(venue="gravel"))
    assert peer.heard == []


def test_a_reader_that_breaks(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness) -> None:
    """An answer that breaks its reader may have acted; the fault is told beside what a read then shows."""

    def read(response: HttpResponse) -> Any:
        return out_of_order() if b"receipt" in response.content else pebble.read(response)

    peer.on("cancel", RECEIPT).on("order", CANCELED)
    (ack,) = cancel(attrs.evolve(pebble, read=read), ask(), observer=witness)
    assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.YES)
    told = f"the venue 'pebble' ({type(pebble).__module__}.Pebble): the read of its cancel call raised"
    assert ack.error == f"{told} LookupError: out of order"
    assert ack.attempts[0].http_status == 200
    assert [(one.call, one.verdict, one.fault) for one in witness.answers] == [
        ("cancel", None, ack.error),
        ("order", "OrderRead", None),
    ]


def test_a_reader_that_answers_another_question(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """An answer that is no verdict at all is as good as unreadable, and is told; reads go on."""
    peer.on("cancel", {"say": "nonsense"}).on("order", CANCELED)
    (ack,) = cancel(pebble, ask())
    assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.YES)
    assert "the read of its cancel call gave a value of type dict" in (ack.error or "")
    assert ack.attempts[0].verdict == f"unreadable: {ack.error}"


@pytest.mark.parametrize("order", ["7", ClientOrderId("mine")])
def test_reads_that_break(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, order: str | ClientOrderId
) -> None:
    """A plugin that cannot read proves nothing, and the wait ends at the deadline."""
    peer.on("cancel", RECEIPT)
    broken = faulty(pebble, read_order=out_of_order, list_open=out_of_order)
    (ack,) = cancel(broken, ask(order, timeout_s=0.8))
    expected = (Outcome.PENDING, None) if order == "7" else (Outcome.REJECTED, Reason.NOT_SENT)
    assert (ack.outcome, ack.reason) == expected
    assert "LookupError: out of order" in (ack.error or "")


def test_a_header_that_no_wire_can_bear(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A token that cannot be written was not sent, and is not shown."""
    (ack,) = cancel(pebble.by_token("t0k3n\u2019s"), ask())
    assert (ack.outcome, ack.reason, ack.sent) == (Outcome.REJECTED, Reason.NOT_SENT, Sent.NO)
    assert "UnicodeEncodeError" in (ack.error or "")
    assert peer.heard == []


SECRET = "t0k3n-4711/abc"


@pytest.mark.parametrize(
    "echo",
    [
        lambda token: {"say": "refused", "code": token, "text": f"bad {token}"},
        lambda token: httpx.Response(
            200, text=json.dumps({"say": "maybe", "text": token}).replace("/", r"\/")
        ),
        lambda token: httpx.Response(500, text=f"<html>{token}</html>"),
        lambda token: httpx.LocalProtocolError(f"Illegal header value b'Bearer {token}'"),
        httpx.ReadError,
    ],
)
def test_a_secret_that_comes_back(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness, echo: Callable[[str], Any]
) -> None:
    """A token that the peer or a library echoes is in no ack, and in nothing an observer sees."""
    answer = echo(SECRET)
    peer.on("cancel", answer).on("order", answer, CANCELED).on("open", answer)
    (ack,) = cancel(pebble.by_token(SECRET), ask(request_id="r1"), observer=witness)
    told = json.dumps(ack.to_dict()) + repr(ack) + repr(witness.answers)
    assert "n-4711" not in told
    assert "[redacted]" in told
    assert peer.headers("cancel", "authorization") == [f"Bearer {SECRET}"]


def test_an_observer_that_breaks(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """Whatever an observer raises, the cancel goes its way."""

    class Clumsy:
        requested = attempted = answered = logged_in = acknowledged = out_of_order

    peer.on("cancel", RECEIPT).on("order", CANCELED)
    (ack,) = cancel(pebble, ask(), observer=Clumsy())
    assert ack.outcome is Outcome.CANCELED


def test_what_an_observer_hears(
    cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask, witness: Witness
) -> None:
    """An observer hears of the request, each call and its end, log-ins, and the very ack."""
    peer.on("log-in", {"say": "token", "token": "t0k3n-one"}).on("cancel", RECEIPT)
    peer.on("order", httpx.ReadError("reset"), CANCELED).on("log-out", RECEIPT)
    (ack,) = cancel(pebble.by_password(), ask(), observer=witness)
    assert witness.requests == [ack.request]
    assert witness.acks == [ack]
    assert witness.log_ins == [("pebble", None)]
    calls = ["log-in", "cancel", "order", "order", "log-out"]
    assert witness.attempts == [("pebble", call) for call in calls]
    heard = [attrs.evolve(one, elapsed_s=0.0) for one in witness.answers]
    assert heard == [
        Answered(venue="pebble", call=call, elapsed_s=0.0, http_status=status, verdict=verdict, fault=fault)
        for call, status, verdict, fault in [
            ("log-in", 200, "LoggedIn", None),
            ("cancel", 200, "Receipt", None),
            ("order", None, None, "ReadError: reset"),
            ("order", 200, "OrderRead", None),
            ("log-out", 200, "Receipt", None),
        ]
    ]


# (option of the client, size of the answer to a cancel, of a listing, the outcome by receipt)
SIZES = {
    "within both": ({}, 100, 2 << 20, Outcome.PENDING),
    "a reply too long": ({}, 2 << 20, 100, Outcome.UNKNOWN),
    "a longer reply allowed": ({"reply_bytes": 3 << 20}, 2 << 20, 100, Outcome.PENDING),
    "a reply not as long as usual": ({"reply_bytes": 1000}, 1001, 100, Outcome.UNKNOWN),
    "a listing not as long as usual": ({"listing_bytes": 1000}, 100, 1001, None),
}


@pytest.mark.parametrize(("options", "reply", "listing", "outcome"), SIZES.values(), ids=SIZES.keys())
def test_how_long_a_reply_may_be(
    cancel: Cancel,
    peer: Peer,
    pebble: Pebble,
    ask: Ask,
    options: dict[str, int],
    reply: int,
    listing: int,
    outcome: Outcome | None,
) -> None:
    """Replies and listings are read up to their limits, which can be told to a client."""
    found = [{"id": "7", "status": "NEW", "client_id": "mine"}]

    def padded(size: int, **told: Any) -> httpx.Response:
        return httpx.Response(200, text=json.dumps(told).ljust(size))

    peer.on("open", lambda _: padded(listing, say="rows", rows=found))
    peer.on("cancel", lambda _: padded(reply, say="receipt")).on("order", httpx.ReadError("reset"))
    by_client_id = ask(ClientOrderId("mine"), assurance=Assurance.RECEIVED, timeout_s=0.8)
    (ack,) = cancel(pebble, by_client_id, **options)
    assert ack.outcome is (outcome or Outcome.REJECTED)
    assert (ack.order_id is None) is (outcome is None)
    assert len(ack.last_reply or "") <= 4096


def test_a_cancellation_that_is_not_ours(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """A transport's own future that is canceled beneath us is a fault of that exchange alone."""

    def canceled(_: httpx.Request) -> Any:
        raise asyncio.CancelledError

    peer.on("cancel", canceled).on("order", CANCELED)
    (ack,) = cancel(pebble, ask())
    assert (ack.outcome, ack.sent, ack.error) == (Outcome.CANCELED, Sent.MAYBE, "given up")


def test_a_transport_that_breaks_its_word(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """What it raises is no plugin's fault, and leaves open whether anything was sent."""
    peer.on("cancel", LookupError("out of order")).on("order", CANCELED)
    (ack,) = cancel(pebble, ask())
    assert (ack.outcome, ack.sent) == (Outcome.CANCELED, Sent.MAYBE)
    assert ack.error == "LookupError: out of order"


def test_a_cached_answer_is_no_evidence(cancel: Cancel, peer: Peer, pebble: Pebble, ask: Ask) -> None:
    """RFC 9111, 5.1: with an Age it is somebody's copy of an earlier one; with an Age of 0 it is fresh."""
    copy = httpx.Response(200, json=CANCELED, headers={"Age": "3"})
    fresh = httpx.Response(200, json=CANCELED, headers={"Age": "0"})
    peer.on("cancel", RECEIPT).on("order", copy, fresh)
    (ack,) = cancel(pebble, ask())
    assert ack.outcome is Outcome.CANCELED
    assert [item.kind for item in ack.evidence[1:]] == [EvidenceKind.FAULT, EvidenceKind.REPORT]
