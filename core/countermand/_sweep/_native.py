"""The venue's own mass cancel: sent where it means exactly the scope, and never again after any doubt."""

from __future__ import annotations

import math

import attrs

from countermand._case._facts import Ended, Fact, NoSession
from countermand._case._survey import Exchange
from countermand._ids import OrderId
from countermand._mass_cancel import NativeCancel
from countermand._outcome import Outcome, Reason, Sent
from countermand._scope import PlacedAfter
from countermand._sweep._facts import Sweep
from countermand._sweep._failures import words
from countermand._sweep._known import Known
from countermand._waits import round_wait_s
from countermand.venue import Acted, PerOrder, Receipt, Refused, SessionRefused, Throttled

#: How often it may be tried where the tries before were provably not processed: as far as there is another
#: way, and where there is none.
_MOST_TRIES = 2
_MOST_TRIES_ALONE = 5
#: How long a sweep that takes in whatever is placed later waits for its first listing, in seconds.
_FIRST_LOOK_S = 1.0
#: A snapshot that shifted while it was taken is taken so often.
_MOST_SNAPSHOTS = 3


def native_due_at(sweep: Sweep) -> float:
    """Say when the venue's own mass cancel is to be sent; infinity for not any more."""
    if not sweep.has_native or sweep.calling:
        return math.inf
    if sweep.natives:
        return _again_at(sweep, sweep.natives[-1])
    return may_send_at(sweep)


def may_send_at(sweep: Sweep) -> float:
    """Say when the first cancel may be sent: not before it is known what was there before."""
    if not sweep.lists or _snapshot_is_ready(sweep):
        return -math.inf
    if sweep.placed_after is PlacedAfter.KEEP:
        return math.inf
    return -math.inf if sweep.has_looked else sweep.began_at + _FIRST_LOOK_S


def outcome_of(native: Exchange) -> Outcome:
    """Say what became of it."""
    answer = native.ended.answer if native.ended is not None else None
    if isinstance(answer, Receipt | PerOrder) and answer.acted is Acted.YES:
        return Outcome.PENDING
    return Outcome.REJECTED if native.acted is Acted.NO else Outcome.UNKNOWN


def told(sweep: Sweep) -> NativeCancel | None:
    """Tell of the last one."""
    if not sweep.natives:
        return None
    native = sweep.natives[-1]
    outcome, ended = outcome_of(native), native.ended
    return NativeCancel(
        call=native.name,
        outcome=outcome,
        sent=native.sent,
        reason=_reason(sweep, ended) if outcome is Outcome.REJECTED and ended is not None else None,
        text=_text(ended) if ended is not None else None,
    )


def at_large(sweep: Sweep, order_id: OrderId) -> Exchange | None:
    """Return the mass cancel that may have taken an order, or take it yet."""
    native = sweep.natives[-1] if sweep.natives else None
    if native is not None and native.ended is not None and isinstance(native.ended.answer, PerOrder):
        said = native.ended.answer.of(order_id)
        native = attrs.evolve(native, ended=attrs.evolve(native.ended, answer=said))
    return native if native is not None and native.acted is not Acted.NO else None


def native_facts(sweep: Sweep, order_id: OrderId) -> tuple[Fact, ...]:
    """Return that call as facts of an order, once it ended: what is said of the order speaks for it."""
    native = at_large(sweep, order_id)
    if native is None or native.ended is None:
        return ()
    # Broken or not, it may have acted: that its answer could not be read keeps no cancel by id back.
    ended = attrs.evolve(native.ended, broken=False)
    return tuple(fact for fact in (native.began, native.signed, ended) if fact is not None)


def asked_since(sweep: Sweep, known: Known, now: float) -> float:
    """Say since when an order's cancel counts as asked for: an order seen alive since is sent its own."""
    facts = native_facts(sweep, known.order_id)
    if not facts or known.asks or (known.shown is not None and known.shown.seen_at > facts[-1].at):
        return now
    return min(fact.at for fact in facts)


def _snapshot_is_ready(sweep: Sweep) -> bool:
    return sweep.has_whole_snapshot or len(sweep.snapshot_looks) >= _MOST_SNAPSHOTS


def _again_at(sweep: Sweep, last: Exchange) -> float:
    most = _MOST_TRIES if sweep.lists else _MOST_TRIES_ALONE
    if last.ended is None or len(sweep.natives) >= most or not _was_not_processed(sweep, last.ended):
        return math.inf
    # A log-in that was refused may be let in later: a code that was wrong is another one by then.
    told_s = last.ended.answer.retry_after_s if isinstance(last.ended.answer, NoSession) else None
    return last.ended.at + max(told_s or 0.0, round_wait_s(len(sweep.natives)))


def _was_not_processed(sweep: Sweep, ended: Ended) -> bool:
    """Tell whether it was provably not sent, or under a session that another one may take the place of."""
    if isinstance(ended.answer, SessionRefused):
        return sweep.renewable
    return ended.sent is Sent.NO and not ended.broken


def _reason(sweep: Sweep, ended: Ended) -> Reason:
    match ended.answer:
        case Refused(reason=reason) if reason is not Reason.VENUE_REFUSED:
            return reason
        case NoSession(reason=reason):
            return reason
        case SessionRefused(or_unsupported=True) if any(not look.failed for look in sweep.looks):
            return Reason.NOT_SUPPORTED
        case SessionRefused():
            return Reason.NOT_AUTHORIZED
        case Throttled():
            return Reason.THROTTLED
    return Reason.NOT_SENT if ended.sent is Sent.NO else Reason.MASS_CANCEL_REFUSED


def _text(ended: Ended) -> str | None:
    if isinstance(ended.answer, PerOrder):
        verdicts = ended.answer.orders.values()
        received = sum(isinstance(verdict, Receipt) for verdict in verdicts)
        return f"{received} of {len(verdicts)} orders received"
    answer = ended.answer.failure if isinstance(ended.answer, NoSession) else ended.answer
    return words(answer) or ended.fault
