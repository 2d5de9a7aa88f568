"""What an answer says, in the venue-neutral words of the contract.

A verdict says what the venue's words mean, never what became of the order: that is for the core to
conclude. There is one union for each kind of question, so no reader can return what cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum

import attrs

from countermand._http import HttpResponse
from countermand._ids import OrderId
from countermand._order import OrderReport
from countermand._outcome import Reason


class Acted(Enum):
    """Whether the venue may have done what it was asked: what "definitely refused" means."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@attrs.frozen(kw_only=True)
class _Verdict:
    #: The venue's own code and text, kept for the ack; never decided by.
    code: str | None = None
    text: str | None = None


@attrs.frozen(kw_only=True)
class Receipt(_Verdict):
    """The venue has the cancel; `executed` where its words also promise that the order is off the book."""

    executed: bool = False
    acted: Acted = attrs.field(default=Acted.YES, init=False)


#: The reasons a venue's own words can give; all others are for the core to conclude.
REFUSALS = frozenset(
    {
        Reason.VENUE_REFUSED,
        Reason.PENDING_REPLACE,
        Reason.NOT_AUTHORIZED,
        Reason.INVALID_REQUEST,
        Reason.NOT_SUPPORTED,
    }
)


@attrs.frozen(kw_only=True)
class Refused(_Verdict):
    """The venue will not do it; `reason` is what this refusal is called when the order is still alive."""

    reason: Reason = attrs.field(default=Reason.VENUE_REFUSED, validator=attrs.validators.in_(REFUSALS))
    acted: Acted = attrs.field(default=Acted.NO, init=False)


@attrs.frozen(kw_only=True)
class Gone(_Verdict):
    """The venue knows no such order, which says nothing about why."""

    acted: Acted = attrs.field(default=Acted.NO, init=False)


@attrs.frozen(kw_only=True)
class Throttled(_Verdict):
    """Too many calls; `retry_after_s` in seconds where the venue told one."""

    retry_after_s: float | None = None
    #: NO only where the venue's documents say that a throttled call was not processed.
    acted: Acted = Acted.MAYBE


@attrs.frozen(kw_only=True)
class SessionRefused(_Verdict):
    """The session or credential was refused, and the call not processed.

    `or_unsupported` where the venue gives the same answer for a call it does not have.
    """

    or_unsupported: bool = False
    acted: Acted = attrs.field(default=Acted.NO, init=False)


@attrs.frozen(kw_only=True)
class MayHaveActed(_Verdict):
    """A failure or a contradiction that leaves open whether the cancel was taken."""

    acted: Acted = attrs.field(default=Acted.MAYBE, init=False)


@attrs.frozen(kw_only=True)
class Unreadable(_Verdict):
    """An answer that is none of the venue's documented shapes."""

    acted: Acted = attrs.field(default=Acted.MAYBE, init=False)


@attrs.frozen(kw_only=True)
class PerOrder(_Verdict):
    """An answer to one call for many orders that tells of each: raises `ValueError` if it tells of none."""

    orders: Mapping[OrderId, CancelVerdict] = attrs.field(validator=attrs.validators.min_len(1))

    @property
    def acted(self) -> Acted:
        """Whether the venue may have done anything of it."""
        told = {verdict.acted for verdict in self.orders.values()}
        return Acted.YES if Acted.YES in told else Acted.MAYBE if Acted.MAYBE in told else Acted.NO

    def of(self, order_id: OrderId) -> CancelVerdict:
        """Tell what is said of one order; of one that is left out nobody knows."""
        return self.orders.get(order_id, MayHaveActed(text="the venue's answer leaves this order out"))


@attrs.frozen(kw_only=True)
class OrderRead:
    """The answer to an order read: the order as the venue shows it."""

    report: OrderReport


@attrs.frozen(kw_only=True)
class TrailRead:
    """The answer to a read of an order's changes: its newest state, and whether its last cancel failed."""

    report: OrderReport | None = None
    cancel_rejected: bool = False
    text: str | None = None


#: What a venue goes on from in a listing: a number, or a text such as a time or an id.
Cursor = int | str


@attrs.frozen(kw_only=True)
class Page:
    """One page of a listing; `next_page` is the cursor of the following one.

    `rows` may be lazy: each read while they are iterated, so that a long listing can be taken in slices. One
    that cannot be read raises `WireError` then, and the next one is asked for: the others are believed, but
    what the page does not show is not known to be absent.
    """

    rows: Iterable[OrderReport]
    next_page: Cursor | None = None
    #: How many rows the whole listing has, as the venue says; None or 0 where it does not say.
    total: int | None = None
    #: How many rows the page had before the adapter left any out; None where it left none out.
    listed: int | None = None
    #: Asked once the rows were read, where only what stands behind them tells the other fields: gives them in
    #: a page without rows; raises `WireError` where it cannot be read.
    behind: Callable[[], Page] | None = attrs.field(default=None, repr=False, eq=False)

    def ended(self) -> Page:
        """Return it with what stands behind its rows, for whoever has read them."""
        if self.behind is None:
            return self
        told = self.behind()
        return Page(rows=self.rows, next_page=told.next_page, total=told.total, listed=told.listed)


@attrs.frozen(kw_only=True)
class Accounts:
    """The answer to a question for accounts: all that the credential reaches, as the venue tells them."""

    ids: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Session:
    """What a log-in gave; `lifetime_s` in seconds where the venue documents one."""

    token: str = attrs.field(repr=False)
    lifetime_s: float | None = None


@attrs.frozen(kw_only=True)
class LoggedIn:
    """The log-in is complete."""

    session: Session


@attrs.frozen(kw_only=True)
class CodeWanted:
    """The venue wants a second factor; `interim` carries the conversation on."""

    interim: str = attrs.field(repr=False)


CancelVerdict = Receipt | Refused | Gone | Throttled | SessionRefused | MayHaveActed | Unreadable
MassCancelVerdict = CancelVerdict | PerOrder
ReadFailure = Refused | Gone | Throttled | SessionRefused | Unreadable
ReadVerdict = OrderRead | ReadFailure
TrailVerdict = TrailRead | ReadFailure
ListingVerdict = Page | ReadFailure
AccountsVerdict = Accounts | ReadFailure
LogInVerdict = LoggedIn | CodeWanted | Refused | Throttled | Unreadable
#: Whatever is said of a log-out, the session is not used again.
LogOutVerdict = CancelVerdict
Verdict = MassCancelVerdict | ReadVerdict | TrailVerdict | ListingVerdict | AccountsVerdict | LogInVerdict


def retry_after_s(response: HttpResponse) -> float | None:
    """Read `Retry-After` in seconds: a number, or a date counted from the reply's own `Date`."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - only throttled answers need it

    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(response.headers.get("date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, wait.total_seconds())
