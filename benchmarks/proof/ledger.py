"""The truth about a world, as the simulator's book and its list of requests have it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import attrs

from countermand.testing import Fault, ReceivedRequest, SimulatedOrder, Simulator

#: The statuses of an order that will trade no more.
DEAD = frozenset({"Filled", "Canceled", "Rejected", "Expired", "Replaced"})

_APEX_CALLS = {
    "cancelorder": "cancel",
    "cancelallorders": "mass cancel",
    "sendcancellist": "cancel",
    "getorderstatus": "read",
    "getorderhistorybyorderid": "trail",
    "getopenorders": "listing",
    "getorderhistory": "listing",
    "authenticate": "log-in",
    "authenticateuser": "log-in",
    "authenticate2fa": "log-in",
}
_AUTOSHARES = re.compile(
    r"/accounts/(?P<account>\d+)/(?:sync)?orders(?:/(?P<order>\d+)(?P<details>/details)?)?$"
)


@attrs.frozen(kw_only=True)
class State:
    """What an order was like from `at` on."""

    at: float
    status: str
    filled: Decimal

    @property
    def dead(self) -> bool:
        """Whether no more of it can trade."""
        return self.status in DEAD


@attrs.frozen(kw_only=True)
class Record:
    """One order of the book, with all its states."""

    order_id: str
    client_order_id: str | None
    account: str
    canceled_by: str | None
    replaced_by: str | None
    kin: tuple[str, ...]
    placed_at: float
    states: tuple[State, ...]

    @property
    def last(self) -> State:
        """How it ended."""
        return self.states[-1]

    @property
    def dead_at(self) -> float:
        """When it died; infinity if it lives."""
        return next((state.at for state in self.states if state.dead), math.inf)


@attrs.frozen(kw_only=True)
class Arrival:
    """One request as it came in."""

    number: int
    at: float
    call: str
    account: str | None
    order_id: str | None
    client_order_id: str | None
    fault: Fault | None


@attrs.frozen(kw_only=True)
class Ledger:
    """All that truly happened in one world."""

    records: dict[str, Record]
    arrivals: tuple[Arrival, ...]
    #: Every fault that was met, also by requests that never arrived.
    faults: tuple[Fault, ...]
    #: The calls that never arrived, for no connection came about.
    turned_away: tuple[str, ...] = ()

    def chain(self, order_id: str | None) -> list[Record]:
        """List an order and those that took its place, one after the other."""
        found: list[Record] = []
        while order_id is not None and order_id in self.records:
            found.append(self.records[order_id])
            order_id = found[-1].replaced_by
        return found

    def bearers(self, account: str, client_order_id: str) -> list[Record]:
        """List the account's orders that bear a client id."""
        return [
            one
            for one in self.records.values()
            if (one.account, one.client_order_id) == (account, client_order_id)
        ]

    def cancels(self, record: Record) -> list[Arrival]:
        """List the cancels that came and named an order."""
        return [one for one in self.arrivals if one.call == "cancel" and _names(one, record)]

    def looks(self, record: Record) -> list[Arrival]:
        """List the reads that could have shown an order."""
        return [one for one in self.arrivals if _could_show(one, record)]


def ledger_of(simulator: Simulator) -> Ledger:
    """Write down what a simulator knows; its book has been advanced to the end."""
    faults = {number: fault for number, _, fault in simulator.faults.met}
    return Ledger(
        records={order.order_id: record_of(simulator, order) for order in simulator.book.orders()},
        arrivals=tuple(arrivals_of(simulator.requests, faults)),
        faults=tuple(fault for _, _, fault in simulator.faults.met),
        turned_away=tuple(call for number, call, _ in simulator.faults.met if number == 0),
    )


def record_of(simulator: Simulator, order: SimulatedOrder) -> Record:
    """Write down an order with all its states."""
    history = simulator.book.visible_history(order.order_id, math.inf)
    return Record(
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        account=order.account,
        canceled_by=order.canceled_by,
        replaced_by=order.replaced_by,
        kin=order.linked,
        placed_at=order.placed_at,
        states=tuple(State(at=s.changed_at, status=s.status.value, filled=s.filled) for s in history),
    )


def arrivals_of(requests: Iterable[ReceivedRequest], faults: Mapping[int, Fault]) -> Iterator[Arrival]:
    """Write down the requests that came, a list of cancels as so many of the same number."""
    for one in requests:
        for call, account, order_id, client_order_id in _deciphered(one):
            yield Arrival(
                number=one.number,
                at=one.at,
                call=call,
                account=account,
                order_id=order_id,
                client_order_id=client_order_id,
                fault=faults.get(one.number),
            )


def _deciphered(request: ReceivedRequest) -> Iterator[tuple[str, str | None, str | None, str | None]]:
    path = request.path.partition("?")[0]
    found = _AUTOSHARES.search(path)
    if found is not None:
        call = "trail" if found["details"] else "read" if found["order"] else "listing"
        yield "cancel" if request.method == "DELETE" else call, found["account"], found["order"], None
        return
    name = path.rpartition("/")[2].lower()
    call = "log-in" if name == "token" else _APEX_CALLS.get(name, "other")
    if call in ("other", "log-in"):
        yield call, None, None, None
        return
    body = json.loads(request.content)
    for row in body if isinstance(body, list) else [body]:
        by_client = row.get("ClOrderId", row.get("ClientOrderId"))
        yield call, _text(row.get("AccountId")), _text(row.get("OrderId")), _text(by_client)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _names(arrival: Arrival, record: Record) -> bool:
    if arrival.order_id is not None:
        return arrival.order_id == record.order_id
    return (arrival.account, arrival.client_order_id) == (record.account, record.client_order_id)


def _could_show(arrival: Arrival, record: Record) -> bool:
    if arrival.call == "listing":
        return arrival.account == record.account
    return arrival.call in ("read", "trail") and arrival.order_id == record.order_id
