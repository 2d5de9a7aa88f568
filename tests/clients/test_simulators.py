"""Both clients against live simulators, for what no recording can hold: delays, races, silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import attrs
import pytest

from countermand import (
    Assurance,
    CancelAck,
    CanceledBy,
    CancelRequest,
    EvidenceKind,
    OrderId,
    OrderStatus,
    Outcome,
    Reason,
    Sent,
)
from countermand.testing import LiveSimulator, SimulatedOrder, load_simulator, running
from countermand.venue import load_venue
from sidecar import Expected

Perform = Callable[..., Sequence[CancelAck]]

#: Whose cancel it was, where a receipt came: AutoShares' syncorders says so, APEX does not.
BY = {"apex": CanceledBy.UNDETERMINED, "autoshares": CanceledBy.THIS_REQUEST}
#: The judge of what is true, in seconds: enough for a slow machine to come before it.
ENOUGH_S = 10.0


@attrs.frozen(kw_only=True)
class Row:
    """How a venue behaves, and what a cancel of its order 6500 must then be called."""

    plugin: str
    name: str
    expected: Expected
    behaviour: Mapping[str, Any]
    settings: Mapping[str, Any] = attrs.field(factory=dict)
    timeout_s: float = ENOUGH_S
    assurance: Assurance = Assurance.CONFIRMED
    #: Done with the order, by somebody else, just before the cancel.
    before: Callable[[LiveSimulator, float], object] = lambda _live, _now: None


def canceled(by: CanceledBy, filled: str = "0", **more: Any) -> Expected:
    """Expect it off the book."""
    return Expected(
        outcome=Outcome.CANCELED, status=OrderStatus.CANCELED, filled=filled, canceled_by=by, **more
    )


def seen(outcome: Outcome, status: OrderStatus, filled: str = "0", **more: Any) -> Expected:
    """Expect another outcome, of an order that was read."""
    return Expected(outcome=outcome, status=status, filled=filled, **more)


def fill(live: LiveSimulator, now: float) -> None:
    """Fill the order wholly."""
    live.simulator.book.fill("6500", now)


def rows_of_both(plugin: str, by: CanceledBy) -> Iterator[Row]:
    """Give what is alike at both venues."""
    rows: list[tuple[str, Expected, dict[str, Any]]] = [
        ("delayed", canceled(by), {"behaviour": {"cancel_delay_s": 0.15}}),
        (
            "filled while being canceled",
            seen(Outcome.REJECTED, OrderStatus.FILLED, "10", reason=Reason.TOO_LATE),
            {"behaviour": {"cancel_delay_s": 0.1, "fill_before_cancel": True}},
        ),
        (
            "partly filled while being canceled",
            canceled(by, "4.0"),
            {"behaviour": {"cancel_delay_s": 0.1, "fill_before_cancel": True, "fill_fraction": 0.4}},
        ),
        (
            "silent",
            seen(Outcome.UNKNOWN, OrderStatus.NEW, sent=Sent.MAYBE),
            {"behaviour": {"silent_orders": True}, "timeout_s": 1.4},
        ),
        (
            "silent, and canceled",
            canceled(CanceledBy.UNDETERMINED, sent=Sent.MAYBE),
            {"behaviour": {"silent_orders": True, "silent_acts": True}, "timeout_s": 2.0},
        ),
        (
            "read lag",
            canceled(by),
            {"behaviour": {"read_lag_s": 0.2}, "settings": {"read_lag_s": 0.3}},
        ),
        (
            "filled just before, which no read shows yet",
            seen(Outcome.REJECTED, OrderStatus.FILLED, "10", reason=Reason.TOO_LATE),
            {"behaviour": {"read_lag_s": 0.2}, "settings": {"read_lag_s": 0.4}, "before": fill},
        ),
    ]
    for name, expected, more in rows:
        yield Row(plugin=plugin, name=name, expected=expected, **more)


ROWS = [
    *(row for plugin, by in BY.items() for row in rows_of_both(plugin, by)),
    Row(
        plugin="apex",
        name="slower than the deadline",
        expected=seen(Outcome.PENDING, OrderStatus.NEW),
        behaviour={"cancel_delay_s": 30},
        timeout_s=1.0,
    ),
    Row(
        plugin="autoshares",
        name="slower than the deadline",
        expected=seen(Outcome.PENDING, OrderStatus.PENDING_CANCEL, sent=Sent.MAYBE),
        behaviour={"cancel_delay_s": 30},
        timeout_s=1.2,
    ),
    # APEX tells of it by an event only, and there is no event stream yet.
    Row(
        plugin="apex",
        name="refused late",
        expected=seen(Outcome.PENDING, OrderStatus.NEW),
        behaviour={"refuse_cancels_late": True},
        timeout_s=1.0,
    ),
    Row(
        plugin="autoshares",
        name="refused late",
        expected=seen(Outcome.REJECTED, OrderStatus.NEW, reason=Reason.VENUE_REFUSED),
        behaviour={"cancel_delay_s": 0.1, "refuse_cancels_late": True},
        settings={"read_lag_s": 0.1},
    ),
    Row(
        plugin="autoshares",
        name="refused late, after a quick receipt",
        expected=Expected(outcome=Outcome.PENDING),
        behaviour={"refuse_cancels_late": True},
        assurance=Assurance.RECEIVED,
    ),
]


def cancel(plugin: str, order_id: str = "6500", **fields: Any) -> CancelRequest:
    """Ask for a cancel."""
    return CancelRequest(
        **{"venue": plugin, "account": "9", "order": OrderId(order_id), "timeout_s": ENOUGH_S, **fields}
    )


def agrees(ack: CancelAck, order: SimulatedOrder) -> bool:
    """Tell whether an ack says of an order what the book says; one that claims nothing always agrees."""
    read = None if ack.order is None else (ack.order.status, ack.order.filled_quantity)
    if ack.outcome is Outcome.CANCELED:
        ours = (order.canceled_by or "").startswith("cancel ")
        return ours and read == (OrderStatus.CANCELED, order.filled) and order.status is OrderStatus.CANCELED
    if ack.reason is Reason.TOO_LATE:
        return read == (order.status, order.filled)
    return ack.outcome is not Outcome.REJECTED or not order.dead


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.plugin}-{row.name}")
def test_what_no_recording_can_hold(row: Row, perform: Perform) -> None:
    """The ack is the expected one, agrees with the book, and comes by its deadline."""
    with running(load_simulator(row.plugin)(**row.behaviour)) as live:
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        live.call(lambda now: row.before(live, now))
        venue = live.simulator.venue(live.base_url, **row.settings)
        (ack,) = perform(venue, cancel(row.plugin, timeout_s=row.timeout_s, assurance=row.assurance))
        order = live.call(lambda _now: live.simulator.book.order("6500"))
    assert ack.error is None
    assert Expected.of(ack) == row.expected
    assert agrees(ack, order)
    assert ack.elapsed_s < row.timeout_s + 3


@pytest.mark.parametrize("plugin", BY)
def test_a_receipt_comes_before_the_cancel(plugin: str, perform: Perform) -> None:
    """Of a delayed cancel the evidence shows the receipt first, then the order at its end."""
    with running(load_simulator(plugin)(cancel_delay_s=0.1)) as live:
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        (ack,) = perform(live.simulator.venue(live.base_url), cancel(plugin))
    kinds = [item.kind for item in ack.evidence]
    assert (kinds[0], kinds[-1]) == (EvidenceKind.RECEIPT, EvidenceKind.REPORT)
    assert [item.at for item in ack.evidence] == sorted(item.at for item in ack.evidence)


@pytest.mark.parametrize("plugin", BY)
def test_a_token_that_expires_between_reads(plugin: str, perform: Perform) -> None:
    """A read that is refused for its session costs one log-in, and settles the cancel after it."""
    with running(load_simulator(plugin)(token_lifetime_s=0.08, cancel_delay_s=0.3)) as live:
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        known = live.simulator.credentials
        auth = load_venue(plugin).credentials["password"](known.user, known.password)
        (ack,) = perform(live.simulator.venue(live.base_url, auth=auth), cancel(plugin))
        paths = [request.path.lower() for request in live.simulator.requests]
        order = live.call(lambda _now: live.simulator.book.order("6500"))
    assert Expected.of(ack) == canceled(BY[plugin])
    assert agrees(ack, order)
    assert EvidenceKind.SESSION_REFUSED in {item.kind for item in ack.evidence}
    assert len(ack.attempts) == 1
    assert sum(path.endswith(("/authenticate", "/token")) for path in paths) in (2, 3)


@pytest.mark.parametrize("plugin", BY)
def test_a_token_that_is_asked_for_again(plugin: str, perform: Perform) -> None:
    """A callable that gives another token after a refusal is a log-in; the cancel is sent once more."""
    with running(load_simulator(plugin)()) as live:
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        tokens = iter(["expired-token", live.simulator.credentials.session_token])
        kind = {"apex": "session-token", "autoshares": "access-token"}[plugin]
        auth = load_venue(plugin).credentials[kind](lambda: next(tokens))
        (ack,) = perform(live.simulator.venue(live.base_url, auth=auth), cancel(plugin))
        order = live.call(lambda _now: live.simulator.book.order("6500"))
    assert Expected.of(ack) == canceled(BY[plugin])
    assert agrees(ack, order)
    assert [(attempt.verdict or "").partition(":")[0] for attempt in ack.attempts] == [
        "session refused",
        "received",
    ]


@pytest.mark.parametrize("plugin", BY)
def test_a_rival_cancels_first(plugin: str, perform: Perform) -> None:
    """The order that another took off the book between two cancels of ours is canceled, but not by us."""
    with running(load_simulator(plugin)()) as live:
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        live.call(lambda now: live.simulator.place(now, order_id="6501"))
        first, second = perform(
            live.simulator.venue(live.base_url),
            cancel(plugin, "6501"),
            cancel(plugin, "6500"),
            between=lambda: live.call(lambda now: live.simulator.book.cancel("6500", now)),
        )
    assert Expected.of(first) == attrs.evolve(canceled(BY[plugin]), order_id="6501")
    assert Expected.of(second) == canceled(CanceledBy.EARLIER)


def test_quantities_are_exact(perform: Perform) -> None:
    """A fill of many digits comes back as it is in the book."""
    with running(load_simulator("apex")()) as live:
        filled = Decimal("0.123456789012345678")
        live.call(lambda now: live.simulator.place(now, order_id="6500", filled=filled))
        (ack,) = perform(live.simulator.venue(live.base_url), cancel("apex"))
    assert ack.order is not None
    assert ack.order.filled_quantity == filled
