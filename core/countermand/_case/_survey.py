"""The facts of a case put in order: attempts, what was read, what was missing."""

from __future__ import annotations

import math
from functools import cached_property

import attrs

from countermand._case._facts import Action, Began, Case, Ended, Listing, NoSession, Signed, Withheld
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import Sent
from countermand.venue import Acted, Gone, OrderRead, Receipt, TrailRead


@attrs.frozen(kw_only=True)
class Exchange:
    """One exchange, from its beginning to its end if it has one."""

    began: Began
    ended: Ended | None
    signed: Signed | None

    @property
    def name(self) -> str:
        """What to call it: by the venue's own name as soon as that is known."""
        return self.signed.call if self.signed is not None else self.began.action.value

    @property
    def sent(self) -> Sent:
        """Whether a byte of it left."""
        if self.ended is not None:
            return self.ended.sent
        return Sent.MAYBE if self.signed is not None else Sent.NO

    @property
    def signed_at(self) -> float | None:
        """When it was handed to the wire."""
        return self.signed.at if self.signed is not None else None

    @property
    def queued(self) -> bool:
        """Whether it still waits for its turn."""
        return self.ended is None and self.signed is None

    @property
    def overdue_at(self) -> float:
        """When it is overdue; never as long as it is queued."""
        if self.queued:
            return math.inf
        own = self.signed.overdue_at if self.signed is not None else None
        return self.began.overdue_at if own is None else own

    @property
    def acted(self) -> Acted:
        """Whether the venue may have done what this one asked."""
        if self.ended is None:
            return Acted.MAYBE
        if self.ended.sent is Sent.NO or isinstance(self.ended.answer, NoSession):
            return Acted.NO
        acted: Acted = getattr(self.ended.answer, "acted", Acted.MAYBE)
        return acted


@attrs.frozen(kw_only=True)
class Sighting:
    """The order as one read showed it: the order itself, or one of a listing's rows."""

    exchange: Exchange
    report: OrderReport

    @property
    def began_at(self) -> float:
        """When the read began: only what it shows of then is believed."""
        return self.exchange.began.at

    @property
    def ended_at(self) -> float:
        """When the read ended: what it shows may be as young as that."""
        return self.exchange.ended.at if self.exchange.ended else self.began_at


@attrs.define(kw_only=True)
class Survey:
    """What the facts of a case amount to, worked out as it is asked for."""

    case: Case

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange, in the order they began."""
        ends = {fact.number: fact for fact in self.case.facts if isinstance(fact, Ended)}
        signed = {fact.number: fact for fact in self.case.facts if isinstance(fact, Signed)}
        begins = [fact for fact in self.case.facts if isinstance(fact, Began)]
        return tuple(
            Exchange(began=one, ended=ends.get(one.number), signed=signed.get(one.number)) for one in begins
        )

    @cached_property
    def attempts(self) -> tuple[Exchange, ...]:
        """The cancels among the exchanges."""
        return tuple(one for one in self.exchanges if one.began.action is Action.CANCEL)

    @cached_property
    def reads(self) -> tuple[Exchange, ...]:
        """All other exchanges that have ended."""
        return tuple(
            one for one in self.exchanges if one.began.action is not Action.CANCEL and one.ended is not None
        )

    @cached_property
    def receipts(self) -> tuple[Ended, ...]:
        """The ends of the attempts that the venue has."""
        ends = (one.ended for one in self.attempts)
        return tuple(end for end in ends if end is not None and isinstance(end.answer, Receipt))

    @cached_property
    def sent(self) -> Sent:
        """Whether a byte of a cancel for this order left."""
        states = {one.sent for one in self.attempts}
        return next((state for state in (Sent.YES, Sent.MAYBE) if state in states), Sent.NO)

    @cached_property
    def sightings(self) -> tuple[Sighting, ...]:
        """Every report of this very order, in the order the reads began."""
        found = [sighting for read in self.reads for sighting in self._seen_in(read)]
        return tuple(sorted(found, key=lambda sighting: sighting.began_at))

    def _seen_in(self, read: Exchange) -> list[Sighting]:
        answer = read.ended.answer if read.ended else None
        match answer:
            case Listing():
                own = [row for row in answer.rows if self.case.is_about(row)]
                return [Sighting(exchange=read, report=row) for row in own]
            case OrderRead(report=report) | TrailRead(report=OrderReport() as report):
                if self.case.is_about(report):
                    return [Sighting(exchange=read, report=report)]
        return []

    @cached_property
    def latest(self) -> Sighting | None:
        """The youngest report of the order."""
        return self.sightings[-1] if self.sightings else None

    @cached_property
    def dead(self) -> tuple[Sighting, ...]:
        """The reports of the order as dead, its legs included; dead beats alive, whenever read."""
        dead = (seen for seen in self.sightings if seen.report.status_class is StatusClass.DEAD)
        return tuple(seen for seen in dead if self._tells_of_legs(seen))

    def _tells_of_legs(self, seen: Sighting) -> bool:
        # A trail, say, leaves them out: where another call shows a leg that lives it is no word on that.
        shown = [leg for one in self.sightings for leg in one.report.legs]
        dead = {leg.order_id for leg in shown if leg.status_class is StatusClass.DEAD}
        showing = {one.exchange.name for one in self.sightings if one.report.legs}
        return seen.exchange.name in showing or all(leg.order_id in dead for leg in shown)

    @cached_property
    def legs(self) -> tuple[OrderReport, ...]:
        """The legs of the order, as last shown."""
        return next((seen.report.legs for seen in reversed(self.sightings) if seen.report.legs), ())

    @cached_property
    def parent(self) -> OrderId | None:
        """The order that this one is a leg of, if any read says so."""
        parents = (seen.report.parent for seen in reversed(self.sightings))
        return next((parent for parent in parents if parent is not None), None)

    @cached_property
    def end(self) -> Sighting | None:
        """The report that tells how the order ended; Filled beats Canceled, other contradictions are none.

        Fills only grow, so of several such reports the one with the greatest fill is the youngest.
        """
        statuses = {seen.report.status for seen in self.dead}
        if statuses == {OrderStatus.FILLED, OrderStatus.CANCELED}:
            statuses = {OrderStatus.FILLED}
        if len(statuses) != 1:
            return None
        ends = [seen for seen in self.dead if seen.report.status in statuses]
        return max(reversed(ends), key=lambda seen: seen.report.filled_quantity)

    @cached_property
    def fill_is_doubtful(self) -> bool:
        """Whether a report of the living order shows more filled than the one of its end: that one lags."""
        if self.end is None:
            return False
        return any(seen.report.filled_quantity > self.end.report.filled_quantity for seen in self.sightings)

    @cached_property
    def is_leaving(self) -> bool:
        """Whether the order was last seen as Pending Cancel, for all that a read shows that may lag."""
        ends = [seen.ended_at for seen in self.sightings if seen.report.status_class is StatusClass.LEAVING]
        over_at = max(ends, default=math.inf) + self.case.capabilities.read_lag_s
        return bool(ends) and not any(seen.began_at >= over_at for seen in self.sightings)

    def alive_since(self, at: float) -> bool:
        """Tell whether the order's youngest report is of a living one, in a read that began since then."""
        latest = self.latest
        return (
            latest is not None and latest.began_at >= at and latest.report.status_class is StatusClass.ALIVE
        )

    def trail_was_read_since(self, at: float) -> bool:
        """Tell whether a read of the order's changes began since then, and ended."""
        return any(one.began.action is Action.TRAIL and one.began.at >= at for one in self.reads)

    def withheld_since(self, at: float) -> bool:
        """Tell whether the budget has withheld a repeat since then."""
        return any(isinstance(fact, Withheld) and fact.at >= at for fact in self.case.facts)

    @cached_property
    def order_id(self) -> OrderId | None:
        """The venue's id of the order, as far as it is known."""
        if isinstance(self.case.order, OrderId):
            return self.case.order
        ids = {seen.report.order_id for seen in self.sightings}
        return ids.pop() if len(ids) == 1 else None

    @cached_property
    def listings(self) -> tuple[Exchange, ...]:
        """The complete listings."""
        return tuple(one for one in self.reads if one.ended and isinstance(one.ended.answer, Listing))

    @cached_property
    def absences(self) -> tuple[Exchange, ...]:
        """The reads that answered and lacked the order."""
        seen = {sighting.exchange.began.number for sighting in self.sightings}
        lacking = (
            *self.listings,
            *(one for one in self.reads if one.ended and isinstance(one.ended.answer, Gone)),
        )
        return tuple(one for one in lacking if one.began.number not in seen)

    def absent_twice(self, actions: frozenset[Action], since: float = -math.inf) -> bool:
        """Tell whether each of those reads lacked the order twice since then, at least `read_lag_s` apart."""
        lag = self.case.capabilities.read_lag_s
        for action in actions:
            absences = [one.began for one in self.absences if one.began.action is action]
            times = [began.at for began in absences if began.at >= since]
            if len(times) < 2 or max(times) - min(times) < lag:  # noqa: PLR2004 - "twice" is two
                return False
        return True


def listed(read: Exchange) -> tuple[OrderReport, ...]:
    """Return the rows of a listing that concern the case; none for any other answer."""
    answer = read.ended.answer if read.ended else None
    return answer.rows if isinstance(answer, Listing) else ()
