"""What a world of mass cancels came to: each report beside the truth it is judged by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs

from proof.ledger import Arrival, Record
from proof.mass.ledger import MassLedger, MassRecord, is_clean, is_true
from proof.mass.scripts import OWN_USER, UNDECIDED_END, MassScript, Wish
from proof.scripts import FOREIGN_ACCOUNT, Ask, OrderScript
from proof.told import Played, Told, Trial

#: Rows of a page of AutoShares: of longer listings nobody here tells which page showed what.
_PAGE = 100


@attrs.frozen(kw_only=True)
class MassTold:
    """What was told of one scope; `report` is `MassCancelReport.to_dict()`."""

    wish: Wish
    report: Mapping[str, Any] | None
    error: str | None = None
    #: `KillReport.to_dict()` where it was part of a kill.
    kill: Mapping[str, Any] | None = None


@attrs.frozen(kw_only=True, repr=False)
class MassPlayed:
    """A world that is over; times by the simulator's clock, in seconds."""

    script: MassScript
    ledger: MassLedger
    asked_at: float
    told_at: float
    told: tuple[MassTold, ...]
    #: What is to be taken from a time of day, to have the simulator's, in seconds.
    epoch_s: float
    declared_lag_s: float

    @property
    def deadline(self) -> float:
        """When the report had to come."""
        return self.asked_at + self.script.timeout_s


@attrs.define(kw_only=True, slots=False)
class MassTrial:
    """One report before the judge."""

    told: MassTold
    played: MassPlayed

    @property
    def ledger(self) -> MassLedger:
        """The truth."""
        return self.played.ledger

    @property
    def report(self) -> Mapping[str, Any]:
        """The report; empty for an exception."""
        return self.told.report or {}

    @property
    def keeps(self) -> bool:
        """Whether orders that are placed later are to be left alone."""
        return self.played.script.placed_after == "keep"

    def holds(self, record: MassRecord) -> bool:
        """Tell whether an order is in the scope, as anybody would read its words."""
        return in_scope(self.told.wish, record)

    @property
    def alone(self) -> bool:
        """Whether it was the only scope asked for."""
        return len(self.played.told) == 1

    @property
    def permitted(self) -> bool:
        """Whether the venue lets the router do what it asks for."""
        wish, script = self.told.wish, self.played.script
        if wish.account == FOREIGN_ACCOUNT:
            return False
        operator = script.venue == "apex" and script.behaviour["venue"]["operator"] == "yes"
        return operator or (wish.kind != "venue wide" and wish.user in (None, OWN_USER))

    @cached_property
    def sends(self) -> list[Arrival]:
        """The cancels that came, of one order or of many."""
        return [one for one in self.ledger.arrivals if one.call in ("cancel", "mass cancel")]

    @cached_property
    def first_send_at(self) -> float:
        """When the first of them came."""
        return min((one.at for one in self.sends), default=math.inf)

    @cached_property
    def targets(self) -> list[MassRecord]:
        """The orders that were to be canceled beyond any doubt."""
        found = [record for record in self.ledger.records.values() if self._is_target(record)]
        return sorted(found, key=lambda record: record.placed_at)

    def _is_target(self, record: MassRecord) -> bool:
        if not self.holds(record) or record.dead_at <= self.played.asked_at:
            return False
        if not self.keeps:
            return record.placed_at <= self.played.told_at
        named = self.told.wish.kind == "orders"
        there_at = self.played.asked_at - (0.0 if named else self.played.script.lag_s)
        return record.placed_at <= self.played.asked_at and record.shown_from <= there_at

    @cached_property
    def exposure(self) -> list[MassRecord]:
        """The targets and all that took their places."""
        found: dict[str, MassRecord] = {}
        for target in self.targets:
            chain = self.ledger.chain(target.order_id) if self._was_met(target) else [target]
            found |= {one.order_id: self.ledger.records[one.order_id] for one in chain}
        return list(found.values())

    def _was_met(self, record: MassRecord) -> bool:
        """Tell whether anybody was told of an order: of others nobody can know what took their places."""
        if self.told.wish.kind == "orders":
            return True
        return any(is_true(one) and record.shown_at(self.ledger.as_of(one)) for one in self.listings)

    @property
    def listings(self) -> list[Arrival]:
        """The listings of the scope's account that came while it was at work."""
        account = self.told.wish.account
        return [
            one
            for one in self.ledger.arrivals
            if one.call == "listing" and one.account == account and one.at <= self.played.told_at
        ]

    def listed(self, record: MassRecord) -> bool:
        """Tell whether the router was shown an order for sure before it sent anything."""
        if record.account in (None, FOREIGN_ACCOUNT) or record.account != self.told.wish.account:
            return False
        if not self.alone:
            return False  # whose listing it was, nobody can tell from outside
        soon = self.played.told_at - 0.1 - 2 * self.played.script.latency_s
        until = min(self.first_send_at, soon)
        since = self.played.asked_at
        if any(since - self.played.script.asked_at + one < until for one in self.played.script.expiries):
            return False  # it may have been refused
        looks = [one for one in self.listings if is_clean(one) and since <= one.at < until]
        return len(self._rows) <= _PAGE and any(record.shown_at(self.ledger.as_of(one)) for one in looks)

    @property
    def _rows(self) -> list[MassRecord]:
        account = self.told.wish.account
        return [one for one in self.ledger.records.values() if one.account == account]

    @property
    def proved_at(self) -> float | None:
        """As of when it was told to be proved empty."""
        told = self.report.get("proved_empty_as_of")
        return None if told is None else self.seconds(told)

    def seconds(self, told: str) -> float:
        """Tell a time of day by the simulator's clock."""
        return datetime.fromisoformat(told).timestamp() - self.played.epoch_s

    @property
    def second_listing(self) -> Arrival | None:
        """The listing that proves it: the first that came a lag after the time that is told, or later."""
        if self.proved_at is None:
            return None
        since = self.proved_at + self.played.declared_lag_s - 0.0001  # it went through microseconds
        return next((one for one in self.listings if one.at >= since), None)

    def acks(self) -> list[Trial]:
        """Give each ack in the shape in which acks of single cancels are judged."""
        return [self._trial(ack) for ack in self.report.get("acks", ())]

    def _trial(self, ack: Mapping[str, Any]) -> Trial:
        script, order_id = self.played.script, ack["request"]["order"]["order_id"]
        account = ack["request"]["account"]
        timeout_s = float(ack["request"]["timeout_s"])
        ask = Ask(at=script.asked_at, timeout_s=timeout_s, assurance=ack["request"]["assurance"])
        order = OrderScript(order_id=order_id, account=account, client_order_id="", asks=(ask,))
        told = Told(order=order, ask=ask, asked_at=self.played.asked_at, at=self.played.told_at, ack=ack)
        played = Played(
            script=script,  # type: ignore[arg-type]  # has all that is looked at
            ledger=self.ledger,
            told=(told,),
            declared_lag_s=self.played.declared_lag_s,
        )
        return AckTrial(told=told, first=told, played=played, truth=self.ledger, alone=self.alone)


@attrs.frozen(kw_only=True)
class AckTrial(Trial):
    """One ack of a report before the judge."""

    truth: MassLedger
    #: Whether its scope was the only one asked for.
    alone: bool

    def attempts(self, record: Record, *, shared: bool = False) -> list[Arrival]:
        """List the cancels of an order: all were sent for the one who asked, or for one of those who did."""
        return self.truth.cancels(record) if self.alone else self.truth.by_id(record)

    def canceling(self, record: Record) -> Arrival | None:
        """Find the request that took an order off the book, also by its kin or together with others."""
        return self.truth.taken_by(record)


def in_scope(wish: Wish, record: MassRecord) -> bool:
    """Tell whether an order is in a scope."""
    if wish.account not in (None, record.account) or wish.instrument not in (None, record.instrument):
        return False
    if wish.user not in (None, record.entered_by):
        return False
    if wish.kind == "orders":
        return record.order_id in wish.order_ids
    return wish.kind != "mine" or _is_mine(wish, record)


def undecided(wish: Wish, record: MassRecord) -> bool:
    """Tell whether the predicate of a scope raises for an order."""
    ends = (record.client_order_id or "").endswith(UNDECIDED_END)
    return wish.raises and ends and record.account == wish.account


def _is_mine(wish: Wish, record: MassRecord) -> bool:
    if undecided(wish, record):
        return False
    if wish.where == "entered by":
        return record.entered_by == OWN_USER
    return (record.client_order_id or "").startswith("5")
