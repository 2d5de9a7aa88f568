"""Calls whose functions are fenced in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from types import MethodType
from typing import Any

import attrs

from countermand._engine._answers import ANSWERS, has_whole_parts, with_real_times
from countermand._engine._guard import Guard, kind_of
from countermand._engine._requests import flaw_of, plain, plain_request
from countermand._engine._rows import ROWS, Rows
from countermand._engine._stamps import Stamps
from countermand._http import HttpRequest, HttpResponse
from countermand.venue import Call, CallKind, CancelTarget, Page, PerOrder, Receipt, Session, Stamp, Venue
from countermand.venue.credentials import Credential

#: Whose answers bear secrets.
_SECRET = frozenset({"log_in", "log_out"})
#: So signs `Venue.call` where no credential has it otherwise: what that makes nobody else holds.
_SIGN = Credential.sign


@attrs.define(eq=False)
class Form:
    """All of a call but what it asks for: nearly all calls of a function have the same."""

    kind: CallKind
    name: str
    max_bytes: int | None
    takes_part: bool
    #: As the plugin has it.
    plain_read: Callable[[HttpResponse], Any]
    #: Fenced in; it outlives the rest of its call by the time that an answer takes.
    read: Callable[[HttpResponse], Any]


class Calls:
    """The calls that one function of a venue makes; all raise `PluginFault` for what is none."""

    def __init__(self, guard: Guard, venue: Venue, function: str) -> None:
        self._guard = guard
        self._venue = venue
        self._function = function
        self._other_parts = f"{function} gave a Call with parts of other types than it has"
        self._signs = f"the sign of its {function} call"
        self._reads = f"the read of its {function} call"
        self._answers = ANSWERS[function]
        self._quotes = function not in _SECRET
        self._form: Form | None = None
        #: The last that was looked at: a reader that remembers receipts gives it again.
        self._receipt = Receipt()

    @cached_property
    def _make(self) -> Any:
        return self._guard.run(self._function, getattr, self._venue, self._function, quotes=self._quotes)

    def asked(self, *args: Any) -> Any:
        """Ask the function, and return what it gives."""
        return self._guard.run(self._function, self._make, *args, quotes=self._quotes)

    def of(self, *args: Any) -> Call[Any]:
        """Ask the function for a call."""
        return self.guarded(self.asked(*args))

    def guarded(self, call: object) -> Call[Any]:
        """Fence in what the function gave."""
        call = self._whole(call)
        return Call(
            kind=call.kind,
            name=call.name,
            sign=partial(self._request, call.sign),
            read=self._guarded_read(call.read),
            max_bytes=call.max_bytes,
            takes_part=call.takes_part,
        )

    def signed(
        self, target: CancelTarget, session: Session | None, stamps: Stamps
    ) -> tuple[Form, HttpRequest]:
        """Ask the function for a call, and sign it for one attempt alone."""
        call = self._guard.run(self._function, self._make, target)
        form = self._form
        if (
            type(call) is not Call
            or form is None
            or call.read is not form.plain_read
            or call.name is not form.name
            or call.kind is not form.kind
            or call.max_bytes is not form.max_bytes
            or call.takes_part is not form.takes_part
        ):
            form = self._form = self._form_of(call)
        return form, self._request(call.sign, session, stamps.next())

    def _form_of(self, call: object) -> Form:
        call = self._whole(call)
        read = self._guarded_read(call.read)
        return Form(call.kind, call.name, call.max_bytes, call.takes_part, call.read, read)

    def _whole(self, call: object) -> Call[Any]:
        if type(call) is not Call:
            raise self._guard.fault(f"{self._function} gave {kind_of(call)}, expected a Call")
        if not _is_whole(call):
            raise self._guard.fault(self._other_parts)
        return call

    def _request(self, sign: Any, session: Session | None, stamp: Stamp) -> HttpRequest:
        method = sign.func if type(sign) is partial else None
        if type(method) is not MethodType or method.__func__ is not _SIGN:
            if not callable(sign):
                raise self._guard.fault(self._other_parts)
            sign = partial(_signed, sign)
        request: HttpRequest = self._guard.run(self._signs, sign, session, stamp, quotes=False)
        if (flaw := flaw_of(request)) is not None:
            raise self._guard.fault(f"{self._signs} gave {flaw}")
        return request

    def _guarded_read(self, read: Callable[[HttpResponse], Any]) -> Callable[[HttpResponse], Any]:
        return partial(self._answer, partial(_read, read) if PerOrder in self._answers else read)

    def _answer(self, read: Callable[[HttpResponse], Any], response: HttpResponse) -> Any:
        verdict = self._guard.run(self._reads, read, response, quotes=self._quotes)
        if verdict is self._receipt:
            return verdict
        kind = type(verdict)
        if kind not in self._answers:
            raise self._guard.fault(
                f"{self._reads} gave {kind_of(verdict)}, which is no answer to that question"
            )
        if not has_whole_parts(verdict):
            raise self._guard.fault(
                f"{self._reads} gave a {kind.__name__} with parts of other types than it has"
            )
        if kind is Page:
            rows = Rows(self._guard, self._guard.run(ROWS, iter, verdict.rows), verdict.behind)
            return attrs.evolve(verdict, rows=rows, behind=verdict.behind and (lambda: rows.end))
        if kind is Receipt:
            self._receipt = verdict
        return with_real_times(verdict)


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


def _read(read: Callable[[HttpResponse], Any], response: HttpResponse) -> Any:
    """Read an answer that may tell of many orders, likewise."""
    answer = read(response)
    return attrs.evolve(answer, orders=plain(answer.orders)) if type(answer) is PerOrder else answer
