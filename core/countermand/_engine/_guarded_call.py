"""A call whose functions are fenced in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs

from countermand._engine._answers import ANSWERS, has_whole_parts, with_real_times
from countermand._engine._guard import Guard, kind_of
from countermand._engine._requests import flaw_of, plain, plain_request
from countermand._engine._rows import ROWS, Rows
from countermand._http import HttpRequest, HttpResponse
from countermand.venue import Call, CallKind, Page, PerOrder, Session, Stamp

_SIGN = {function: f"the sign of its {function} call" for function in ANSWERS}
#: Whose answers bear secrets.
_SECRET = frozenset({"log_in", "log_out"})
_READ = {function: f"the read of its {function} call" for function in ANSWERS}


def guarded_call(guard: Guard, function: str, call: object) -> Call[Any]:
    """Fence in what a function of a venue gave; raises `PluginFault` for what is no call."""
    if type(call) is not Call:
        raise guard.fault(f"{function} gave {kind_of(call)}, expected a Call")
    if not _is_whole(call):
        raise guard.fault(f"{function} gave a Call with parts of other types than it has")
    answers, sign, read = ANSWERS[function], call.sign, call.read
    signs, reads, quotes = _SIGN[function], _READ[function], function not in _SECRET

    def guarded_sign(session: Session | None, stamp: Stamp) -> HttpRequest:
        request: object = guard.run(signs, _signed, sign, session, stamp, quotes=False)
        if (flaw := flaw_of(request)) is not None:
            raise guard.fault(f"{signs} gave {flaw}")
        return cast("HttpRequest", request)

    def guarded_read(response: HttpResponse) -> Any:
        verdict = guard.run(reads, _answer, read, response, quotes=quotes)
        if type(verdict) not in answers:
            raise guard.fault(f"{reads} gave {kind_of(verdict)}, which is no answer to that question")
        return _checked(guard, function, verdict)

    return Call(
        kind=call.kind,
        name=call.name,
        sign=guarded_sign,
        read=guarded_read,
        max_bytes=call.max_bytes,
        takes_part=call.takes_part,
    )


def _is_whole(call: Any) -> bool:
    return (
        type(call.name) is str
        and isinstance(call.kind, CallKind)
        and callable(call.sign)
        and callable(call.read)
        and (call.max_bytes is None or type(call.max_bytes) is int)
    )


def _signed(sign: Callable[..., Any], session: Session | None, stamp: Stamp) -> object:
    """Sign a call, and take what a plugin's own mapping holds while what it does is fenced in."""
    return plain_request(sign(session, stamp))


def _answer(read: Callable[[HttpResponse], Any], response: HttpResponse) -> Any:
    """Read an answer, likewise."""
    answer = read(response)
    return attrs.evolve(answer, orders=plain(answer.orders)) if type(answer) is PerOrder else answer


def _checked(guard: Guard, function: str, verdict: Any) -> Any:
    kind = type(verdict)
    if not has_whole_parts(verdict):
        raise guard.fault(f"{_READ[function]} gave a {kind.__name__} with parts of other types than it has")
    if kind is Page:
        rows = Rows(guard, guard.run(ROWS, iter, verdict.rows), verdict.behind)
        return attrs.evolve(verdict, rows=rows, behind=verdict.behind and (lambda: rows.end))
    return with_real_times(verdict)
