"""Ways to break the library, each of which the judge must find: proof that the proof can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import attrs

from countermand import CancelAck, CanceledBy, OrderId, OrderReport, OrderStatus, Outcome, Reason, Sent
from countermand.venue import CancelTarget, OrderRead
from countermand_apex import Apex
from countermand_autoshares import AutoShares
from proof import shortcuts

#: What breaks: patches that last as long as the stack.
Break = Callable[[ExitStack], None]


@attrs.frozen(kw_only=True)
class Plant:
    """A way to break the library, and the lie by which the judge must find it."""

    breaks: Break
    lie: str
    #: Whether it only breaks what goes over sockets.
    sockets: bool = False


_ENGINE = "countermand._engine._engine.Engine"


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Break the library in one way for a while; None leaves it alone."""
    with ExitStack() as stack:
        if name is not None:
            PLANTS[name].breaks(stack)
        yield


def _forged(forge: Callable[[CancelAck], CancelAck]) -> Break:
    """Break it by what it answers, past what an ack must keep."""

    def plant(stack: ExitStack) -> None:
        from countermand._engine._engine import Engine  # noqa: PLC0415 - only for who breaks it

        cancel = Engine.cancel

        async def forged(self: Any, request: Any) -> CancelAck:
            return forge(await cancel(self, request))

        stack.enter_context(patch.object(CancelAck, "__attrs_post_init__", lambda _ack: None))
        stack.enter_context(patch(f"{_ENGINE}.cancel", forged))

    return plant


def replaced(part: object, *names: str) -> Break:
    """Break it by putting something in the place of its parts, named within `countermand`."""

    def plant(stack: ExitStack) -> None:
        for name in names:
            stack.enter_context(patch(f"countermand.{name}", part))

    return plant


def _as_canceled(ack: CancelAck) -> CancelAck:
    order_id = ack.order_id or OrderId("1")
    order = ack.order or OrderReport(order_id=order_id, status=OrderStatus.NEW, filled_quantity=Decimal(0))
    return attrs.evolve(
        ack,
        outcome=Outcome.CANCELED,
        reason=None,
        order_id=order_id,
        order=attrs.evolve(order, status=OrderStatus.CANCELED),
        canceled_by=CanceledBy.UNDETERMINED,
    )


def _receipt_is_canceled(ack: CancelAck) -> CancelAck:
    return _as_canceled(ack) if ack.outcome is Outcome.PENDING else ack


def _not_found_is_canceled(ack: CancelAck) -> CancelAck:
    told = [attempt.verdict or "" for attempt in ack.attempts]
    refused = any(word.startswith(("not found", "refused")) for word in told)
    return _as_canceled(ack) if refused else ack


def _doubt_is_rejected(ack: CancelAck) -> CancelAck:
    if ack.outcome is not Outcome.UNKNOWN:
        return ack
    return attrs.evolve(ack, outcome=Outcome.REJECTED, reason=Reason.VENUE_REFUSED)


def _doubt_is_pending(ack: CancelAck) -> CancelAck:
    return attrs.evolve(ack, outcome=Outcome.PENDING) if ack.outcome is Outcome.UNKNOWN else ack


def _fill_is_forgotten(ack: CancelAck) -> CancelAck:
    return attrs.evolve(ack, order=ack.order and attrs.evolve(ack.order, filled_quantity=Decimal(0)))


def _doubt_is_raised(ack: CancelAck) -> CancelAck:
    return ack.raise_for_outcome() if ack.outcome is Outcome.UNKNOWN else ack


def _sent_if_answered(progress: Any) -> Sent:
    return Sent.NO if progress.status is None else Sent.YES


def _only_the_last(survey: Any) -> tuple[Any, ...]:
    return tuple(one for one in survey.exchanges if one.began.action.value == "cancel")[-1:]


def _absent_once(survey: Any, _actions: object, since: float = 0.0) -> bool:
    return bool(survey.absences)


def _filled_is_canceled(stack: ExitStack) -> None:
    for module, word in (("countermand_apex", "FullyExecuted"), ("countermand_autoshares", "Filled")):
        stack.enter_context(patch.dict(f"{module}._statuses.STATUSES", {word: OrderStatus.CANCELED}))


def _working_is_canceled(stack: ExitStack) -> None:
    for module, word in (("countermand_apex", "Working"), ("countermand_autoshares", "New")):
        stack.enter_context(patch.dict(f"{module}._statuses.STATUSES", {word: OrderStatus.CANCELED}))


def _next_order_is_canceled(stack: ExitStack) -> None:
    for venue in (Apex, AutoShares):
        stack.enter_context(patch.object(venue, "cancel", _of_the_next(venue.cancel)))


def _of_the_next(cancel: Callable[[Any, CancelTarget], Any]) -> Callable[[Any, CancelTarget], Any]:
    def wrong(venue: Any, target: CancelTarget) -> Any:
        if isinstance(target.order, OrderId):
            target = attrs.evolve(target, order=OrderId(str(int(target.order.value) + 1)))
        return cancel(venue, target)

    return wrong


def _no_cap(stack: ExitStack) -> None:
    from countermand._engine._engine import Engine  # noqa: PLC0415 - only for who breaks it

    begin = Engine.__init__

    def begun(self: Any, *parts: Any) -> None:
        for name, value in (("most_attempts", 50), ("first_wait_s", 0.01), ("longest_wait_s", 0.01)):
            object.__setattr__(parts[-1], name, value)
        begin(self, *parts)

    stack.enter_context(patch(f"{_ENGINE}.__init__", begun))


def _read_is_skipped(stack: ExitStack) -> None:
    for venue in (Apex, AutoShares):
        stack.enter_context(patch.object(venue, "read_order", _made_up(venue.read_order)))


def _made_up(read_order: Callable[..., Any]) -> Callable[..., Any]:
    def read(venue: Any, account: str, order_id: OrderId) -> Any:
        report = OrderReport(order_id=order_id, status=OrderStatus.CANCELED, filled_quantity=Decimal(0))
        return attrs.evolve(read_order(venue, account, order_id), read=lambda _: OrderRead(report=report))

    return read


_OPEN = "CANCELED or TOO_LATE while the order or a successor is open"
_REPORT = "a dead report that differs from the book"
_REJECTED = "REJECTED, then off the book by an attempt of this case"
_BY = "canceled_by is wrong"
_NOT_SENT = "NOT_SENT though a byte of its cancel arrived"
_PENDING = "PENDING though the venue had no cancel of it"
_LISTED = "owed and not listed, or listed and not owed"
_NEVER, _ALWAYS = (lambda *_: False), (lambda *_: True)
_THIS, _EARLIER = (lambda *_: CanceledBy.THIS_REQUEST), (lambda *_: CanceledBy.EARLIER)

_WAYS: tuple[tuple[str, str, Break], ...] = (
    ("receipt-is-canceled", _OPEN, _forged(_receipt_is_canceled)),
    ("104-is-canceled", _REPORT, _forged(_not_found_is_canceled)),
    ("read-skipped", _OPEN, _read_is_skipped),
    ("working-is-canceled", _OPEN, _working_is_canceled),
    ("filled-is-canceled", _REPORT, _filled_is_canceled),
    ("fill-is-forgotten", _REPORT, _forged(_fill_is_forgotten)),
    ("any-order-will-do", _REPORT, replaced(_ALWAYS, "_case._facts.Case.is_about")),
    (
        "successor-is-not-searched",
        _OPEN,
        replaced(_NEVER, "_case._conclude.must_search", "_case._plan.must_search"),
    ),
    ("last-attempt-decides", _REJECTED, replaced(property(_only_the_last), "_case._survey.Survey.attempts")),
    ("doubt-is-rejected", _REJECTED, _forged(_doubt_is_rejected)),
    ("doubt-is-raised", "an exception instead of an ack", _forged(_doubt_is_raised)),
    (
        "absent-once-is-unknown",
        "UNKNOWN_ORDER of an order the book held",
        replaced(_absent_once, "_case._survey.Survey.absent_twice"),
    ),
    (
        "fault-means-not-sent",
        _NOT_SENT,
        replaced(property(_sent_if_answered), "_wire._wire.Progress.sent"),
    ),
    ("always-this-request", _BY, replaced(_THIS, "_case._conclude.canceled_by")),
    ("always-earlier", _BY, replaced(_EARLIER, "_case._conclude.canceled_by")),
    ("no-cap-on-repeats", "more than 5 cancels for an order", _no_cap),
    ("next-order-is-canceled", "an order canceled that nobody named", _next_order_is_canceled),
    ("doubt-is-pending", _PENDING, _forged(_doubt_is_pending)),
    (
        "any-reply-is-a-receipt",
        _PENDING,
        replaced(shortcuts.any_reply_is_a_receipt, "_engine._post.CancelLetter.receipt"),
    ),
    (
        "no-receipt-no-case",
        _LISTED,
        replaced(shortcuts.not_handed_over, "_engine._straights.Straights._miss"),
    ),
    (
        "late-answer-is-dropped",
        "a receipt within the grace that was not heard",
        shortcuts.late_answer_is_dropped,
    ),
    (
        "straight-is-not-sent",
        _NOT_SENT,
        replaced(property(shortcuts.not_sent_yet), "_wire._sending.ByTask.progress"),
    ),
    ("nobody-shares", "a cancel sent beside another one under way", shortcuts.nobody_shares),
    ("straight-is-not-owed", _LISTED, replaced(_NEVER, "_engine._ledger.Ledger.keep")),
    (
        "updates-are-lost",
        "updates that do not lead to where an ack stands",
        replaced(_NEVER, "_engine._mailbox.Mailbox.put"),
    ),
    ("settling-cancels", "a cancel sent to settle", shortcuts.settling_cancels),
    ("ack-lingers", "an ack after its deadline", shortcuts.ack_lingers),
)
#: Those that only break what goes over sockets.
_OVER_SOCKETS: tuple[tuple[str, str, Break], ...] = (
    ("any-head-is-known", _PENDING, shortcuts.any_head_is_known),
)
#: Each way by its name.
PLANTS: Mapping[str, Plant] = {
    **{name: Plant(breaks=breaks, lie=lie) for name, lie, breaks in _WAYS},
    **{name: Plant(breaks=breaks, lie=lie, sockets=True) for name, lie, breaks in _OVER_SOCKETS},
}
