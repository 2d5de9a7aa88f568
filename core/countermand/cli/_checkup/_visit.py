"""A visit to a venue: a log-in, its accounts, their open orders, and a log-out; never a cancel."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from typing import Any, cast

import attrs

from countermand import AsyncClient, CancelAck, CancelRequest, OpenOrders, Readiness, Update
from countermand._observer import Answered
from countermand._wire._transport import Transport
from countermand.cli._checkup._clock import DatedTransport, Reading
from countermand.cli._checkup._configuration import Table, refusal_of
from countermand.venue import Call, LogInFailure, Session, Venue

#: How many accounts are listed that the venue tells of, where the configuration names none.
MOST_UNNAMED = 10


@attrs.define
class Heard:
    """What was heard of a venue on the way: as an observer, and at the end of its log-in."""

    #: None where nobody had to log in.
    end: Session | LogInFailure | None = None
    #: Whether the log-in called the venue, and did not just take a token as given.
    called: bool = False
    answers: list[Answered] = attrs.field(factory=list)

    def answered(self, answer: Answered) -> None:
        """Hear how a call ended."""
        self.answers.append(answer)

    def had(self, verdict: str) -> bool:
        """Tell whether any call ended with that verdict."""
        return any(one.verdict == verdict for one in self.answers)

    def requested(self, request: CancelRequest) -> None:
        """Hear of no cancel: there is none."""

    def attempted(self, venue: str, call: str) -> None:
        """Wait for how the call ends."""

    def logged_in(self, venue: str, failure: str | None) -> None:
        """Know it already, and more of it."""

    def acknowledged(self, ack: CancelAck) -> None:
        """Hear of no ack: there is no cancel."""

    def updated(self, update: Update) -> None:
        """Hear of no update: there is no cancel."""


class _Overheard:
    """A venue as it is, but for its log-in, of which the end is noted."""

    def __init__(self, venue: Venue, heard: Heard) -> None:
        self._venue = venue
        self._heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self._venue, name)

    def log_in(self) -> object:
        conversation: object = self._venue.log_in()
        return self._noted(conversation) if isinstance(conversation, Generator) else conversation

    def _noted(self, conversation: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        answer = None
        while True:
            try:
                need = conversation.send(answer)
            except StopIteration as stop:
                self._heard.end = stop.value
                return stop.value
            self._heard.called = self._heard.called or isinstance(need, Call)
            answer = yield need


def overheard(venue: Venue, heard: Heard) -> Venue:
    """Return a venue whose log-in is heard; it tells of the same plugin, for messages name that."""
    kind = type(venue)
    shape = type(
        kind.__name__, (_Overheard,), {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    )
    return cast("Venue", shape(venue, heard))


@attrs.frozen(kw_only=True)
class Listed:
    """The open orders of one account, or why they could not be asked for, and how long that took."""

    account: str
    orders: OpenOrders
    took_s: float


@attrs.frozen(kw_only=True)
class Visit:
    """What a visit brought."""

    readiness: Readiness
    heard: Heard
    listed: tuple[Listed, ...] = ()
    readings: Sequence[Reading] = ()

    @property
    def admitted(self) -> bool:
        """Whether the venue let one in, as far as is known, whatever else it refuses."""
        return _admitted(self.readiness, self.heard)


async def visit(
    table: Table, venue: Venue, client: Mapping[str, Any], transport: Transport, deadline: float
) -> Visit:
    """Visit a venue until the loop's time `deadline`; its log-out may take a second more."""
    heard, dated = Heard(), DatedTransport(transport)
    limits = {} if table.limits is None else {table.name: table.limits}
    asked = AsyncClient([overheard(venue, heard)], transport=dated, observer=heard, limits=limits, **client)
    asked.accounts = {table.name: table.accounts}
    async with asked:
        (readiness,) = await asked.ready(_left_s(deadline))
        named = table.accounts or readiness.accounts[:MOST_UNNAMED]
        possible = (one for one in named if refusal_of(venue, one) is None)
        accounts = dict.fromkeys(possible) if _admitted(readiness, heard) else ()
        listed = await asyncio.gather(*(_listed(asked, table.name, one, deadline) for one in accounts))
    return Visit(readiness=readiness, heard=heard, listed=tuple(listed), readings=dated.readings)


def _admitted(readiness: Readiness, heard: Heard) -> bool:
    return readiness.ready or (isinstance(heard.end, Session) and not heard.had("SessionRefused"))


async def _listed(client: AsyncClient, venue: str, account: str, deadline: float) -> Listed:
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    orders = await client.open_orders(venue, account, _left_s(deadline))
    return Listed(account=account, orders=orders, took_s=loop.time() - began_at)


def _left_s(deadline: float) -> float:
    """Return what is left of the time: a trifle, at the least, for a client takes no less."""
    return max(0.001, deadline - asyncio.get_running_loop().time())
