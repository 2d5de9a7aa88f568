"""An ack from a conclusion: the facts retold as evidence and attempts, with wall-clock times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._case._conclude import Conclusion
from countermand._case._facts import Action, Caller, Case, Ended, Listing, ListRefused, NoSession, NotReached
from countermand._case._kin import linked, successor
from countermand._case._survey import Exchange, Survey
from countermand._evidence import Attempt, Evidence, EvidenceKind
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus
from countermand._outcome import Outcome, Sent
from countermand.venue import (
    Gone,
    MayHaveActed,
    OrderRead,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    TrailRead,
    Unreadable,
)

#: Of what one source told again and again, so many items are left: the first ones, and the last ones.
_FIRST_KEPT, _LAST_KEPT = 8, 2
#: What each answer is evidence of, and how its ack calls it.
_KINDS: dict[type, tuple[EvidenceKind, str]] = {
    Receipt: (EvidenceKind.RECEIPT, "received"),
    Refused: (EvidenceKind.REFUSAL, "refused"),
    Gone: (EvidenceKind.ABSENCE, "not found"),
    Throttled: (EvidenceKind.THROTTLED, "throttled"),
    SessionRefused: (EvidenceKind.SESSION_REFUSED, "session refused"),
    MayHaveActed: (EvidenceKind.FAULT, "may have acted"),
    Unreadable: (EvidenceKind.FAULT, "unreadable"),
    ListRefused: (EvidenceKind.REFUSAL, "refused along with others"),
    Listing: (EvidenceKind.ABSENCE, "the listing lacks the order"),
    NotReached: (EvidenceKind.FAULT, "the listing did not come to the order"),
    NoSession: (EvidenceKind.NOT_SENT, "no session"),
}


def ack_of(survey: Survey, caller: Caller, conclusion: Conclusion, now: float) -> CancelAck:
    """Make the ack that tells a conclusion to its caller."""
    case, heir = survey.case, successor(survey)
    last_word = _last_word(survey) or case.earlier
    # Of a client's id that fits several orders, none is "the order".
    seen = (survey.end or survey.latest) if survey.order_id is not None else None
    return CancelAck(
        request=caller.request,
        outcome=conclusion.outcome,
        reason=conclusion.reason,
        order_id=survey.order_id,
        order=_dated(case, seen.report, seen.began_at) if seen else None,
        canceled_by=conclusion.canceled_by,
        successor=conclusion.successor,
        also_canceled=_also_canceled(survey) if conclusion.outcome is Outcome.CANCELED else (),
        sent=survey.sent,
        stage=conclusion.stage,
        evidence=_folded((*_before(case, "evidence"), *_new_evidence(survey, heir))),
        attempts=(
            *_before(case, "attempts"),
            *(_attempt(survey, one) for one in survey.attempts if _is_new(one)),
        ),
        venue_code=_of(last_word, "code"),
        venue_text=_of(last_word, "text"),
        last_reply=_last_reply(survey) or (case.earlier.last_reply if case.earlier else None),
        retry_after_s=conclusion.retry_after_s,
        elapsed_s=max(0.0, now - caller.joined_at),
        error=_error(survey),
    )


def _new_evidence(survey: Survey, heir: OrderId | None) -> list[Evidence]:
    new = (one for one in survey.exchanges if _is_new(one))
    return sorted(
        (item for one in new for item in _evidence(survey.case, one, heir)), key=lambda item: item.at
    )


def _folded(evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Leave out the middle of what one source told again and again."""
    places: defaultdict[tuple[str, EvidenceKind, str], list[int]] = defaultdict(list)
    for place, item in enumerate(evidence):
        places[item.source, item.kind, item.text].append(place)
    middles = {place for run in places.values() for place in run[_FIRST_KEPT:-_LAST_KEPT]}
    return tuple(item for place, item in enumerate(evidence) if place not in middles)


def _before(case: Case, name: str) -> tuple[Any, ...]:
    told: tuple[Any, ...] = getattr(case.earlier, name, ())
    return told


def _of(last_word: Ended | CancelAck | None, name: str) -> str | None:
    if isinstance(last_word, Ended):
        return getattr(last_word.answer, name, None)
    return getattr(last_word, f"venue_{name}", None)


def _is_new(one: Exchange) -> bool:
    """Tell it from what the earlier ack told."""
    return one.began.number >= 0


def utc(epoch: datetime, at: float | None) -> datetime | None:
    """Tell a monotonic time by the wall clock, of which the epoch is its 0."""
    return None if at is None else epoch + timedelta(0, at)  # by its place, at three quarters


def _dated(case: Case, report: OrderReport, began_at: float) -> OrderReport:
    return attrs.evolve(report, as_of=utc(case.epoch, began_at))


def _last_word(survey: Survey) -> Ended | None:
    ends = [one.ended for one in survey.attempts if _is_new(one)]
    answered = [end for end in ends if end is not None and end.answer is not None]
    return answered[-1] if answered else None


def _last_reply(survey: Survey) -> str | None:
    replies = [one.ended for one in survey.exchanges if one.ended is not None and one.ended.reply is not None]
    return max(replies, key=lambda end: end.at).reply if replies else None


def _error(survey: Survey) -> str | None:
    faults = [_broken(one.ended) for one in survey.exchanges if one.ended is not None]
    return "; ".join(dict.fromkeys(fault for fault in faults if fault is not None)) or None


def _broken(ended: Ended) -> str | None:
    """Return what a plugin, or we, did wrong."""
    if isinstance(ended.answer, NoSession):
        return ended.answer.plugin_fault
    return ended.fault if ended.broken else None


def _also_canceled(survey: Survey) -> tuple[OrderId, ...]:
    return tuple(row.order_id for row in linked(survey) if row.status is OrderStatus.CANCELED)


def _attempt(survey: Survey, one: Exchange) -> Attempt:
    case, ended = survey.case, one.ended
    begun = Attempt(
        call=one.name, sent=one.sent, order_id=survey.order_id, signed_at=utc(case.epoch, one.signed_at)
    )
    if ended is None:
        return attrs.evolve(begun, fault="not answered yet")
    return attrs.evolve(
        begun,
        first_byte_at=utc(case.epoch, ended.first_byte_at),
        answered_at=utc(case.epoch, ended.at) if ended.status is not None else None,
        http_status=ended.status,
        verdict=words(ended.answer) if ended.answer is not None else None,
        fault=ended.fault,
    )


def _evidence(case: Case, one: Exchange, successor: OrderId | None) -> Iterator[Evidence]:
    ended = one.ended
    if ended is None:
        if one.began.action is Action.CANCEL:
            yield _unanswered(case, one)
        return
    when = case.epoch + timedelta(seconds=ended.at)
    shown = list(_shown(case, ended.answer, successor))
    for kind, report in shown:
        order = _dated(case, report, one.began.at)
        yield Evidence(at=when, kind=kind, source=one.name, text=_state(report), order=order)
    if not shown or (isinstance(ended.answer, TrailRead) and ended.answer.cancel_rejected):
        text = words(ended.answer) if ended.answer is not None else ended.fault or "no answer"
        yield Evidence(at=when, kind=_kind(one, ended), source=one.name, text=text)


def _unanswered(case: Case, one: Exchange) -> Evidence:
    at = one.began.at if one.signed_at is None else one.signed_at
    kind, text = EvidenceKind.FAULT, "sent, and not answered yet"
    if one.signed_at is None:
        kind, text = EvidenceKind.NOT_SENT, "not sent yet"
    return Evidence(at=case.epoch + timedelta(seconds=at), kind=kind, source=one.name, text=text)


def _kind(one: Exchange, ended: Ended) -> EvidenceKind:
    if isinstance(ended.answer, TrailRead) and ended.answer.cancel_rejected:
        return EvidenceKind.REFUSAL
    if ended.answer is None and one.began.action is Action.CANCEL and ended.sent is Sent.NO:
        return EvidenceKind.NOT_SENT
    if isinstance(ended.answer, Gone) and one.began.action is Action.CANCEL:
        # To a cancel "not found" is a refusal: a filled order is answered in the same way.
        return EvidenceKind.REFUSAL
    return _KINDS.get(type(ended.answer), (EvidenceKind.FAULT, ""))[0]


def _shown(
    case: Case, answer: object, successor: OrderId | None
) -> Iterator[tuple[EvidenceKind, OrderReport]]:
    match answer:
        case OrderRead(report=report) | TrailRead(report=OrderReport() as report):
            rows: tuple[OrderReport, ...] = (report,)
        case Listing():
            rows = answer.rows
        case _:
            return
    for row in rows:
        if case.is_about(row):
            yield EvidenceKind.REPORT, row
        elif row.order_id == successor:
            yield EvidenceKind.SUCCESSOR, row


def _state(report: OrderReport) -> str:
    words = f"order {report.order_id} is {report.status.value}, filled {report.filled_quantity}"
    return f"{words}, in place of {report.replaces}" if report.replaces is not None else words


def words(answer: Any) -> str:
    """Put an answer in the words of an ack."""
    match answer:
        case Receipt():  # the first, for most are
            return said(answer)
        case TrailRead(cancel_rejected=True):
            return "the last cancel was refused" + (f": {answer.text}" if answer.text else "")
        case OrderRead(report=report) | TrailRead(report=OrderReport() as report):
            return _state(report)
        case TrailRead():
            return "no newer state"
        case Listing():
            return _KINDS[Listing][1]
        case NoSession(failure=Unreadable(text=str() as text)):
            return f"no session: {text}"
        case NoSession():
            return f"no session: {words(answer.failure)}"
    return said(answer)


def said(answer: Any) -> str:
    """Put an answer that has a code and a text of the venue in the words of an ack."""
    word, code, text = _KINDS[type(answer)][1], answer.code, answer.text
    if code and text:
        return f"{word}: {code} {text}"
    return f"{word}: {code or text}" if code or text else word
