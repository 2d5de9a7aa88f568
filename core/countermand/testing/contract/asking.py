"""The calls that ask a venue: of every question, about one order."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from countermand import Assurance, CancelRequest, OrderId, Scope
from countermand.testing.contract.questions import Question
from countermand.venue import Call, CancelTarget, CodeWanted, NeedCode, Session, Stamp, Venue

#: What calls are signed with that are never sent.
SESSION = Session(token="conformance-session-token")  # noqa: S106 - a test credential, public
STAMP = Stamp(nonce=1_700_000_000_000)
_NONCES = itertools.count(time.time_ns() // 1_000_000)
#: The most steps a log-in has.
_MOST_STEPS = 8


def next_stamp() -> Stamp:
    """Make the stamp of a call that is sent: each is above all before it, as a client's are."""
    return Stamp(nonce=next(_NONCES))


def target_of(request: CancelRequest) -> CancelTarget:
    """Name the order of a request as the core does."""
    return CancelTarget(
        account=request.account,
        order=request.order,
        assurance=request.assurance,
        instrument=request.instrument,
    )


def calls_of(
    question: Question, venue: Venue, request: CancelRequest, scopes: Sequence[Scope]
) -> tuple[Call[Any], ...]:
    """Make the calls that ask a question, about the order of a request; none where it is not declared."""
    return tuple(_CALLS[question](venue, request, scopes))


def log_in_calls(venue: Venue, code: str = "123456") -> list[Call[Any]]:
    """Return the calls of a log-in that is asked for a second factor, and given that code."""
    conversation, calls = venue.log_in(), list[Call[Any]]()
    told: Any = None
    for _ in range(_MOST_STEPS if conversation is not None else 0):
        try:
            step = conversation.send(told)  # type: ignore[union-attr]  # none has no steps
        except StopIteration:
            break
        if isinstance(step, NeedCode):
            told = code
        else:
            calls.append(step)
            told = CodeWanted(interim="conformance-interim-token")
    return calls


def scopes_for(name: str, request: CancelRequest, instrument: str, user: str) -> tuple[Scope, ...]:
    """Make one scope of each kind, around the order of a request."""
    account = request.account
    ids = [request.order] if isinstance(request.order, OrderId) else []
    return (
        Scope.orders(name, account, ids or [OrderId("1")]),
        Scope.mine(name, account, lambda _report: True),
        Scope.instrument(name, account, instrument),
        Scope.account(name, account),
        Scope.user(name, user),
        Scope.user(name, user, account=account),
        Scope.venue_wide(name, confirm=name),
    )


def _cancels(venue: Venue, request: CancelRequest, _: object) -> list[Call[Any]]:
    target = target_of(request)
    return [venue.cancel(attrs.evolve(target, assurance=assurance)) for assurance in Assurance]


def _mass_cancels(venue: Venue, _: object, scopes: Sequence[Scope]) -> list[Call[Any]]:
    declared = venue.capabilities.scopes
    return [venue.cancel_all(scope) for scope in scopes if scope.kind in declared]


def _lists(venue: Venue, request: CancelRequest, _: object) -> list[Call[Any]]:
    size = venue.capabilities.cancel_list_size
    return [venue.cancel_list([target_of(request)])] if size else []


def _reads(venue: Venue, request: CancelRequest, _: object) -> list[Call[Any]]:
    return [venue.read_order(request.account, _order_id(request))]


def _trails(venue: Venue, request: CancelRequest, _: object) -> list[Call[Any]]:
    return [venue.read_trail(request.account, _order_id(request))] if venue.capabilities.has_trail else []


def _histories(venue: Venue, request: CancelRequest, _: object) -> list[Call[Any]]:
    return [venue.list_history(request.account)] if venue.capabilities.has_history else []


def _log_outs(venue: Venue, _: object, __: object) -> list[Call[Any]]:
    call = venue.log_out(SESSION)
    return [] if call is None else [call]


def _order_id(request: CancelRequest) -> OrderId:
    return request.order if isinstance(request.order, OrderId) else OrderId(request.order.value)


_CALLS: Mapping[Question, Callable[[Venue, CancelRequest, Sequence[Scope]], list[Call[Any]]]] = {
    Question.CANCEL: _cancels,
    Question.MASS_CANCEL: _mass_cancels,
    Question.CANCEL_LIST: _lists,
    Question.READ: _reads,
    Question.TRAIL: _trails,
    Question.OPEN: lambda venue, request, _: [venue.list_open(request.account)],
    Question.HISTORY: _histories,
    Question.ACCOUNTS: lambda venue, _, __: (
        [venue.list_accounts()] if venue.capabilities.lists_accounts else []
    ),
    Question.LOG_IN: lambda venue, _, __: log_in_calls(venue),
    Question.LOG_OUT: _log_outs,
}
