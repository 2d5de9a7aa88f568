"""A venue as the engine asks it: each function of its plugin is fenced in here, and nowhere else."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cached_property
from typing import Any, TypeVar, cast

import attrs

from countermand._engine._answers import ANSWERS, is_session, with_real_times
from countermand._engine._guard import Guard, PluginFault, kind_of
from countermand._engine._guarded_call import Calls
from countermand._ids import OrderId
from countermand._request import CancelRequest
from countermand._scope import Scope
from countermand.venue import (
    Call,
    CancelTarget,
    Capabilities,
    LogIn,
    LogInFailure,
    NeedCode,
    Refused,
    Session,
    Throttled,
    Unreadable,
    Venue,
)

T = TypeVar("T")


class GuardedVenue:
    """Asks the plugin; what it declares of itself is asked for until it is had, and then kept."""

    def __init__(self, venue: Venue, guard: Guard) -> None:
        self._venue = venue
        self._guard = guard
        self._calls = {function: Calls(guard, venue, function) for function in ANSWERS}
        #: What makes cancels, for whoever signs each as soon as it is made.
        self.cancels = self._calls["cancel"]
        self.name = guard.name

    @property
    def as_venue(self) -> Venue:
        """Itself, for whoever asks a venue."""
        # Not one by inheritance: nothing of what a venue is by default may stand for the plugin's own.
        return cast("Venue", self)

    @cached_property
    def base_url(self) -> str:
        return self._declared("base_url", str)

    @cached_property
    def capabilities(self) -> Capabilities:
        return self._declared("capabilities", Capabilities)

    @cached_property
    def renewable(self) -> bool:
        return self._declared("renewable", bool)

    @cached_property
    def _check(self) -> Any:
        return self._guard.run("check", getattr, self._venue, "check")

    @cached_property
    def _check_scope(self) -> Any:
        return self._guard.run("check_scope", getattr, self._venue, "check_scope")

    def check(self, request: CancelRequest) -> None:
        told = self._guard.run("check", self._check, request)
        if told is not None:
            raise self._is_no_check("check", told)

    def check_scope(self, scope: Scope) -> None:
        told = self._guard.run("check_scope", self._check_scope, scope)
        if told is not None:
            raise self._is_no_check("check_scope", told)

    def cancel(self, target: CancelTarget) -> Call[Any]:
        return self.cancels.of(target)

    def cancel_all(self, scope: Scope) -> Call[Any]:
        return self._calls["cancel_all"].of(scope)

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        return self._calls["cancel_list"].of(targets)

    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        return self._calls["read_order"].of(account, order_id)

    def read_trail(self, account: str, order_id: OrderId) -> Call[Any]:
        return self._calls["read_trail"].of(account, order_id)

    def list_open(self, account: str, page: Any = None) -> Call[Any]:
        return self._calls["list_open"].of(account, page)

    def list_history(self, account: str, page: Any = None) -> Call[Any]:
        return self._calls["list_history"].of(account, page)

    def list_accounts(self) -> Call[Any]:
        return self._calls["list_accounts"].of()

    def log_in(self) -> LogIn | None:
        conversation = self._calls["log_in"].asked()
        if conversation is None:
            return None
        if not isinstance(conversation, Generator):
            raise self._guard.fault(f"log_in gave {kind_of(conversation)}, expected a conversation or None")
        return self._conversed(conversation)

    def log_out(self, session: Session) -> Call[Any] | None:
        call = self._calls["log_out"].asked(session)
        return None if call is None else self._calls["log_out"].guarded(call)

    def _declared(self, name: str, kind: type[T]) -> T:
        value = self._guard.run(name, getattr, self._venue, name)
        if not isinstance(value, kind):
            raise self._guard.fault(f"{name} is {kind_of(value)}, expected {kind.__name__}")
        return value

    def _is_no_check(self, function: str, told: object) -> PluginFault:
        return self._guard.fault(f"{function} gave {kind_of(told)}: it refuses by raising alone")

    def _conversed(self, conversation: Generator[Any, Any, Any]) -> LogIn:
        answer: Any = None
        while True:
            need = self._guard.run("log_in", _sent, conversation, answer, quotes=False)
            if isinstance(need, _End):
                end: Session | LogInFailure = self._end(need.value)
                return end
            if isinstance(need, Call):
                answer = yield self._calls["log_in"].guarded(need)
            elif isinstance(need, NeedCode) and callable(need.source):
                answer = yield need
            else:
                raise self._guard.fault(f"log_in yielded {kind_of(need)}, expected a Call or a NeedCode")

    def _end(self, value: Any) -> Any:
        if isinstance(value, Refused | Throttled | Unreadable) or is_session(value):
            return with_real_times(value)
        raise self._guard.fault(
            f"log_in ended with {kind_of(value)}, expected a Session or why there is none"
        )


@attrs.frozen
class _End:
    """How a conversation ended: no loop lets a StopIteration through."""

    value: Any


def _sent(conversation: Generator[Any, Any, Any], answer: Any) -> Any:
    try:
        return conversation.send(answer)
    except StopIteration as end:
        return _End(end.value)
