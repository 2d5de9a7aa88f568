"""The plainest case there is: one cancel, which the venue took, for a caller who waits for no more.

What follows is told of such a case by `conclude` and `ack_of`, too, word for word: it only costs less here.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import attrs

from countermand._ack import CancelAck
from countermand._case._ack_of import said, utc
from countermand._case._facts import Action, Began, Ended, Fact, Signed
from countermand._evidence import Attempt, Evidence, EvidenceKind
from countermand._ids import OrderId
from countermand._maker import maker
from countermand._outcome import Outcome, Sent, Stage
from countermand._request import CancelRequest
from countermand.venue import Receipt


@attrs.frozen
class Taken:
    """How a venue told that it has a cancel, as it tells it of nearly all."""

    receipt: Receipt
    status: int
    #: What is kept of the reply.
    reply: str | None
    #: The receipt in the words of an ack.
    words: str = attrs.field(
        default=attrs.Factory(lambda self: said(self.receipt), takes_self=True), init=False
    )


@attrs.define(eq=False)
class OneCancel:
    """A cancel that was begun for one caller, from its beginning to its receipt; times as facts have them."""

    request: CancelRequest
    order: OrderId
    #: The number of its exchange.
    number: int
    joined_at: float
    deadline: float
    overdue_at: float
    call: str = attrs.field(default="", kw_only=True)
    signed_at: float | None = attrs.field(default=None, kw_only=True)
    first_byte_at: float | None = attrs.field(default=None, kw_only=True)
    #: The number of the session that it bears.
    session: int | None = attrs.field(default=None, kw_only=True)
    ended_at: float | None = attrs.field(default=None, kw_only=True)
    taken: Taken | None = attrs.field(default=None, kw_only=True)

    def facts(self, jitter: float) -> list[Fact]:
        """Tell it as a case keeps it."""
        facts: list[Fact] = [
            Began(
                number=self.number,
                action=Action.CANCEL,
                at=self.joined_at,
                overdue_at=self.overdue_at,
                jitter=jitter,
            )
        ]
        if self.signed_at is not None:
            facts.append(
                Signed(number=self.number, call=self.call, at=self.signed_at, overdue_at=self.overdue_at)
            )
        if self.taken is not None and self.ended_at is not None:
            facts.append(
                Ended(
                    number=self.number,
                    at=self.ended_at,
                    sent=Sent.YES,
                    signed_at=self.signed_at,
                    first_byte_at=self.first_byte_at,
                    session=self.session,
                    answer=self.taken.receipt,
                    status=self.taken.status,
                    reply=self.taken.reply,
                )
            )
        return facts


#: Each look into an Enum is a search, and this is done for nearly every cancel.
_PENDING, _CONFIRM, _YES, _RECEIPT = Outcome.PENDING, Stage.CONFIRM, Sent.YES, EvidenceKind.RECEIPT

_ack, _attempt, _evidence = maker(CancelAck), maker(Attempt), maker(Evidence)


def ack_of_receipt(one: OneCancel, epoch: datetime) -> CancelAck:
    """Tell the caller that the venue has the cancel, and no more."""
    taken: Any = one.taken  # it was
    receipt, text = taken.receipt, taken.words
    order, ended_at = one.order, one.ended_at or 0.0
    elapsed_s = ended_at - one.joined_at
    at = epoch + timedelta(0, ended_at)  # as `utc` does
    signed_at = first_byte_at = utc(epoch, one.signed_at)
    if one.first_byte_at != one.signed_at:
        first_byte_at = utc(epoch, one.first_byte_at)
    return _ack(
        request=one.request,
        outcome=_PENDING,
        order_id=order,
        sent=_YES,
        stage=_CONFIRM,
        evidence=(_evidence(at=at, kind=_RECEIPT, source=one.call, text=text),),
        attempts=(
            _attempt(
                call=one.call,
                sent=_YES,
                order_id=order,
                signed_at=signed_at,
                first_byte_at=first_byte_at,
                answered_at=at,
                http_status=taken.status,
                verdict=text,
            ),
        ),
        venue_code=receipt.code,
        venue_text=receipt.text,
        last_reply=taken.reply or None,
        elapsed_s=elapsed_s if elapsed_s > 0.0 else 0.0,
    )
