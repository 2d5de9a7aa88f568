"""The kinds of questions a venue is asked, and the verdicts that may answer each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, get_args

import attrs

from countermand import Assurance, CancelRequest, OrderId, Scope
from countermand.venue import (
    AccountsVerdict,
    Call,
    CancelTarget,
    CancelVerdict,
    CodeWanted,
    ListingVerdict,
    LogInVerdict,
    LogOutVerdict,
    MassCancelVerdict,
    NeedCode,
    ReadVerdict,
    Session,
    Stamp,
    TrailVerdict,
    Venue,
)

#: What calls are signed with where it does not matter.
SESSION = Session(token="conformance-session-token")  # noqa: S106 - a test credential, public
STAMP = Stamp(nonce=1_700_000_000_000)
#: The most steps a log-in has.
_MOST_STEPS = 8


class Question(Enum):
    """What a venue can be asked."""

    CANCEL = "cancel"
    MASS_CANCEL = "mass cancel"
    CANCEL_LIST = "cancel list"
    READ = "order read"
    TRAIL = "trail"
    OPEN = "open orders"
    HISTORY = "history"
    ACCOUNTS = "accounts"
    LOG_IN = "log-in"
    LOG_OUT = "log-out"


#: The questions that ask the venue to act.
CANCELS = (Question.CANCEL, Question.MASS_CANCEL, Question.CANCEL_LIST)
#: The questions that only look.
READS = (Question.READ, Question.TRAIL, Question.OPEN, Question.HISTORY, Question.ACCOUNTS)

#: The verdicts that each question's reader may give.
VERDICTS: Mapping[Question, tuple[type, ...]] = {
    Question.CANCEL: get_args(CancelVerdict),
    Question.MASS_CANCEL: get_args(MassCancelVerdict),
    Question.CANCEL_LIST: get_args(MassCancelVerdict),
    Question.READ: get_args(ReadVerdict),
    Question.TRAIL: get_args(TrailVerdict),
    Question.OPEN: get_args(ListingVerdict),
    Question.HISTORY: get_args(ListingVerdict),
    Question.ACCOUNTS: get_args(AccountsVerdict),
    Question.LOG_IN: get_args(LogInVerdict),
    Question.LOG_OUT: get_args(LogOutVerdict),
}


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
