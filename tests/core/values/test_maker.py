"""What a maker makes is what its class makes, and was never anything else."""

from __future__ import annotations

import copy
import pickle
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import attrs
import pytest

from countermand import (
    Assurance,
    Attempt,
    CancelAck,
    CancelRequest,
    Evidence,
    EvidenceKind,
    OrderId,
    Outcome,
    Sent,
)
from countermand._maker import Made, maker
from countermand._observer import Answered
from countermand.venue import Call, CallKind, CancelTarget, HttpRequest, HttpResponse, Stamp, http_request

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
SEVEN = OrderId("7")
EVIDENCE = {"at": NOW, "kind": EvidenceKind.RECEIPT, "source": "cancel", "text": "received"}
ACK = {
    "request": CancelRequest(venue="pebble", account="9", order=SEVEN, request_id="r"),
    "outcome": Outcome.PENDING,
    "evidence": (Evidence(**cast("Any", EVIDENCE)),),
}


def read(response: HttpResponse) -> int:
    return response.status


CALL = {"kind": CallKind.CANCEL, "name": "cancel", "sign": print, "read": read}
#: What each class must be given, and some of what it may be.
MADE: dict[str, tuple[type[Any], dict[str, Any], dict[str, Any]]] = {
    "ack": (CancelAck, ACK, {"order_id": SEVEN, "sent": Sent.YES, "venue_code": "200", "elapsed_s": 0.5}),
    "evidence": (Evidence, EVIDENCE, {}),
    "attempt": (Attempt, {"call": "cancel", "sent": Sent.NO}, {"signed_at": NOW, "http_status": 200}),
    "answered": (
        Answered,
        {"venue": "a", "call": "b", "elapsed_s": 0.5, "http_status": 200, "verdict": "c", "fault": None},
        {},
    ),
    "target": (CancelTarget, {"account": "9", "order": SEVEN}, {"assurance": Assurance.RECEIVED}),
    "call": (Call, CALL, {"max_bytes": 9, "takes_part": True}),
    "request": (HttpRequest, {"method": "POST", "path": "/", "headers": ()}, {"content": b"{}"}),
    "stamp": (Stamp, {"nonce": 1}, {}),
}
each = pytest.mark.parametrize(
    ("cls", "given"),
    [(cls, given) for cls, least, more in MADE.values() for given in (least, {**least, **more})],
    ids=[f"{name}, {much}" for name in MADE for much in ("least", "more")],
)


@each
def test_it_is_as_its_class_makes_it(cls: type[Any], given: dict[str, Any]) -> None:
    """It is equal in all that a value can be asked for."""
    made, own = maker(cls)(**given), cls(**given)
    assert type(made) is cls
    assert made == own
    assert hash(made) == hash(own)
    assert repr(made) == repr(own)
    assert attrs.asdict(made, recurse=False) == attrs.asdict(own, recurse=False)
    assert weakref.ref(made)() is made


@each
def test_it_can_be_copied_as_its_class_can(cls: type[Any], given: dict[str, Any]) -> None:
    """It is pickled, copied and evolved to what is equal to it, and of its class."""
    made = maker(cls)(**given)
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), attrs.evolve(made)):  # noqa: S301 - our own
        assert type(other) is cls
        assert other == made


@each
def test_it_is_frozen(cls: type[Any], given: dict[str, Any]) -> None:
    """Nothing of it can be set, added or taken away."""
    made = maker(cls)(**given)
    name = attrs.fields(cls)[0].name
    for act in (
        partial(setattr, made, name, 1),
        partial(delattr, made, name),
        partial(setattr, made, "x", 1),
    ):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            act()


@each
def test_it_is_given_nothing_but_by_its_names(cls: type[Any], given: dict[str, Any]) -> None:
    """A name too many, one too few and a place are refused."""
    make: Callable[..., Any] = maker(cls)
    for wrong in (partial(make, **given, other=1), make, partial(make, 1, **given)):
        with pytest.raises(TypeError):
            wrong()


@each
def test_nobody_meets_the_open_class(cls: type[Any], given: dict[str, Any]) -> None:
    """The class that an object has while it is filled is none of those that one finds by its own."""
    maker(cls)(**given)
    assert not [one for one in cls.__subclasses__() if one.__name__ == "Open"]


def test_what_a_class_looks_at_in_the_end_is_looked_at() -> None:
    """An ack that claims too much is not made, either."""
    with pytest.raises(ValueError, match="PENDING needs a receipt"):
        maker(CancelAck)(**cast("Any", {**ACK, "evidence": ()}))


def test_it_is_looked_at_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks at an object in the end sees its own class, also when it was put there later."""
    seen: list[Any] = []
    make = maker(CancelAck)
    monkeypatch.setattr(CancelAck, "__attrs_post_init__", lambda ack: seen.append((type(ack), ack.outcome)))
    make(**cast("Any", ACK))
    assert seen == [(CancelAck, Outcome.PENDING)]


def _other(**options: Any) -> type[Any]:
    return attrs.make_class("Other", {"at": attrs.field(**options)}, bases=(Made,), frozen=True)


@pytest.mark.parametrize(
    "cls",
    [
        _other(kw_only=True, validator=lambda *_: None),
        _other(kw_only=True, converter=int),
        _other(kw_only=True, alias="since"),
        _other(kw_only=True, init=False, default=1),
        _other(kw_only=True, default=attrs.Factory(repr, takes_self=True)),
        _other(),
        attrs.make_class("Other", [], bases=(Attempt,), frozen=True),
        OrderId,
        attrs.make_class("Other", [], (Made,), {"__attrs_pre_init__": print}, frozen=True),
    ],
    ids=[
        "validator",
        "converter",
        "alias",
        "not given",
        "made of it",
        "by place",
        "a subclass",
        "another base",
        "before",
    ],
)
def test_what_does_more_has_no_maker(cls: type[Any]) -> None:
    """A class that looks at what it is given, or makes something of it, must be called itself."""
    with pytest.raises(TypeError, match="does more with what it is given"):
        maker(cls)


def test_what_is_not_given_is_made_anew() -> None:
    """By what its class has for that, for each."""
    one, other = http_request(method="POST", path="/"), http_request(method="POST", path="/")
    assert one == other == HttpRequest(method="POST", path="/")
    assert one.headers is not other.headers
