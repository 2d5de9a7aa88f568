"""Acks as JSON: what is written can be read by another process, and nothing else can."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countermand import (
    Assurance,
    Attempt,
    CancelAck,
    CancelCause,
    CanceledBy,
    CancelRequest,
    ClientOrderId,
    Evidence,
    EvidenceKind,
    OrderId,
    OrderReport,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
    Stage,
)
from countermand.errors import ConfigurationError

texts = st.text(st.characters(codec="utf-8"), max_size=12)
words = st.text(st.characters(min_codepoint=0x3A, max_codepoint=0x7E), min_size=1, max_size=8)
order_ids = st.builds(OrderId, st.one_of(words, st.integers(min_value=1).map(str)))
client_ids = st.builds(ClientOrderId, words)
times = st.datetimes(
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]),
    min_value=datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
)
seconds = st.floats(min_value=0, allow_nan=False, allow_infinity=False)
decimals = st.decimals(allow_nan=False, allow_infinity=False)
maybe = st.none().__or__

requests = st.builds(
    CancelRequest,
    venue=words,
    account=words,
    order=st.one_of(order_ids, client_ids),
    client_order=maybe(client_ids),
    instrument=maybe(words),
    request_id=words,
    initiator=maybe(texts),
    cause=st.sampled_from(CancelCause),
    assurance=st.sampled_from(Assurance),
    timeout_s=st.one_of(st.integers(1, 100), st.floats(0.001, 1e9)),
    follow_replacement=st.booleans(),
)


def _reports(legs: st.SearchStrategy[Any]) -> st.SearchStrategy[OrderReport]:
    return st.builds(
        OrderReport,
        order_id=order_ids,
        status=st.sampled_from(OrderStatus),
        filled_quantity=decimals,
        account=maybe(words),
        client_order_id=maybe(client_ids),
        instrument=maybe(words),
        quantity=maybe(decimals),
        remaining_quantity=maybe(decimals),
        average_price=maybe(decimals),
        replaces=maybe(st.one_of(order_ids, client_ids)),
        parent=maybe(order_ids),
        legs=legs,
        cancel_rejected=st.booleans(),
        text=maybe(texts),
        as_of=maybe(times),
    )


reports = st.recursive(_reports(st.just(())), lambda leg: _reports(st.tuples(leg)), max_leaves=3)
evidence = st.builds(
    Evidence,
    at=times,
    kind=st.sampled_from(EvidenceKind),
    source=texts,
    text=texts,
    order=maybe(reports),
)
attempts = st.builds(
    Attempt,
    call=texts,
    sent=st.sampled_from(Sent),
    signed_at=maybe(times),
    first_byte_at=maybe(times),
    answered_at=maybe(times),
    http_status=maybe(st.integers()),
    verdict=maybe(texts),
    fault=maybe(texts),
)


@st.composite
def acks(draw: st.DrawFn) -> CancelAck:
    """Draw an ack of any outcome, made honest where chance alone would not make it so."""
    outcome = draw(st.sampled_from(Outcome))
    made: dict[str, Any] = {"sent": draw(st.sampled_from([Sent.MAYBE, Sent.YES])), "evidence": ()}
    made["evidence"] = tuple(draw(st.lists(evidence, max_size=2)))
    made["attempts"] = tuple(draw(st.lists(attempts, max_size=2)))
    made["order"] = draw(maybe(reports))
    made["order_id"] = draw(maybe(order_ids))
    if outcome is Outcome.PENDING:
        made["evidence"] += (attrs.evolve(draw(evidence), kind=EvidenceKind.RECEIPT),)
    if outcome is Outcome.REJECTED:
        made["reason"] = draw(st.sampled_from(Reason))
        made["successor"] = draw(order_ids)
        answered = (attrs.evolve(one, verdict="no") for one in made["attempts"])
        unsent = (attrs.evolve(one, sent=Sent.NO) for one in made["attempts"])
        is_unsent = made["reason"] in (Reason.NOT_SENT, Reason.AMBIGUOUS_ORDER)
        made["sent"] = Sent.NO if is_unsent else made["sent"]
        made["attempts"] = tuple(unsent if is_unsent else answered)
    ends = {Outcome.CANCELED: OrderStatus.CANCELED, Reason.TOO_LATE: OrderStatus.FILLED}
    end = ends.get(made.get("reason", outcome))
    if end is not None:
        made["order"] = attrs.evolve(draw(reports), status=end, legs=(), as_of=draw(times))
        made["order_id"] = made["order"].order_id
    if outcome is Outcome.CANCELED:
        made["canceled_by"] = draw(st.sampled_from(CanceledBy))
    return CancelAck(
        request=draw(requests),
        outcome=outcome,
        also_canceled=tuple(draw(st.lists(order_ids, max_size=2))),
        stage=draw(st.sampled_from(Stage)),
        venue_code=draw(maybe(texts)),
        venue_text=draw(maybe(texts)),
        last_reply=draw(maybe(texts)),
        retry_after_s=draw(maybe(seconds)),
        elapsed_s=draw(seconds),
        error=draw(maybe(texts)),
        **made,
    )


@given(ack=acks())
def test_what_is_written_is_read(ack: CancelAck) -> None:
    """Every ack survives the way through JSON text, down to the last digit and microsecond."""
    data = json.loads(json.dumps(ack.to_dict(), allow_nan=False))
    assert CancelAck.from_dict(data) == ack
    assert data["schema"] == 1


ACK = CancelAck(
    request=CancelRequest(venue="pebble", account="9", order=ClientOrderId("mine"), request_id="r"),
    outcome=Outcome.UNKNOWN,
    order_id=OrderId("7"),
    order=OrderReport(
        order_id=OrderId("7"),
        status=OrderStatus.PARTIALLY_FILLED,
        filled_quantity=Decimal("0.10"),
        replaces=OrderId("6"),
        as_of=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    ),
    also_canceled=(OrderId("8"),),
)


def test_how_an_ack_is_written() -> None:
    """Ids say which kind they are where both can stand; decimals and times are texts, enums their words."""
    data = ACK.to_dict()
    assert data["request"]["order"] == {"client_order_id": "mine"}
    assert data["order_id"] == "7"
    assert data["also_canceled"] == ["8"]
    assert data["order"]["replaces"] == {"order_id": "6"}
    assert data["order"]["filled_quantity"] == "0.10"
    assert data["order"]["as_of"] == "2026-01-02T03:04:05.000006+00:00"
    assert data["order"]["status"] == "Partially Filled"
    assert (data["outcome"], data["sent"], data["reason"]) == ("unknown", "no", None)


def _with(*path: str | int) -> Callable[[Any], Any]:
    def change(value: Any) -> Any:
        data: Any = json.loads(json.dumps(ACK.to_dict()))
        spot = data
        for step in path[:-1]:
            spot = spot[step]
        spot[path[-1]] = value
        return data

    return change


BAD = {
    "no object": (lambda _: [], None, "expected an object with schema 1, got 'list'"),
    "nothing": (lambda _: None, None, "expected an object with schema 1, got 'NoneType'"),
    "no schema": (lambda _: {}, None, "expected an object with schema 1, got None"),
    "another schema": (_with("schema"), 2, "expected an object with schema 1, got 2"),
    "a schema that is no number": (_with("schema"), True, "expected an object with schema 1, got True"),
    "an empty ack": (lambda _: {"schema": 1}, None, "required field missing @ $.request"),
    "an unknown key": (_with("more"), 1, "unknown keys 'more' @ $"),
    "a key that is no text": (_with(1), 1, "unknown keys 1 @ $"),  # type: ignore[arg-type,unused-ignore]  # bad
    "an unknown key within": (_with("request", "more"), 1, "unknown keys 'more' @ $.request"),
    "an unknown word": (_with("outcome"), "done", "'done' is not a valid Outcome @ $.outcome"),
    "no word": (_with("outcome"), [], "[] is not a valid Outcome @ $.outcome"),
    "a broken invariant": (_with("reason"), "not sent", "an ack must keep: a reason if and only if REJECTED"),
    "an id that is none": (_with("order_id"), "007", "without sign or leading zeros, got '007' @ $.order_id"),
    "an id that is a number": (_with("order_id"), 7, "must be a string, got 7 @ $.order_id"),
    "an id of no kind": (_with("request", "order"), "mine", "expected a mapping @ $.request.order"),
    "an id of another kind": (
        _with("request", "order"),
        {"id": "7"},
        "required field missing @ $.request.order",
    ),
    "an id of two kinds": (
        _with("request", "order"),
        {"order_id": "7", "client_order_id": "mine"},
        "too many values to unpack (expected 1) @ $.request.order",
    ),
    "a text for a number": (_with("elapsed_s"), "1", "expected float @ $.elapsed_s"),
    "a truth for a number": (_with("elapsed_s"), True, "expected float @ $.elapsed_s"),
    "a number for a truth": (_with("request", "follow_replacement"), 1, "expected bool @ $.request.follow"),
    "a float for a decimal": (_with("order", "filled_quantity"), 0.1, "expected Decimal @ $.order.filled"),
    "a word for a decimal": (
        _with("order", "filled_quantity"),
        "many",
        "expected a number, got 'many' @ $.order",
    ),
    "a number for a time": (_with("order", "as_of"), 7, "expected datetime.datetime | None @ $.order.as_of"),
    "a word for a time": (
        _with("order", "as_of"),
        "noon",
        "Invalid isoformat string: 'noon' @ $.order.as_of",
    ),
    "a text for a list": (_with("attempts"), "", "expected tuple @ $.attempts"),
    "an object for a list": (_with("attempts"), {}, "expected tuple @ $.attempts"),
    "nothing for a list": (_with("also_canceled"), None, "expected tuple @ $.also_canceled"),
    "a bad item": (
        _with("also_canceled"),
        ["8", ""],
        "printable ASCII characters, got '' @ $.also_canceled[1]",
    ),
    "a bad time-out": (_with("request", "timeout_s"), -1, "must be a positive, finite number"),
}


@pytest.mark.parametrize(("change", "value", "words"), BAD.values(), ids=BAD.keys())
def test_what_is_no_ack_is_refused(change: Callable[[Any], Any], value: Any, words: str) -> None:
    """What was not written by `to_dict` is refused with what is wrong, and where."""
    with pytest.raises(ConfigurationError) as raised:
        CancelAck.from_dict(change(value))
    assert words in str(raised.value)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
PLACES = [
    *[(name,) for name in ACK.to_dict()],
    *[("request", name) for name in ACK.to_dict()["request"]],
    *[("order", name) for name in ACK.to_dict()["order"]],
]


@given(place=st.sampled_from(PLACES), value=json_values)
def test_any_value_anywhere_is_an_ack_or_the_own_error(place: tuple[str, ...], value: Any) -> None:
    """Whatever stands in whichever field, there is an equal ack or a ConfigurationError, nothing else."""
    data = _with(*place)(value)
    try:
        ack = CancelAck.from_dict(data)
    except ConfigurationError:
        return
    assert CancelAck.from_dict(json.loads(json.dumps(ack.to_dict()))).to_dict() == ack.to_dict()


def _nested(depth: int) -> Any:
    leg: Any = {"order_id": "7", "status": "New", "filled_quantity": "0"}
    for _ in range(depth):
        leg = {**leg, "legs": [leg]}
    return _with("order")(leg)


def test_legs_of_legs_of_legs() -> None:
    """Nesting is read as deep as anybody needs, and beyond it is refused as anything else is."""
    assert CancelAck.from_dict(_nested(50)).order is not None
    with pytest.raises(ConfigurationError):
        CancelAck.from_dict(_nested(2000))
