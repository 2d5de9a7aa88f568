"""A call whose functions are fenced in, and what may come out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from time import perf_counter, thread_time
from typing import Any, get_args

import attrs

from countermand._engine._guard import SLOW_S, Guard, described, kind_of
from countermand._engine._pages import SLICE
from countermand._http import HttpRequest, HttpResponse
from countermand._ids import OrderId
from countermand._order import OrderReport, OrderStatus
from countermand.venue import (
    Accounts,
    AccountsVerdict,
    Call,
    CallKind,
    CancelVerdict,
    CodeWanted,
    ListingVerdict,
    LoggedIn,
    LogInVerdict,
    LogOutVerdict,
    MassCancelVerdict,
    OrderRead,
    Page,
    ReadVerdict,
    Session,
    Stamp,
    Throttled,
    TrailRead,
    TrailVerdict,
)

#: What the answer to a call may be, by the function that made the call: these very types, and no heirs.
ANSWERS: Mapping[str, frozenset[type]] = {
    function: frozenset(get_args(union))
    for function, union in {
        "cancel": CancelVerdict,
        "cancel_all": MassCancelVerdict,
        "cancel_list": MassCancelVerdict,
        "read_order": ReadVerdict,
        "read_trail": TrailVerdict,
        "list_open": ListingVerdict,
        "list_history": ListingVerdict,
        "list_accounts": AccountsVerdict,
        "log_in": LogInVerdict,
        "log_out": LogOutVerdict,
    }.items()
}


def _is_time(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_report(value: Any) -> bool:
    """Tell an order that the core can work with; exactly one, for whatever an heir does is not fenced in."""
    return (
        type(value) is OrderReport
        and type(value.status) is OrderStatus
        and type(value.order_id) is OrderId
        and type(value.filled_quantity) is Decimal
    )


def _is_cursor(value: object) -> bool:
    return value is None or type(value) in {int, str}


def _is_count(value: object) -> bool:
    return value is None or type(value) is int


def is_session(value: object) -> bool:
    """Tell a session that calls can be signed with."""
    return isinstance(value, Session) and type(value.token) is str and _is_time(value.lifetime_s)


#: What must hold of the parts of an answer that the core works with.
_PARTS: dict[type, Callable[[Any], bool]] = {
    OrderRead: lambda told: is_report(told.report),
    TrailRead: lambda told: told.report is None or is_report(told.report),
    Accounts: lambda told: isinstance(told.ids, tuple) and all(type(one) is str for one in told.ids),
    LoggedIn: lambda told: is_session(told.session),
    CodeWanted: lambda told: type(told.interim) is str,
    Throttled: lambda told: _is_time(told.retry_after_s),
    Page: lambda told: _is_cursor(told.next_page) and _is_count(told.total) and _is_count(told.listed),
}


def guarded_call(guard: Guard, function: str, call: object) -> Call[Any]:
    """Fence in what a function of a venue gave; raises `PluginFault` for what is no call."""
    if not isinstance(call, Call):
        raise guard.fault(f"{function} gave {kind_of(call)}, expected a Call")
    if not _is_whole(call):
        raise guard.fault(f"{function} gave a Call with parts of other types than it has")
    answers, sign, read = ANSWERS[function], call.sign, call.read

    def guarded_sign(session: Session | None, stamp: Stamp) -> HttpRequest:
        request: object = guard.run(_SIGN[function], sign, session, stamp)
        if isinstance(request, HttpRequest) and _can_be_written(request):
            return request
        raise guard.fault(f"{_SIGN[function]} gave {_kind_of_request(request)}")

    def guarded_read(response: HttpResponse) -> Any:
        verdict = guard.run(_READ[function], read, response)
        if type(verdict) not in answers:
            raise guard.fault(
                f"{_READ[function]} gave {kind_of(verdict)}, which is no answer to that question"
            )
        return _checked(guard, function, verdict)

    return Call(
        kind=call.kind,
        name=call.name,
        sign=guarded_sign,
        read=guarded_read,
        max_bytes=call.max_bytes,
        takes_part=call.takes_part,
    )


_SIGN = {function: f"the sign of its {function} call" for function in ANSWERS}
_READ = {function: f"the read of its {function} call" for function in ANSWERS}


_TEXT = frozenset({str})
_ROWS = "the rows of its listing"


def _is_whole(call: Any) -> bool:
    return (
        type(call.name) is str
        and isinstance(call.kind, CallKind)
        and callable(call.sign)
        and callable(call.read)
        and (call.max_bytes is None or type(call.max_bytes) is int)
    )


def _can_be_written(request: Any) -> bool:
    headers = request.headers
    return (
        type(request.method) is str
        and type(request.path) is str
        and type(request.content) is bytes
        and isinstance(headers, dict | Mapping)
        and set(map(type, headers.values())) <= _TEXT
        and set(map(type, headers)) <= _TEXT
    )


def _kind_of_request(request: object) -> str:
    if isinstance(request, HttpRequest):
        return "an HttpRequest with parts of other types than it has"
    return f"{kind_of(request)}, expected an HttpRequest"


def _checked(guard: Guard, function: str, verdict: Any) -> Any:
    """Return an answer whose parts are what they should be; the rows of a page are looked at one by one."""
    kind = type(verdict)
    texts = (getattr(verdict, "code", None), getattr(verdict, "text", None))
    is_whole = _PARTS.get(kind, lambda _: True)
    if not all(text is None or type(text) is str for text in texts) or not is_whole(verdict):
        raise guard.fault(f"{_READ[function]} gave a {kind.__name__} with parts of other types than it has")
    if kind is Page:
        return attrs.evolve(verdict, rows=Rows(guard, guard.run(_ROWS, iter, verdict.rows)))
    return verdict


class Rows:
    """The rows of a page as they are read; `fault` is told of the first that is none, or broke.

    That one is unreadable to whoever reads on, as a documented `WireError` makes it.
    """

    def __init__(self, guard: Guard, left: Iterator[Any]) -> None:
        self._guard = guard
        self._left = left
        self._count = 0
        self._spent_s = self._began_at = self._began = 0.0
        self.fault: str | None = None

    def __iter__(self) -> Iterator[OrderReport]:
        return self

    def __next__(self) -> OrderReport:
        now = perf_counter()
        if self._count % SLICE == 0:
            self._spent_s, self._began_at, self._began = 0.0, now, thread_time()
        self._count += 1
        try:
            row = next(self._left)
        except (StopIteration, ValueError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._broken(f"raised {described(error)}") from error
        finally:
            self._spend(now)
        if is_report(row):
            report: OrderReport = row
            return report
        whose = " with parts of other types than it has" if isinstance(row, OrderReport) else ""
        raise self._broken(f"gave {kind_of(row)}{whose}, expected an OrderReport")

    def _broken(self, words: str) -> ValueError:
        told = str(self._guard.fault(f"{_ROWS} {words}"))
        self.fault = self.fault or told
        return ValueError(told)

    def _spend(self, since: float) -> None:
        """Count the time of all rows that are read in one go, for that is how long others have no turn."""
        now = perf_counter()
        before_s, self._spent_s = self._spent_s, self._spent_s + now - since
        if before_s <= SLOW_S < self._spent_s:
            others_s = now - self._began_at - self._spent_s
            cpu_s = thread_time() - self._began - others_s
            self._guard.judge(_ROWS, self._spent_s, cpu_s)
