"""Somebody else at the same book: cancels, replaces and fills, whatever the router does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from countermand import OrderStatus
from countermand.testing import Simulator
from proof.scripts import OrderScript, Script

#: How the book calls a cancel of the rival's.
RIVAL = "rival"
#: The deed after which two orders bear one client's id.
SAME_ID = "replace"
#: How long the rival's slow cancel is pending, in seconds.
_PENDING_S = 0.5

Act = Callable[[Simulator, str, float, Decimal], object]


def _cancel(simulator: Simulator, order_id: str, now: float, _share: Decimal) -> None:
    simulator.book.cancel(order_id, now, RIVAL)


def _cancel_slowly(simulator: Simulator, order_id: str, now: float, share: Decimal) -> None:
    simulator.book.begin_cancel(order_id, now)
    act = when_open(simulator, order_id, _cancel, share)
    simulator.book.at(now + _PENDING_S, act)


def _replace(simulator: Simulator, order_id: str, now: float, _share: Decimal) -> None:
    simulator.replace(order_id, now)


def _replace_anew(simulator: Simulator, order_id: str, now: float, _share: Decimal) -> None:
    simulator.replace(order_id, now, client_order_id=f"7{simulator.book.order(order_id).client_order_id}")


def _replace_twice(simulator: Simulator, order_id: str, now: float, share: Decimal) -> None:
    _replace_anew(simulator, order_id, now, share)
    heir = simulator.book.order(order_id).replaced_by or ""
    _replace_anew(simulator, heir, now, share)


def _fill(simulator: Simulator, order_id: str, now: float, share: Decimal) -> None:
    simulator.book.fill(order_id, now, simulator.book.order(order_id).remaining * share)


def _expire(simulator: Simulator, order_id: str, now: float, _share: Decimal) -> None:
    simulator.book.change(order_id, now, status=OrderStatus.EXPIRED)


#: What a rival can do, by name; "market" stands for what the venue itself does.
DEEDS: Mapping[str, Act] = {
    "cancel": _cancel,
    "cancel slowly": _cancel_slowly,
    SAME_ID: _replace,
    "replace anew": _replace_anew,
    "replace twice": _replace_twice,
    "fill": _fill,
    "expire": _expire,
}


def arrange(simulator: Simulator, script: Script, start: float) -> None:
    """Place the orders and let all that others do happen in its time; `start` is the simulator's clock."""
    late = [order for order in script.orders if order.placed_at is not None and order.placed_at >= 0]
    for order in script.orders:
        if order.placed_at is not None and order.placed_at < 0:
            _place(simulator, order, start + order.placed_at, settled=True)
    for order in late:
        _place_later(simulator, order, start)
    for order in script.orders:
        for deed in order.deeds:
            simulator.book.at(
                start + deed.at, when_open(simulator, order.order_id, DEEDS[deed.what], deed.share)
            )
    for expiry in script.expiries:
        simulator.book.at(start + expiry, lambda _now: simulator.tokens.expire())


def _place(simulator: Simulator, order: OrderScript, at: float, *, settled: bool) -> None:
    simulator.place(
        at,
        order_id=order.order_id,
        account=order.account,
        client_order_id=order.client_order_id,
        settled=settled,
        **order.fields,
    )


def _place_later(simulator: Simulator, order: OrderScript, start: float) -> None:
    at = start + (order.placed_at or 0.0)
    simulator.book.at(at, lambda now: _place(simulator, order, now, settled=False))


def when_open(simulator: Simulator, order_id: str, act: Act, share: Decimal) -> Callable[[float], None]:
    """Return an act that happens if the order is open by then."""

    def perform(now: float) -> None:
        order = simulator.book.find(order_id)
        if order is not None and not order.dead:
            act(simulator, order_id, now, share)

    return perform
