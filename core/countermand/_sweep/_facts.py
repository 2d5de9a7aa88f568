"""The facts of one mass cancel: listings, the venue's own call, and an ask for each order."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._case._facts import Began, Ended, NoSession, Signed
from countermand._case._survey import Exchange
from countermand._ids import ClientOrderId, OrderId
from countermand._order import OrderReport
from countermand._request import CancelCause
from countermand._scope import PlacedAfter, Scope, ScopeKind
from countermand._sweep._known import Ask, Known, Look
from countermand.venue import Acted, Capabilities, PerOrder, SessionRefused


@attrs.define(kw_only=True, eq=False)
class Sweep:
    """The facts of one mass cancel, which only ever grow."""

    scope: Scope
    placed_after: PlacedAfter
    capabilities: Capabilities
    #: Whether a refused session can be had anew.
    renewable: bool
    #: The wall clock's time at monotonic 0.
    epoch: datetime
    began_at: float
    deadline: float
    cause: CancelCause = CancelCause.NONE
    looks: list[Look] = attrs.field(factory=list)
    #: When the listing began that is under way.
    looking_since: float | None = None
    #: The venue's own mass cancels: more than one only where the others were provably not processed.
    natives: list[Exchange] = attrs.field(factory=list)
    #: Every order heard of, in that order.
    known: dict[OrderId, Known] = attrs.field(factory=dict)
    #: When the youngest listing began that was whole: what it lacks was not open then.
    last_whole_at: float = -math.inf
    #: When the first cancel was about to be sent.
    first_sent_at: float = math.inf
    #: When the last answer to a cancel came.
    last_answer_at: float = -math.inf
    #: When an order's cancel was last asked for.
    last_ask_at: float = -math.inf
    #: How many orders wait for an answer.
    awaited: int = 0
    #: What took the place of orders, as their acks say.
    successors: set[OrderId] = attrs.field(factory=set)
    #: What was concluded of the facts as they are, by what concluded it; each new one forgets it.
    concluded: dict[object, Any] = attrs.field(factory=dict, init=False)
    _by_client_id: dict[ClientOrderId, Known] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        for order_id in self.scope.order_ids:
            self.known[order_id] = Known(order_id=order_id, is_named=True, in_snapshot=True)

    @property
    def lists(self) -> bool:
        """Whether its orders can be listed: a listing is of one account."""
        return self.scope.account_id is not None

    @property
    def has_native(self) -> bool:
        """Whether the venue's own mass cancel means exactly this scope."""
        return self.scope.kind in self.capabilities.scopes

    @property
    def calling(self) -> bool:
        """Whether the venue's own mass cancel is under way."""
        return bool(self.natives) and self.natives[-1].ended is None

    @property
    def sending(self) -> bool:
        """Whether some order still waits for its turn to be canceled."""
        return any(known.asks and known.asks[-1].queued for known in self.known.values())

    @property
    def has_looked(self) -> bool:
        """Whether a listing was answered: one that ends for its session is asked for again under another."""
        return any(look.tells or not self.lacked_session(look) for look in self.looks)

    @property
    def snapshot_looks(self) -> list[Look]:
        """The listings that began before anything was sent, and told something."""
        return [look for look in self.looks if look.began_at < self.first_sent_at and look.tells]

    @property
    def has_whole_snapshot(self) -> bool:
        """Whether every order is known that was there before anything was sent."""
        named = self.scope.kind is ScopeKind.ORDERS
        return named or any(look.whole for look in self.snapshot_looks)

    def lacked_session(self, look: Look) -> bool:
        """Tell whether a listing failed for its session, and another one may be had."""
        return isinstance(look.failure, NoSession) or (
            self.renewable and isinstance(look.failure, SessionRefused)
        )

    def seconds(self, when: datetime) -> float:
        """Tell a time of day in monotonic seconds."""
        return (when - self.epoch).total_seconds()

    def see(self, look: Look) -> None:
        """Add a listing."""
        self.concluded.clear()
        self.looking_since = None
        self.looks.append(look)
        self.last_whole_at = look.began_at if look.whole else self.last_whole_at
        for order_id, shown in look.shown.items():
            known = self.known.setdefault(order_id, Known(order_id=order_id))
            known.shown = shown
            if shown.report.client_order_id is not None:
                self._by_client_id.setdefault(shown.report.client_order_id, known)
            known.in_snapshot = known.in_snapshot or look.began_at < self.first_sent_at

    def replaced_by(self, report: OrderReport) -> Known | None:
        """Find the order whose place that one took."""
        if isinstance(report.replaces, OrderId):
            return self.known.get(report.replaces)
        return None if report.replaces is None else self._by_client_id.get(report.replaces)

    def has_heir(self, known: Known) -> bool:
        """Tell whether any order was shown that took an order's place."""
        others = (one.shown for one in self.known.values() if one is not known and one.shown is not None)
        return any(self.replaced_by(shown.report) is known for shown in others)

    def send(self, at: float) -> None:
        """Note that a cancel is about to be sent."""
        self.concluded.clear()
        self.first_sent_at = min(self.first_sent_at, at)

    def ask(self, order_id: OrderId, at: float) -> Ask:
        """Note that an order's cancel is asked for by its id."""
        self.send(at)
        ask, self.last_ask_at = Ask(at=at), at
        self.known[order_id].asks.append(ask)
        self.awaited += 1
        return ask

    def hear(self, ask: Ask, ack: CancelAck, at: float) -> None:
        """Note what was said of an order."""
        self.concluded.clear()
        ask.ack, ask.given_at = ack, at
        self.awaited -= 1
        if ack.successor is not None:
            self.successors.add(ack.successor)
        answers = (one.answered_at for one in ack.attempts if one.answered_at is not None)
        answered_at = max(map(self.seconds, answers), default=-math.inf)
        # A time that went through microseconds and back may have become later than it was.
        self.last_answer_at = max(self.last_answer_at, min(answered_at, at))

    def call(self, began: Began) -> None:
        """Note that the venue's own mass cancel is about to be sent."""
        self.send(began.at)
        self.natives.append(Exchange(began=began, ended=None, signed=None))

    def hear_native(self, signed: Signed | None, ended: Ended) -> None:
        """Note how it ended."""
        self.concluded.clear()
        self.natives[-1] = attrs.evolve(self.natives[-1], signed=signed, ended=ended)
        self.last_answer_at = max(self.last_answer_at, ended.at)
        if isinstance(ended.answer, PerOrder) and self.lists:
            for order_id, verdict in ended.answer.orders.items():
                if verdict.acted is Acted.YES:
                    self.known.setdefault(order_id, Known(order_id=order_id)).is_taken = True
