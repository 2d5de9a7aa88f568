"""A call whose functions are fenced in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any, cast

import attrs

from countermand._engine._answers import ANSWERS, has_whole_parts, with_real_times
from countermand._engine._guard import Guard, kind_of
from countermand._engine._requests import flaw_of, plain, plain_request
from countermand._engine._rows import ROWS, Rows
from countermand._http import HttpRequest, HttpResponse
from countermand.venue import Call, CallKind, Page, PerOrder, Session, Stamp
from countermand.venue.credentials import Credential

_SIGN = {function: f"the sign of its {function} call" for function in ANSWERS}
#: Whose answers bear secrets.
_SECRET = frozenset({"log_in", "log_out"})
_READ = {function: f"the read of its {function} call" for function in ANSWERS}


def guarded_call(guard: Guard, function: str, call: object) -> Call[Any]:
    """Fence in what a function of a venue gave; raises `PluginFault` for what is no call."""
    call = _whole(guard, function, call)
    return Call(
        kind=call.kind,
        name=call.name,
        sign=_Sign(guard, function, call.sign),
        read=_Read(guard, function, call.read),
        max_bytes=call.max_bytes,
        takes_part=call.takes_part,
    )


@attrs.frozen
class SignedCall:
    """A call that was signed as soon as it was made, for the one attempt that there is."""

    call: Call[Any]
    request: HttpRequest
    #: Its read, fenced in.
    read: Callable[[HttpResponse], Any]


def signed_call(
    guard: Guard, function: str, call: object, session: Session | None, stamp: Stamp
) -> SignedCall:
    """Sign what a function of a venue gave; raises `PluginFault` for what is no call, or signs none."""
    call = _whole(guard, function, call)
    request = _request(guard, function, _signer(call.sign), session, stamp)
    return SignedCall(call, request, _Read(guard, function, call.read))


def _whole(guard: Guard, function: str, call: object) -> Call[Any]:
    if type(call) is not Call:
        raise guard.fault(f"{function} gave {kind_of(call)}, expected a Call")
    if not _is_whole(call):
        raise guard.fault(f"{function} gave a Call with parts of other types than it has")
    return call


def _request(
    guard: Guard, function: str, sign: Callable[..., Any], session: Session | None, stamp: Stamp
) -> HttpRequest:
    signs = _SIGN[function]
    request: object = guard.run(signs, sign, session, stamp, quotes=False)
    if (flaw := flaw_of(request)) is not None:
        raise guard.fault(f"{signs} gave {flaw}")
    return cast("HttpRequest", request)


class _Sign:
    """A sign, fenced in."""

    __slots__ = ("_function", "_guard", "_sign")

    def __init__(self, guard: Guard, function: str, sign: Callable[..., Any]) -> None:
        self._guard = guard
        self._function = function
        self._sign = _signer(sign)

    def __call__(self, session: Session | None, stamp: Stamp) -> HttpRequest:
        return _request(self._guard, self._function, self._sign, session, stamp)


class _Read:
    """A read, fenced in; it outlives the rest of its call by the time that an answer takes."""

    __slots__ = ("_function", "_guard", "_read")

    def __init__(self, guard: Guard, function: str, read: Callable[..., Any]) -> None:
        self._guard = guard
        self._function = function
        self._read = read

    def __call__(self, response: HttpResponse) -> Any:
        function, reads = self._function, _READ[self._function]
        verdict = self._guard.run(reads, _answer, self._read, response, quotes=function not in _SECRET)
        if type(verdict) not in ANSWERS[function]:
            raise self._guard.fault(f"{reads} gave {kind_of(verdict)}, which is no answer to that question")
        return _checked(self._guard, function, verdict)


def _is_whole(call: Any) -> bool:
    return (
        type(call.name) is str
        and isinstance(call.kind, CallKind)
        and callable(call.sign)
        and callable(call.read)
        and (call.max_bytes is None or type(call.max_bytes) is int)
    )


def _signer(sign: Callable[..., Any]) -> Callable[..., Any]:
    return sign if _is_ours(sign) else partial(_signed, sign)


def _is_ours(sign: Any) -> bool:
    """Tell how `Venue.call` signs where no credential has it otherwise: what that makes nobody else holds."""
    if type(sign) is not partial or type(sign.func) is not MethodType:
        return False
    return sign.func.__func__ is Credential.sign


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
