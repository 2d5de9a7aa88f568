"""How a fault is planted into a right adapter: as a subclass of its venue, or of its contract test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs
from tests.adapters.apex.test_contract import TestApex as ApexContract
from tests.adapters.autoshares.test_contract import TestAutoShares as AutoSharesContract

from countermand.testing import Simulator, VenueContract
from countermand.venue import Call, HttpRequest, HttpResponse, LogIn, LogInFailure, Session, Venue

__all__ = [
    "ApexContract",
    "AutoSharesContract",
    "Planted",
    "Read",
    "in_apex",
    "in_autoshares",
    "in_examples",
    "reread",
    "resigned",
    "talking",
]

Read = Callable[[HttpResponse], Any]


@attrs.frozen
class Planted:
    """A contract test of an adapter with a fault, and the cases that must find it."""

    contract: type[VenueContract]
    cases: tuple[str, ...]


def in_apex(kind: type[Venue], *cases: str) -> Planted:
    """Plant a faulty venue into the contract test of APEX."""
    return Planted(_with_venue(ApexContract, kind), cases)


def in_autoshares(kind: type[Venue], *cases: str) -> Planted:
    """Plant a faulty venue into the contract test of AutoShares."""
    return Planted(_with_venue(AutoSharesContract, kind), cases)


def in_examples(contract: type[VenueContract], given: dict[str, object], *cases: str) -> Planted:
    """Give a contract test a wrong fixture."""
    return Planted(type("Faulty", (contract,), given), cases)


def reread(call: Call[Any], read: Callable[[Read, HttpResponse], Any]) -> Call[Any]:
    """Read a call's answers otherwise; `read` is given the right reader."""
    return attrs.evolve(call, read=lambda response: read(call.read, response))


def resigned(call: Call[Any], change: Callable[[HttpRequest], HttpRequest]) -> Call[Any]:
    """Send another request."""
    return attrs.evolve(call, sign=lambda session, stamp: change(call.sign(session, stamp)))


def talking(conversation: LogIn | None, change: Callable[[Any], Any]) -> LogIn:
    """Have a log-in whose calls are others."""
    told: Any = None
    while conversation is not None:
        try:
            step = conversation.send(told)
        except StopIteration as end:
            return cast("Session | LogInFailure", end.value)
        told = yield change(step) if isinstance(step, Call) else step
    raise AssertionError("there is no log-in")


def _with_venue(contract: type[VenueContract], kind: type[Venue]) -> type[VenueContract]:
    def venue(self: VenueContract) -> Venue:
        return _as_a(kind, contract.venue(self))

    def simulated(self: VenueContract, simulator: Simulator, **settings: Any) -> Venue:
        return _as_a(kind, contract.simulated(self, simulator, **settings))

    return type("Faulty", (contract,), {"venue": venue, "simulated": simulated})


def _as_a(kind: Callable[..., Venue], venue: Any) -> Venue:
    settings = [field for field in attrs.fields(type(venue)) if field.init]
    return kind(**{field.alias or field.name: getattr(venue, field.name) for field in settings})
