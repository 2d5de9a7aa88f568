"""Every cell of the outcome policy at each point of a case: what is concluded, and what begins next.

A cell reads "conclusion, next step": the reason, or else the outcome, with a full stop where waiting teaches
nothing more; then what begins next and at which second. Everything takes 0.1 s, and the caller waits for 10 s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from countermand import ClientOrderId, OrderId, OrderReport, OrderStatus, Reason, Sent
from countermand._case._facts import Action, Listing, NoSession
from countermand.venue import (
    Acted,
    Gone,
    MayHaveActed,
    Receipt,
    Refused,
    SessionRefused,
    Throttled,
    Unreadable,
)

Told = Callable[..., Any]
ALIAS = ClientOrderId("a")


def order(status: str, order_id: str = "7", **more: Any) -> OrderReport:
    facts = {"filled_quantity": Decimal(0), "account": "9", **more}
    return OrderReport(order_id=OrderId(order_id), status=OrderStatus(status), **facts)


NEW, CANCELED = order("New"), order("Canceled")

#: What can become of an exchange: an answer, or a fault as a text, and what else is known of its end.
UNSENT: dict[str, tuple[Any, dict[str, Any]]] = {
    "connect failed": ("refused", {"sent": Sent.NO}),
    "fault of a plugin before the first byte": ("bug", {"sent": Sent.NO, "broken": True}),
    "log-in refused": (NoSession(failure=Refused()), {}),
    "log-in throttled for 4 s": (NoSession(failure=Throttled(retry_after_s=4)), {}),
    "log-in throttled for 60 s": (NoSession(failure=Throttled(retry_after_s=60)), {}),
    "log-in unreadable": (NoSession(failure=Unreadable()), {}),
    "log-in held back for 60 s": (NoSession(failure=Unreadable(), again_in_s=60), {}),
}
OPEN_FATE: dict[str, tuple[Any, dict[str, Any]]] = {
    "reset": ("reset", {}),
    "fault of a plugin": ("bug", {"broken": True}),
    "5xx": (MayHaveActed(), {}),
    "unreadable": (Unreadable(), {}),
    "throttled": (Throttled(), {}),
    "throttled for 4 s": (Throttled(retry_after_s=4), {}),
    "throttled for 60 s": (Throttled(retry_after_s=60), {}),
}
REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "throttled, not processed": (Throttled(acted=Acted.NO), {}),
    "throttled for 4 s, not processed": (Throttled(acted=Acted.NO, retry_after_s=4), {}),
    "throttled for 60 s, not processed": (Throttled(acted=Acted.NO, retry_after_s=60), {}),
    "session refused": (SessionRefused(), {}),
    "session refused, or unsupported": (SessionRefused(or_unsupported=True), {}),
    "conflict": (Refused(), {}),
    "pending replace": (Refused(reason=Reason.PENDING_REPLACE), {}),
    "not authorized": (Refused(reason=Reason.NOT_AUTHORIZED), {}),
    "invalid": (Refused(reason=Reason.INVALID_REQUEST), {}),
    "not supported": (Refused(reason=Reason.NOT_SUPPORTED), {}),
    "not found": (Gone(), {}),
}
RECEIVED: dict[str, tuple[Any, dict[str, Any]]] = {
    "receipt": (Receipt(), {}),
    "receipt that promises it": (Receipt(executed=True), {}),
}
CANCELS = {**UNSENT, **OPEN_FATE, **REFUSED, **RECEIVED}
READS: dict[str, tuple[Any, dict[str, Any]]] = {
    **UNSENT,
    **{name: fate for name, fate in OPEN_FATE.items() if name != "5xx"},
    **{name: REFUSED[name] for name in ("session refused", "not authorized", "not found")},
    "another order's body": (order("Canceled", "8"), {}),
    "another account's body": (order("Canceled", account="10"), {}),
}


def attempted(story: Any, what: str, at: float) -> Any:
    if what in ("no answer yet", "queued"):
        return story.began(Action.CANCEL, at, signed=what != "queued")
    answer, more = CANCELS[what]
    return story.cancel(answer, at, **more)


def asked(story: Any, action: Action, what: str, at: float) -> Any:
    if what == "no answer yet":
        return story.began(action, at)
    answer, more = READS[what]
    if isinstance(answer, OrderReport) and action is not Action.READ:
        answer = Listing(rows=(answer,))
    return story.read(answer, at, action=action, **more)


def cells(table: dict[str, tuple[str, ...]], columns: Iterable[str]) -> list[Any]:
    rows = ((row, zip(columns, told, strict=True)) for row, told in table.items())
    return [pytest.param(row, name, cell, id=f"{row}; {name}") for row, told in rows for name, cell in told]


#: What a read then showed, and when it began.
SEEN: dict[str, tuple[Any, float]] = {
    "not read": (None, 0.0),
    "alive": (NEW, 1.0),
    "alive after the lag": (NEW, 6.0),
    "in no readable state": (order("Error"), 6.0),
    "being replaced": (order("Pending Replace"), 6.0),
    "gone": (Gone(), 6.0),
    "not shown": ("reset", 6.0),
}


def seen(story: Any, column: str) -> tuple[Any, float]:
    shown, at = SEEN[column]
    return (story.read(shown, at), at + 0.1) if shown is not None else (story, 0.1)


#: What became of the first cancel, and what a read then showed.
FIRST: dict[str, tuple[str, ...]] = {
    # not read | alive | alive after the lag | in no readable state | being replaced | gone | not shown
    "connect failed": ("not sent, cancel 0.2", "not sent, cancel 1.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1"),
    "fault of a plugin before the first byte": ("not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing"),
    "log-in refused": ("not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing"),
    "log-in throttled for 4 s": ("throttled, cancel 4.1", "throttled, cancel 4.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1"),
    "log-in throttled for 60 s": ("throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing"),
    "log-in unreadable": ("not sent, cancel 0.15", "not sent, cancel 1.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1", "not sent, cancel 6.1"),
    "log-in held back for 60 s": ("not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing", "not sent., nothing"),
    "reset": ("unknown, read 0.1", "unknown, cancel 1.1", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "fault of a plugin": ("unknown, read 0.1", "unknown, read 1.15", "unknown, read 6.15", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "5xx": ("unknown, read 0.1", "unknown, cancel 1.1", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "unreadable": ("unknown, read 0.1", "unknown, cancel 1.1", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "throttled": ("unknown, read 0.1", "unknown, cancel 1.1", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "throttled for 4 s": ("unknown, read 0.1", "unknown, read 1.15", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "throttled for 60 s": ("unknown, read 0.1", "unknown., nothing", "unknown., nothing", "unknown., nothing", "unknown., nothing", "unknown, open+history 6.1", "unknown, read 6.15"),
    "throttled, not processed": ("throttled, read 0.1", "throttled, cancel 1.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1"),
    "throttled for 4 s, not processed": ("throttled, read 0.1", "throttled, read 1.15", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1", "throttled, cancel 6.1"),
    "throttled for 60 s, not processed": ("throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing", "throttled., nothing"),
    "session refused": ("not authorized, cancel 0.1", "not authorized, cancel 1.1", "not authorized, cancel 6.1", "not authorized, cancel 6.1", "not authorized, cancel 6.1", "not authorized, cancel 6.1", "not authorized, cancel 6.1"),
    "session refused, or unsupported": ("not authorized, cancel 0.1", "not supported, cancel 1.1", "not supported, cancel 6.1", "not supported, cancel 6.1", "not supported, cancel 6.1", "not authorized, cancel 6.1", "not authorized, cancel 6.1"),
    "conflict": ("venue refused, read 0.1", "venue refused, read 1.15", "venue refused., nothing", "venue refused, read 6.15", "pending replace., nothing", "not found, open+history 6.1", "venue refused, read 6.15"),
    "pending replace": ("pending replace, read 0.1", "venue refused, read 1.15", "venue refused., nothing", "venue refused, read 6.15", "pending replace., nothing", "not found, open+history 6.1", "pending replace, read 6.15"),
    "not authorized": ("not authorized, read 0.1", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing", "not authorized., nothing"),
    "invalid": ("invalid request, read 0.1", "invalid request., nothing", "invalid request., nothing", "invalid request., nothing", "invalid request., nothing", "invalid request., nothing", "invalid request., nothing"),
    "not supported": ("not supported, read 0.1", "not supported., nothing", "not supported., nothing", "not supported., nothing", "not supported., nothing", "not supported., nothing", "not supported., nothing"),
    "not found": ("not found, read 0.1", "venue refused, read 1.15", "venue refused., nothing", "venue refused, read 6.15", "pending replace., nothing", "not found, open+history 6.1", "not found, read 6.15"),
    "receipt": ("pending, read 0.1", "pending, read 1.15", "pending, trail 6.1", "pending, read 6.15", "pending, read 6.15", "pending, open+history 6.1", "pending, read 6.15"),
    "receipt that promises it": ("pending, read 0.1", "pending, read 1.15", "pending, trail 6.1", "pending, read 6.15", "pending, read 6.15", "pending, open+history 6.1", "pending, read 6.15"),
    "no answer yet": ("unknown, read 3", "unknown, read 3", "unknown, cancel 6.1", "unknown, read 6.15", "unknown, read 6.15", "unknown, open+history 6.1", "unknown, read 6.15"),
    "queued": ("unknown, nothing", "unknown, nothing", "unknown, nothing", "unknown, nothing", "unknown, nothing", "unknown, nothing", "unknown, nothing"),
}  # fmt: skip


@pytest.mark.parametrize(("fate", "column", "cell"), cells(FIRST, SEEN))
def test_the_first_cancel(told: Told, fate: str, column: str, cell: str) -> None:
    """A cancel's fate and what was read since prove exactly this, and call for exactly that."""
    story, now = seen(attempted(told(), fate, 0), column)
    assert f"{story.says()}, {story.then(now)}" == cell
    assert story.ack().outcome is story.concludes().outcome


#: What a read shows that outranks whatever the cancel was told.
OUTRANKING = {
    "Filled": "too late., nothing",
    "Expired": "too late., nothing",
    "Rejected": "too late., nothing",
    "Canceled": "canceled., nothing",
    "Pending Cancel": "pending, read 6.15",
    "Replaced": "unknown, history 6.1",
}


@pytest.mark.parametrize("fate", [*CANCELS, "no answer yet"])
@pytest.mark.parametrize("status", OUTRANKING)
def test_what_outranks_every_answer(told: Told, fate: str, status: str) -> None:
    """Of a dead, leaving or replaced order the cancel's own fate decides nothing, and no cancel is sent."""
    story = attempted(told(), fate, 0).read(order(status), 6)
    assert f"{story.says()}, {story.then(6.1)}" == OUTRANKING[status]
    assert story.ack().outcome is story.concludes().outcome


FORMER = (
    "connect failed", "log-in unreadable", "reset", "throttled, not processed", "session refused", "conflict", "receipt",
)  # fmt: skip
#: What became of a second cancel (down) after that of the first (across): not read since, or alive at 7.
REPEATED: dict[str, tuple[str, ...]] = {
    # connect failed | log-in unreadable | reset | throttled, not processed | session refused | conflict | receipt
    "connect failed; not read": ("not sent, cancel 1.3", "not sent, cancel 1.3", "unknown, read 1.1", "throttled, read 1.1", "not authorized, read 1.1", "venue refused, read 1.1", "pending, read 1.1"),
    "connect failed; alive": ("not sent, cancel 7.1", "not sent, cancel 7.1", "unknown, cancel 7.1", "throttled, cancel 7.1", "not authorized, cancel 7.1", "venue refused, cancel 7.1", "pending, cancel 7.1"),
    "log-in refused; not read": ("not authorized., nothing", "not authorized., nothing", "unknown, read 1.1", "throttled., nothing", "not authorized., nothing", "venue refused, read 1.1", "pending, read 1.1"),
    "log-in refused; alive": ("not authorized., nothing", "not authorized., nothing", "unknown, read 7.15", "throttled., nothing", "not authorized., nothing", "venue refused., nothing", "pending, trail 7.1"),
    "reset; not read": ("unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "pending, read 1.1"),
    "reset; alive": ("unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "pending, cancel 7.1"),
    "fault of a plugin; not read": ("unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "pending, read 1.1"),
    "fault of a plugin; alive": ("unknown, read 7.15", "unknown, read 7.15", "unknown, read 7.15", "unknown, read 7.15", "unknown, read 7.15", "unknown, read 7.15", "pending, trail 7.1"),
    "throttled for 60 s; not read": ("unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "pending, read 1.1"),
    "throttled for 60 s; alive": ("unknown., nothing", "unknown., nothing", "unknown, read 7.15", "unknown., nothing", "unknown., nothing", "unknown., nothing", "pending, trail 7.1"),
    "throttled, not processed; not read": ("throttled, read 1.1", "throttled, read 1.1", "unknown, read 1.1", "throttled, read 1.1", "throttled, read 1.1", "venue refused, read 1.1", "pending, read 1.1"),
    "throttled, not processed; alive": ("throttled, cancel 7.1", "throttled, cancel 7.1", "unknown, cancel 7.1", "throttled, cancel 7.1", "throttled, cancel 7.1", "venue refused, cancel 7.1", "pending, cancel 7.1"),
    "session refused; not read": ("not authorized, cancel 1.1", "not authorized, cancel 1.1", "unknown, cancel 1.1", "not authorized, cancel 1.1", "not authorized., nothing", "venue refused, cancel 1.1", "pending, cancel 1.1"),
    "session refused; alive": ("not authorized, cancel 7.1", "not authorized, cancel 7.1", "unknown, cancel 7.1", "not authorized, cancel 7.1", "not authorized., nothing", "venue refused, cancel 7.1", "pending, cancel 7.1"),
    "conflict; not read": ("venue refused, read 1.1", "venue refused, read 1.1", "unknown, read 1.1", "venue refused, read 1.1", "venue refused, read 1.1", "venue refused, read 1.1", "pending, read 1.1"),
    "conflict; alive": ("venue refused., nothing", "venue refused., nothing", "unknown, read 7.15", "venue refused., nothing", "venue refused., nothing", "venue refused., nothing", "pending, trail 7.1"),
    "invalid; not read": ("invalid request, read 1.1", "invalid request, read 1.1", "unknown, read 1.1", "invalid request, read 1.1", "invalid request, read 1.1", "invalid request, read 1.1", "pending, read 1.1"),
    "invalid; alive": ("invalid request., nothing", "invalid request., nothing", "unknown, read 7.15", "invalid request., nothing", "invalid request., nothing", "invalid request., nothing", "pending, trail 7.1"),
    "not found; not read": ("not found, read 1.1", "not found, read 1.1", "unknown, read 1.1", "not found, read 1.1", "not found, read 1.1", "not found, read 1.1", "pending, read 1.1"),
    "not found; alive": ("venue refused., nothing", "venue refused., nothing", "unknown, read 7.15", "venue refused., nothing", "venue refused., nothing", "venue refused., nothing", "pending, trail 7.1"),
    "receipt; not read": ("pending, read 1.1", "pending, read 1.1", "pending, read 1.1", "pending, read 1.1", "pending, read 1.1", "pending, read 1.1", "pending, read 1.1"),
    "receipt; alive": ("pending, trail 7.1", "pending, trail 7.1", "pending, trail 7.1", "pending, trail 7.1", "pending, trail 7.1", "pending, trail 7.1", "pending, trail 7.1"),
    "no answer yet; not read": ("unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "unknown, read 1.1", "pending, read 1.1"),
    "no answer yet; alive": ("unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "unknown, cancel 7.1", "pending, cancel 7.1"),
}  # fmt: skip


@pytest.mark.parametrize(("row", "former", "cell"), cells(REPEATED, FORMER))
def test_a_repeated_cancel(told: Told, row: str, former: str, cell: str) -> None:
    """Law 1: a rejection speaks for every attempt; and only what is harmless is sent once more."""
    latter, read = row.split("; ")
    story, now = attempted(attempted(told(), former, 0), latter, 1), 1.1
    if read == "alive":
        story, now = story.read(NEW, 7), 7.1
    assert f"{story.says()}, {story.then(now)}" == cell
    assert story.ack().outcome is story.concludes().outcome


POINTS: dict[str, tuple[Callable[[Told], Any], Action]] = {
    "an order read": (lambda told: told().cancel(Receipt()), Action.READ),
    "the search of a Canceled order": (lambda told: told("shifting").cancel(Receipt()).read(CANCELED, 0.2), Action.HISTORY),
    "the search of a Replaced order": (lambda told: told("plain").cancel(Receipt()).read(order("Replaced"), 0.2), Action.OPEN),
    "the look-up of a client's id": (lambda told: told(order=ALIAS), Action.OPEN),
}  # fmt: skip

#: What became of a read at 1.
ASKED: dict[str, tuple[str, ...]] = {
    # an order read | the search of a Canceled order | the search of a Replaced order | the look-up of a client's id
    "connect failed": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not sent, open 1.15"),
    "fault of a plugin before the first byte": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not sent, open 1.15"),
    "log-in refused": ("pending, read 6.15", "unknown, history 6.15", "unknown, open 6.15", "not authorized., nothing"),
    "log-in throttled for 4 s": ("pending, read 5.101", "unknown, history 5.101", "unknown, open 5.101", "throttled, open 5.15"),
    "log-in throttled for 60 s": ("pending, read 6.15", "unknown, history 6.15", "unknown, open 6.15", "throttled., nothing"),
    "log-in unreadable": ("pending, read 1.2", "unknown, history 1.2", "unknown, open 1.2", "not sent, open 1.2"),
    "log-in held back for 60 s": ("pending, read 6.15", "unknown, history 6.15", "unknown, open 6.15", "not sent., nothing"),
    "reset": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not sent, open 1.15"),
    "fault of a plugin": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not sent, open 1.15"),
    "unreadable": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not sent, open 1.15"),
    "throttled": ("pending, read 1.2", "unknown, history 1.2", "unknown, open 1.2", "not sent, open 1.2"),
    "throttled for 4 s": ("pending, read 5.101", "unknown, history 5.101", "unknown, open 5.101", "not sent, open 5.15"),
    "throttled for 60 s": ("pending, nothing", "unknown, nothing", "unknown, nothing", "not sent, nothing"),
    "session refused": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not authorized, open 1.15"),
    "not authorized": ("pending, read 1.15", "unknown, history 1.15", "unknown, open 1.15", "not authorized., nothing"),
    "not found": ("pending, open+history 1.1", "unknown, open 1.1", "unknown, open 1.15", "not sent, open 1.15"),
    "another order's body": ("pending, read 1.15", "unknown, open 1.1", "unknown, open 1.15", "not sent, history 1.1"),
    "another account's body": ("pending, read 1.15", "unknown, open 1.1", "unknown, open 1.15", "not sent, history 1.1"),
    "no answer yet": ("pending, read 4.05", "unknown, history 4.05", "unknown, open 4.05", "not sent, open 4.05"),
}  # fmt: skip

#: The same of a second one at 6.
ASKED_TWICE: dict[str, tuple[str, ...]] = {
    # an order read | the search of a Canceled order | the search of a Replaced order | the look-up of a client's id
    "connect failed": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not sent, open 6.35"),
    "fault of a plugin before the first byte": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not sent, open 6.35"),
    "log-in refused": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "not authorized., nothing"),
    "log-in throttled for 4 s": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "throttled., nothing"),
    "log-in throttled for 60 s": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "throttled., nothing"),
    "log-in unreadable": ("pending, open+history 6.1", "unknown, history 6.4", "unknown, open 6.4", "not sent, open 6.4"),
    "log-in held back for 60 s": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "not sent., nothing"),
    "reset": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not sent, open 6.35"),
    "fault of a plugin": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not sent, open 6.35"),
    "unreadable": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not sent, open 6.35"),
    "throttled": ("pending, open+history 6.1", "unknown, history 6.4", "unknown, open 6.4", "not sent, open 6.4"),
    "throttled for 4 s": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "not sent, nothing"),
    "throttled for 60 s": ("pending, open+history 6.1", "unknown, nothing", "unknown, nothing", "not sent, nothing"),
    "session refused": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not authorized., nothing"),
    "not authorized": ("pending, open+history 6.1", "unknown, history 6.35", "unknown, open 6.35", "not authorized., nothing"),
    "not found": ("pending, open+history 6.1", "unknown, open 6.1", "unknown, open 6.35", "not sent, open 6.35"),
    "another order's body": ("pending, open+history 6.1", "unknown, open 6.1", "unknown, open 6.35", "not sent, history 6.1"),
    "another account's body": ("pending, open+history 6.1", "unknown, open 6.1", "unknown, open 6.35", "not sent, history 6.1"),
    "no answer yet": ("pending, read 9.25", "unknown, history 9.25", "unknown, open 9.25", "not sent, open 9.25"),
}  # fmt: skip


@pytest.mark.parametrize(("fate", "point", "cell"), cells(ASKED, POINTS))
def test_a_read(told: Told, fate: str, point: str, cell: str) -> None:
    """A read that shows nothing proves nothing; it is tried again, as late as the venue told it to.

    For want of a session it is told to by nobody but us, and somebody else may have one sooner.
    """
    begin, action = POINTS[point]
    story = asked(begin(told), action, fate, 1)
    assert f"{story.says()}, {story.then(1.1)}" == cell
    assert story.ack().outcome is story.concludes().outcome


@pytest.mark.parametrize(("fate", "point", "cell"), cells(ASKED_TWICE, POINTS))
def test_a_repeated_read(told: Told, fate: str, point: str, cell: str) -> None:
    """Where reads fail again and again, listings are asked, too; and nothing is claimed."""
    begin, action = POINTS[point]
    story = asked(asked(begin(told), action, fate, 1), action, fate, 6)
    assert f"{story.says()}, {story.then(6.1)}" == cell
