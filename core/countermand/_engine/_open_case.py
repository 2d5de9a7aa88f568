"""A case that somebody waits for, or that something is under way for."""

from __future__ import annotations

import asyncio

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Began, Caller, Case, Ended, Signed
from countermand._engine._station import Errand


@attrs.define(kw_only=True, eq=False)
class OpenCase:
    """A case with its waiters, its exchanges and its alarm."""

    case: Case
    waiters: dict[Caller, asyncio.Future[CancelAck]] = attrs.field(factory=dict)
    #: What has begun and not ended: those not yet signed can be taken back.
    under_way: dict[int, tuple[asyncio.Task[None], Errand]] = attrs.field(factory=dict)
    timer: asyncio.TimerHandle | None = None


def ended_facts(case: Case) -> list[Began | Signed | Ended]:
    """List the facts of the exchanges that are over."""
    over = {fact.number for fact in case.facts if isinstance(fact, Ended)}
    return [fact for fact in case.facts if fact.number in over]
