"""The facts of a case put in order: attempts, what was read, what was missing."""

from __future__ import annotations

from functools import cached_property

import attrs

from countermand._case._facts import Action, Began, Case, Ended, Listing, NoSession, Signed
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus, StatusClass
from countermand._outcome import Sent
from countermand.venue import Acted, Gone, OrderRead, Receipt, SessionRefused, TrailRead

#: How an order whose exposure moved to a successor may read.
_GONE_STATUSES = frozenset({OrderStatus.CANCELED, OrderStatus.REPLACED})


@attrs.frozen(kw_only=True)
class Exchange:
    """One exchange, from its beginning to its end if it has one."""

    began: Began
    ended: Ended | None
    signed: bool = True

    @property
    def name(self) -> str:
        """What to call it: by the venue's own name as soon as that is known."""
        return (self.ended.call if self.ended else None) or self.began.action.value

    @property
    def sent(self) -> Sent:
        """Whether a byte of it left."""
        if self.ended is not None:
            return self.ended.sent
        return Sent.MAYBE if self.signed else Sent.NO

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
    #: Rows of the same answer that took an order's place; None where the read was not a listing.
    others: tuple[OrderReport, ...] | None = None

    @property
    def began_at(self) -> float:
        """When the read began: only what it shows of then is believed."""
        return self.exchange.began.at


@attrs.define(kw_only=True)
class Survey:
    """What the facts of a case amount to, worked out as it is asked for."""

    case: Case

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Every exchange, in the order they began."""
        ends = {fact.number: fact for fact in self.case.facts if isinstance(fact, Ended)}
        signed = {fact.number for fact in self.case.facts if isinstance(fact, Signed)}
        begins = [fact for fact in self.case.facts if isinstance(fact, Began)]
        return tuple(
            Exchange(began=one, ended=ends.get(one.number), signed=one.number in signed) for one in begins
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
    def under_way(self) -> frozenset[Action]:
        """What has begun and not ended."""
        return frozenset(one.began.action for one in self.exchanges if one.ended is None)

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
                return [Sighting(exchange=read, report=row, others=answer.rows) for row in own]
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
        """The reports of the order as dead; dead beats alive, whenever read."""
        return tuple(seen for seen in self.sightings if seen.report.status_class is StatusClass.DEAD)

    @cached_property
    def end(self) -> Sighting | None:
        """The report that tells how the order ended; Filled beats Canceled, other contradictions are none."""
        statuses = {seen.report.status for seen in self.dead}
        if statuses == {OrderStatus.FILLED, OrderStatus.CANCELED}:
            statuses = {OrderStatus.FILLED}
        if len(statuses) != 1:
            return None
        return next(seen for seen in reversed(self.dead) if seen.report.status in statuses)

    @cached_property
    def order_id(self) -> OrderId | None:
        """The venue's id of the order, as far as it is known."""
        if isinstance(self.case.order, OrderId):
            return self.case.order
        ids = {seen.report.order_id for seen in self.sightings}
        return ids.pop() if len(ids) == 1 else None

    @cached_property
    def successor(self) -> OrderId | None:
        """The order that took this one's place, if any listing shows one."""
        if self.latest is None:
            return None
        own = self.latest.report
        rows = (row for one in reversed(self.listings) for row in listed(one))
        heirs = (row for row in rows if row.succeeds(own.order_id, own.client_order_id))
        return next((row.order_id for row in heirs if row.account in (None, self.case.account)), None)

    @cached_property
    def searched(self) -> bool:
        """Whether open orders and history were searched for a successor, so that none is known to be.

        One history listing that shows the order itself at its end serves for both: a successor is younger
        than the order, so it would be in that same snapshot. Otherwise both listings must be complete and
        have begun after the order was first read at its end.
        """
        ends = [seen for seen in self.sightings if seen.report.status in _GONE_STATUSES]
        if not ends:
            return False
        if any(seen.others is not None and seen.exchange.began.action is Action.HISTORY for seen in ends):
            return True
        needed = {Action.OPEN, Action.HISTORY} if self.case.capabilities.has_history else {Action.OPEN}
        listed = {one.began.action for one in self.listings if one.began.at >= ends[0].began_at}
        return needed <= listed

    @cached_property
    def linked(self) -> tuple[OrderReport, ...]:
        """The orders linked to this one: its legs, and the rows of listings that share its parent."""
        if self.latest is None:
            return ()
        own = self.latest.report
        rows = [row for one in self.listings for row in listed(one)] if own.parent is not None else []
        kin = {row.order_id: row for row in rows if row.parent == own.parent and row.order_id != own.order_id}
        return (*own.legs, *kin.values())

    @cached_property
    def linked_unread(self) -> bool:
        """Whether the order ended as a leg and no listing has been tried since, to see what went with it."""
        if self.end is None or self.end.report.parent is None:
            return False
        tried = {Action.OPEN, Action.HISTORY}
        return not any(
            one.began.action in tried and one.began.at >= self.dead[0].began_at for one in self.reads
        )

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

    def absent_twice(self, actions: frozenset[Action]) -> bool:
        """Tell whether each of those reads lacked the order twice, at least `read_lag_s` apart."""
        lag = self.case.capabilities.read_lag_s
        for action in actions:
            times = [one.began.at for one in self.absences if one.began.action is action]
            if len(times) < 2 or max(times) - min(times) < lag:  # noqa: PLR2004 - "twice" is two
                return False
        return True

    def refused_sessions(self, action: Action) -> int:
        """Count the different sessions under which that call was refused."""
        ends = (one.ended for one in self.exchanges if one.began.action is action)
        return len(
            {end.session for end in ends if end is not None and isinstance(end.answer, SessionRefused)}
        )


def listed(read: Exchange) -> tuple[OrderReport, ...]:
    """Return the rows of a listing that concern the case; none for any other answer."""
    answer = read.ended.answer if read.ended else None
    return answer.rows if isinstance(answer, Listing) else ()
