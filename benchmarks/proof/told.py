"""What a world came to: each ack beside the truth it is judged by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

from proof.ledger import Arrival, Ledger, Record
from proof.scripts import FOREIGN_ACCOUNT, Ask, OrderScript, Script

_FINAL = frozenset({"canceled", "rejected"})
#: So long a busy machine may hold up an answer over sockets, in seconds.
_HELD_UP_S = 2.0


@attrs.frozen(kw_only=True)
class Told:
    """What one caller was told, and when; times by the simulator's clock, in seconds."""

    order: OrderScript
    ask: Ask
    asked_at: float
    at: float
    #: `CancelAck.to_dict()`; missing where an exception came instead.
    ack: Mapping[str, Any] | None
    error: str | None = None
    #: As what it stood until an update told this, by its name; None for what is no update.
    before: str | None = None

    @property
    def name(self) -> str:
        """The ack in short: its outcome, and its reason."""
        return name_of(self.ack) if self.ack is not None else self.outcome

    @property
    def outcome(self) -> str:
        """The ack's outcome."""
        return str(self.ack["outcome"]) if self.ack is not None else "exception"

    @property
    def reason(self) -> str | None:
        """The ack's reason."""
        return self.ack["reason"] if self.ack is not None else None

    @property
    def final(self) -> bool:
        """Whether nothing is owed any more."""
        return self.outcome in _FINAL

    @property
    def decided_at(self) -> float:
        """When the ack was made, at the earliest: on a busy machine it is told later than that."""
        return self.asked_at + float(self.ack["elapsed_s"]) if self.ack is not None else self.at

    @property
    def joined_at(self) -> float:
        """When the client heard of it, at the latest: a thread's question takes a step to get there."""
        return self.at - float(self.ack["elapsed_s"]) if self.ack is not None else self.asked_at

    @property
    def deadline(self) -> float:
        """When the ack had to come."""
        return self.asked_at + self.ask.timeout_s


def _is_named(cancel: Arrival, order: OrderScript) -> bool:
    return cancel.client_order_id == order.client_order_id


def name_of(ack: Mapping[str, Any]) -> str:
    """Name an ack by its outcome and its reason."""
    outcome, reason = str(ack["outcome"]), ack["reason"]
    return outcome if reason is None else f"{outcome}: {reason}"


@attrs.frozen(kw_only=True, repr=False)
class Later:
    """What a client told after its acks, each with what its caller was told first."""

    #: Each update, in the order in which they came.
    updates: tuple[tuple[Told, Told], ...] = ()
    #: What was owed before any was settled; None where nobody asked.
    owed: tuple[tuple[Told, Told], ...] | None = None
    #: What was owed by the closed client.
    left: tuple[tuple[Told, Told], ...] | None = None
    #: How many of these were of requests that nobody had made, or not with the age that they have.
    strange: int = 0


@attrs.frozen(kw_only=True, repr=False)
class Played:
    """A world that is over."""

    script: Script
    ledger: Ledger
    told: tuple[Told, ...]
    #: The acks that were not final, as they were once settled.
    settled: tuple[tuple[Told, Told], ...] = ()
    #: What was told besides, each with what its caller was told first.
    later: Later = attrs.field(factory=Later)
    #: When settling began: no cancel is sent from then on.
    settling_at: float = math.inf
    declared_lag_s: float


@attrs.frozen(kw_only=True)
class Trial:
    """One ack before the judge; `first` is what the same caller was told before it was settled."""

    told: Told
    first: Told
    played: Played

    @property
    def ledger(self) -> Ledger:
        """The truth."""
        return self.played.ledger

    @property
    def ack(self) -> Mapping[str, Any]:
        """The ack; empty for an exception."""
        return self.told.ack or {}

    @property
    def by_client_id(self) -> bool:
        """Whether the order was named by its client's id."""
        return self.played.script.stratum.identity != "order id"

    @property
    def roots(self) -> list[Record]:
        """The orders that the request can have meant."""
        if self.by_client_id:
            return self.ledger.bearers(self.told.order.account, self.told.order.client_order_id)
        return self.ledger.chain(self.told.order.order_id)[:1]

    @property
    def cancels(self) -> list[Arrival]:
        """The cancels that came and named the order as the request does, the book or the ack."""
        own = self.told.order
        ids = {own.order_id, self.ack.get("order_id"), *(one.order_id for one in self.roots)}
        return [
            one
            for one in self.ledger.arrivals
            if one.call == "cancel" and (one.order_id in ids - {None} or _is_named(one, own))
        ]

    @property
    def spoken(self) -> Record | None:
        """The order that the ack speaks of."""
        return self.ledger.records.get(self.ack.get("order_id") or "")

    @property
    def exposure(self) -> list[Record]:
        """The order asked for and all that took its place."""
        if self.by_client_id:
            return self.ledger.chain(self.ack.get("order_id"))
        return self.ledger.chain(self.told.order.order_id)

    @property
    def siblings(self) -> list[Told]:
        """The others who asked for the same order."""
        return [one for one in self.played.told if self._names_the_same(one) and one is not self.first]

    def dead_since(self, at: float) -> bool:
        """Whether the order and all that took its place were dead by then."""
        readable = self.told.order.account != FOREIGN_ACCOUNT
        return readable and bool(self.exposure) and all(one.dead_at <= at for one in self.exposure)

    def _names_the_same(self, other: Told) -> bool:
        own, another = self.told.order, other.order
        if own.account != another.account:
            return False
        if self.by_client_id:
            return own.client_order_id == another.client_order_id
        return own.order_id == another.order_id

    def began_at(self, record: Record) -> float:
        """When the case began that the caller shares: callers whose waits touch are in one case.

        Who comes when the order is dead and nobody waits any more begins a case of its own.
        """
        first = self.first
        for other in sorted(self.siblings, key=lambda one: -one.asked_at):
            if record.dead_at <= first.asked_at:
                # One who follows has left the case before its ack, and nobody but the client knows when.
                touch = first.joined_at <= other.decided_at and not other.ask.follow
            else:
                touch = first.asked_at <= other.at + self.played.declared_lag_s
            if other.asked_at <= first.asked_at and touch:
                first = other
        return first.asked_at

    def attempts(self, record: Record, *, shared: bool = False) -> list[Arrival]:
        """List the cancels of an order that came from the caller's case.

        Those that came after the ack count as long as nobody else can have sent them; where `shared`, also
        those of others who waited already when the ack was given.
        """
        if self.by_client_id and self.ack.get("sent") == "no" and self._met_others:
            return []  # it came to no case, or to a later one: what was sent was sent for others
        start, told_at = self.began_at(record), self.first.decided_at
        later = [one for one in self.siblings if one.asked_at > told_at]
        until = min((one.asked_at for one in later), default=math.inf)
        waiting = [one for one in self.siblings if one.asked_at <= told_at < one.at]
        if waiting and not shared:
            until = told_at
        cancels = self.ledger.cancels(record)
        return [one for one in cancels if start <= one.at and (one.at <= told_at or one.at < until)]

    @property
    def _met_others(self) -> bool:
        lag_s = self.played.declared_lag_s
        first = self.first
        return any(one.asked_at <= first.at and first.asked_at <= one.at + lag_s for one in self.siblings)

    def was_answered(self, cancel: Arrival) -> bool:
        """Tell whether a cancel was answered for sure before the caller came."""
        script = self.played.script
        slow_s = float(script.behaviour["cancel_delay_s"]) + 4 * script.latency_s
        slow_s += _HELD_UP_S if script.sockets else 0.0
        return cancel.fault is None and cancel.at + slow_s < self.first.asked_at

    def canceling(self, record: Record) -> Arrival | None:
        """Find the request that took an order off the book, if it was one that named it."""
        word, _, number = (record.canceled_by or "").partition(" ")
        if word != "cancel":
            return None
        return next((one for one in self.ledger.cancels(record) if str(one.number) == number), None)
