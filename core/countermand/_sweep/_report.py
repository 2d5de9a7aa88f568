"""What a sweep can tell when it ends: nothing that is not proved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from countermand._ack import CancelAck
from countermand._ids import OrderId
from countermand._mass_cancel import MassCancelReport, Progress
from countermand._outcome import Outcome, Reason, Sent, Stage
from countermand._scope import PlacedAfter, ScopeKind
from countermand._sweep._doubt import doubt_of_proof
from countermand._sweep._facts import Sweep
from countermand._sweep._failures import why
from countermand._sweep._known import Known
from countermand._sweep._native import at_large, told
from countermand._sweep._proof import proof
from countermand._sweep._residue import kept, last_look, residual
from countermand._sweep._targets import is_target, request_for


def report(sweep: Sweep, now: float, calls: int) -> MassCancelReport:
    """Tell what became of a scope."""
    as_of, left_alone = _proved_as_of(sweep), kept(sweep)
    reason, error = (None, None) if as_of is not None else _why_not(sweep)
    acks = tuple(_acks(sweep, now))
    return MassCancelReport(
        scope=sweep.scope,
        placed_after=sweep.placed_after,
        acks=acks,
        native=told(sweep),
        residual=residual(sweep),
        kept=left_alone,
        beyond_scope=_beyond(sweep),
        proved_empty_as_of=as_of,
        doubt=doubt_of_proof(sweep) if as_of is not None and not acks else None,
        incomplete=as_of is None and _is_incomplete(sweep),
        not_covered=sweep.capabilities.not_listed,
        reason=reason,
        error=error or (_doubt_of_kept(sweep) if left_alone else None),
        calls=calls,
        elapsed_s=max(0.0, now - sweep.began_at),
    )


def progress(sweep: Sweep, now: float) -> Progress:
    """Tell how far a sweep has come."""
    targets = [known for known in sweep.known.values() if is_target(sweep, known)]
    canceled = sum(known.ack is not None and known.ack.outcome is Outcome.CANCELED for known in targets)
    answered = sum(known.ack is not None and not known.is_awaited for known in targets)
    ended = sum(known.ack is not None and known.ack.reason is Reason.TOO_LATE for known in targets)
    return Progress(
        scope=sweep.scope,
        known=len(targets),
        canceled=canceled,
        pending=len(targets) - answered,
        residual=max(0, answered - canceled - ended),
        elapsed_s=max(0.0, now - sweep.began_at),
    )


def as_told(found: MassCancelReport) -> Progress:
    """Tell how far a sweep has come that is over."""
    return Progress(
        scope=found.scope,
        known=len(found.acks),
        canceled=sum(ack.outcome is Outcome.CANCELED for ack in found.acks),
        residual=len(found.residual),
        elapsed_s=found.elapsed_s,
    )


def _proved_as_of(sweep: Sweep) -> datetime | None:
    """Date the proof by the second listing: of what came within the lag before it, it need not tell."""
    found = proof(sweep)
    if found.first is None or found.second is None:
        return None
    as_of = max(found.first.began_at, found.second.began_at - sweep.capabilities.read_lag_s)
    return sweep.epoch + timedelta(seconds=as_of)


def _acks(sweep: Sweep, now: float) -> Iterator[CancelAck]:
    for known in sweep.known.values():
        if known.ack is not None:
            yield known.ack
        elif is_target(sweep, known):
            yield _without_answer(sweep, known, now)


def _without_answer(sweep: Sweep, known: Known, now: float) -> CancelAck:
    """Tell of an order whose turn did not come; the venue's own mass cancel may take it all the same."""
    native = at_large(sweep, known.order_id)
    unsent = native is None and not known.asks
    return CancelAck(
        request=request_for(sweep, known, now),
        outcome=Outcome.REJECTED if unsent else Outcome.UNKNOWN,
        reason=Reason.NOT_SENT if unsent else None,
        order_id=known.order_id,
        sent=Sent.NO if unsent else Sent.MAYBE if native is None else native.sent,
        stage=Stage.SEND,
        elapsed_s=max(0.0, now - sweep.began_at),
    )


def _beyond(sweep: Sweep) -> tuple[OrderId, ...]:
    """Name what the venue took along though it was not to be canceled."""
    everyone = sweep.known.values()
    along = [order_id for known in everyone if known.ack for order_id in known.ack.also_canceled]
    along += [known.order_id for known in everyone if known.is_taken]
    return tuple(dict.fromkeys(order_id for order_id in along if not _was_meant(sweep, order_id)))


def _was_meant(sweep: Sweep, order_id: OrderId) -> bool:
    known = sweep.known.get(order_id)
    if known is not None:
        return is_target(sweep, known)
    # Of what no listing showed, only a scope that takes in the whole account says that it was meant.
    return sweep.placed_after is PlacedAfter.CANCEL and sweep.scope.kind is ScopeKind.ACCOUNT


def _is_incomplete(sweep: Sweep) -> bool:
    last = last_look(sweep)
    if last is None:
        return False
    return not last.whole or (sweep.placed_after is PlacedAfter.KEEP and not sweep.has_whole_snapshot)


def _doubt_of_kept(sweep: Sweep) -> str | None:
    """Say that kept orders may go: a native call takes what is there when it is processed."""
    native = told(sweep)
    if native is None or native.outcome is not Outcome.UNKNOWN:
        return None
    return f"{native.call} has no known outcome: it may yet take orders that were kept"


def _why_not(sweep: Sweep) -> tuple[Reason | None, str | None]:
    """Say why nothing, or not all, could be done, where no single order is to blame."""
    native = told(sweep)
    if not sweep.lists:
        if native is None:
            return Reason.NOT_SUPPORTED, "the venue has no mass cancel for this scope"
        if native.outcome is Outcome.REJECTED:
            return native.reason, native.text
        return None, "no listing reaches all accounts: nothing can be proved"
    if not sweep.looks or not sweep.looks[-1].failed:
        return None, None
    last = sweep.looks[-1]
    reason, words = why(last.failure, last.fault)
    return reason, f"the last listing failed: {words}"
