"""The orders that the demo cancels: one scene for each kind, and what may come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import attrs

from countermand import OrderId, OrderStatus, Outcome, Reason
from countermand.testing import Simulator
from countermand.testing.contract.worlds import performed, session_of
from countermand.venue import OrderRead, Venue

#: The scene that not every venue has.
REPLACED = "replaced"

#: An outcome, and for `REJECTED` its reason.
End = tuple[Outcome, Reason | None]

CANCELED: End = (Outcome.CANCELED, None)
TOO_LATE: End = (Outcome.REJECTED, Reason.TOO_LATE)


def _leave(_simulator: Simulator, _order_id: str, _now: float) -> None:
    return


def _replace(simulator: Simulator, order_id: str, now: float) -> None:
    simulator.replace(order_id, now)


def _fill_during_cancel(simulator: Simulator, order_id: str, _now: float) -> None:
    simulator.switch(fill_before_cancel=[*simulator.behaviour.fill_before_cancel, order_id])


def _silence(simulator: Simulator, order_id: str, _now: float) -> None:
    simulator.switch(silent_orders=[*simulator.behaviour.silent_orders, order_id])


@attrs.frozen(kw_only=True)
class Scene:
    """One order before its cancel, and the ends that are right for it."""

    kind: str
    #: The order as it is placed; None for one that never was.
    order: Mapping[str, Any] | None = MappingProxyType({})
    #: What happens to it before the cancel.
    arrange: Callable[[Simulator, str, float], None] = _leave
    by_client_id: bool = False
    wrong_key: bool = False
    ends: frozenset[End]
    timeout_s: float = 5.0


#: `PENDING` and `UNKNOWN` are right only in the scene that is named for them.
SCENES = (
    Scene(kind="working", ends=frozenset({CANCELED})),
    Scene(kind="partly filled", order={"filled": Decimal("2.5")}, ends=frozenset({CANCELED})),
    Scene(kind="already filled", order={"status": OrderStatus.FILLED}, ends=frozenset({TOO_LATE})),
    Scene(
        kind="already canceled",
        order={"status": OrderStatus.CANCELED, "filled": Decimal(3)},
        ends=frozenset({CANCELED}),
    ),
    Scene(kind=REPLACED, arrange=_replace, ends=frozenset({(Outcome.REJECTED, Reason.REPLACED)})),
    Scene(
        kind="unknown",
        order=None,
        # Whether a venue's "not found" proves that there never was one is the venue's to document.
        ends=frozenset({(Outcome.REJECTED, Reason.UNKNOWN_ORDER), (Outcome.REJECTED, Reason.NOT_FOUND)}),
    ),
    Scene(kind="wrong key", wrong_key=True, ends=frozenset({(Outcome.REJECTED, Reason.NOT_AUTHORIZED)})),
    Scene(kind="filled while being canceled", arrange=_fill_during_cancel, ends=frozenset({TOO_LATE})),
    Scene(kind="by client id", by_client_id=True, ends=frozenset({CANCELED})),
    Scene(kind="no answer", arrange=_silence, ends=frozenset({(Outcome.UNKNOWN, None)}), timeout_s=2.0),
)


def tells_replaced(simulator: Simulator, venue: Venue) -> bool:
    """Tell whether a venue can say of an order that another took its place; asks a simulator of its own."""
    if venue.capabilities.replaced_reads_canceled:
        return True
    order = simulator.place(0.0)
    simulator.replace(order.order_id, 0.0)
    call = venue.read_order(order.account, OrderId(order.order_id))
    try:
        verdict = performed(simulator, call, session_of(simulator, venue))
    except AssertionError:
        return True  # what is wrong with it shall show in the scene
    return isinstance(verdict, OrderRead) and verdict.report.status is OrderStatus.REPLACED
