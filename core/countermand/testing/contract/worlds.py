"""A venue against its simulator, by value and in virtual time."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

import attrs

from countermand import OrderStatus
from countermand.errors import ConfigurationError
from countermand.testing._order import SimulatedOrder
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import next_stamp
from countermand.testing.contract.requirement import fail, reading
from countermand.venue import Call, HttpRequest, HttpResponse, NeedCode, Session, Venue

V = TypeVar("V")

#: The states in which orders of a whole book stand.
_STATES: tuple[Mapping[str, Any], ...] = (
    {},
    {"filled": Decimal(3)},
    {"status": OrderStatus.FILLED},
    {"status": OrderStatus.CANCELED},
)


def performed(simulator: Simulator, call: Call[V], session: Session | None, now: float = 0.0) -> V:
    """Ask the simulator, wait as long as it takes, and read its answer."""
    return reading(call, answer_to(simulator, call.sign(session, next_stamp()), now))


def answer_to(simulator: Simulator, request: HttpRequest, now: float = 0.0) -> HttpResponse:
    """Send a request to the simulator and return its answer."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    reply = simulator.handle(attrs.evolve(request, headers=headers), now)
    simulator.book.advance(now + reply.delay_s)
    return reply.response_at(now + reply.delay_s)


def logged_in(simulator: Simulator, venue: Venue, now: float = 0.0) -> object:
    """Drive a log-in to its end; None where calls need no session."""
    conversation = venue.log_in()
    told: Any = None
    try:
        while conversation is not None:
            step = conversation.send(told)
            told = step.source() if isinstance(step, NeedCode) else performed(simulator, step, None, now)
    except StopIteration as end:
        return end.value
    return None


def session_of(simulator: Simulator, venue: Venue, now: float = 0.0) -> Session | None:
    """Return a session with the simulator; None where calls need none."""
    end = logged_in(simulator, venue, now)
    if end is not None and not isinstance(end, Session):
        fail(f"Let `simulated` make a venue that the simulator lets in: its log-in ended in {end!r}.")
    return end


def book_of(simulator: Simulator) -> dict[str, SimulatedOrder]:
    """Return the whole book: every order, as it truly is."""
    return {order.order_id: order for order in simulator.book.orders()}


def next_id(value: str) -> str:
    """Return another id of the same shape: the next number, or a text with another end."""
    return str(int(value) + 1) if value.isdigit() else value[:-1] + ("2" if value.endswith("1") else "1")


def reach_another_account(simulator: Simulator) -> str | None:
    """Let the user reach one more account; None where the venue has but one."""
    account = next_id(simulator.credentials.account)
    try:
        simulator.switch(further_accounts=[account])
    except ConfigurationError:
        return None
    return account


def in_other_case(text: str) -> str | None:
    """Return a text that differs in its case alone; None where there is none."""
    other = text.swapcase()
    return None if other == text else other


def populate(simulator: Simulator) -> None:
    """Place orders of several accounts, users, instruments and states, in every combination.

    One instrument differs in its case alone, where the venue's instruments are texts.
    """
    known, instrument = simulator.credentials, simulator.instrument
    reach_another_account(simulator)
    for account in (*simulator.accounts, known.other_account):
        for user in (known.user_id, next_id(known.user_id)):
            for traded in (instrument, next_id(instrument), in_other_case(instrument)):
                for state in _STATES if traded is not None else ():
                    simulator.place(0.0, account=account, entered_by=user, instrument=traded, **state)


def changed(before: Mapping[str, SimulatedOrder], simulator: Simulator) -> list[SimulatedOrder]:
    """Return the orders that are not as they were, as they were; those that are gone or new, too."""
    after = book_of(simulator)
    ids = dict.fromkeys([*before, *after])
    return [before.get(one) or after[one] for one in ids if before.get(one) != after.get(one)]
