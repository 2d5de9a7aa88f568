"""Faults of what a plugin says of itself: descriptor, settings, capabilities, secrets, fixtures."""

from __future__ import annotations

import itertools
from typing import Any

import attrs
from tests.testing.contract.planting import (
    ApexContract,
    AutoSharesContract,
    in_apex,
    in_autoshares,
    in_examples,
    reread,
    resigned,
    talking,
)

from countermand import CancelRequest, OrderId, Scope
from countermand.errors import ConfigurationError, InvalidRequestError
from countermand.testing import Question, Sample
from countermand.venue import (
    Call,
    CancelTarget,
    Capabilities,
    HttpResponse,
    Identity,
    LoggedIn,
    LogIn,
    NeedCode,
    Receipt,
    Session,
    Throttled,
)
from countermand_apex import PLUGIN as APEX_PLUGIN
from countermand_apex import Apex
from countermand_autoshares import PLUGIN, AutoShares

_count = itertools.count(1)
CALL = "DELETE orders"


class NamedForEver(AutoShares):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "name": "autoshares"})


class NameWithABlank(AutoShares):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        object.__setattr__(self, "name", "a b" if settings["name"] == "autoshares" else "second")


class SlashKept(AutoShares):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        object.__setattr__(self, "base_url", settings["base_url"])


class PlainHttp(AutoShares):
    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ConfigurationError:
            super().__init__(**{**settings, "base_url": "https://venue.example"})


class Moody(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, read_lag_s=float(next(_count)))


class Boastful(AutoShares):
    def list_history(self, account: str, page: object = None) -> Call[Any]:
        raise InvalidRequestError("there is none")


class Modest(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, lists_accounts=False)


class ScopeNotHonoured(Apex):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        raise InvalidRequestError(f"no call for {scope}")


class AnyScopeTaken(Apex):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        if scope.kind in self.capabilities.scopes:
            return super().cancel_all(scope)
        return super().cancel_all(Scope.account(scope.venue, scope.account_id or "9"))


class LongList(Apex):
    def cancel_list(self, targets: Any) -> Call[Any]:
        return super().cancel_list(targets[:50])


class WithoutOrderIds(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, identities=frozenset({Identity.CLIENT_ORDER_ID}))


class EndlessLag(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, read_lag_s=1e9)


class InstrumentRequired(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, requires=frozenset({"instrument"}))


class RefusesAll(AutoShares):
    def check(self, request: CancelRequest) -> None:
        raise InvalidRequestError("no")

    def check_scope(self, scope: Scope) -> None:
        raise InvalidRequestError("no")


class TakesAll(AutoShares):
    def check(self, request: CancelRequest) -> None:
        return

    def check_scope(self, scope: Scope) -> None:
        return


class RefusesOtherwise(AutoShares):
    def check(self, request: CancelRequest) -> None:
        try:
            super().check(request)
        except InvalidRequestError as error:
            raise KeyError("no") from error

    def check_scope(self, scope: Scope) -> None:
        raise KeyError("no")


class CallsForAnything(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        try:
            return super().cancel(target)
        except InvalidRequestError:
            return super().cancel(attrs.evolve(target, account="1", order=OrderId("1")))

    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        try:
            return super().read_order(account, order_id)
        except InvalidRequestError:
            return super().read_order("1", OrderId("1"))


class PasswordShown(AutoShares):
    def __repr__(self) -> str:
        return f"AutoShares({self.auth!r}, {getattr(self.auth, 'password', '')})"


class KeyInTheName(AutoShares):
    def call(self, kind: Any, name: str, request: Any, read: Any) -> Call[Any]:
        return super().call(kind, f"{name} as {self.app_key}", request, read)


class TokenInThePath(AutoShares):
    def call(self, kind: Any, name: str, request: Any, read: Any) -> Call[Any]:
        call = super().call(kind, name, request, read)
        return attrs.evolve(
            call,
            sign=lambda session, stamp: attrs.evolve(
                call.sign(session, stamp), path=f"{request.path}?token={session and session.token}"
            ),
        )


class LoudSession(Session):
    def __repr__(self) -> str:
        return f"Session({self.token})"


class TokenShown(AutoShares):
    def log_in(self) -> LogIn:
        def loud(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            if isinstance(verdict, LoggedIn):
                return LoggedIn(session=LoudSession(token=verdict.session.token))
            return verdict

        return talking(super().log_in(), lambda call: reread(call, loud))


class KeyInTheError(AutoShares):
    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ConfigurationError as error:
            raise ConfigurationError(f"no key: {settings['app_key']}") from error


class KeyUnchecked(AutoShares):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "app_key": "key"})
        object.__setattr__(self, "app_key", settings["app_key"])


class CodeUnchecked(AutoShares):
    def log_in(self) -> LogIn:
        call: Any = next(super().log_in())
        yield call
        code = yield NeedCode(source=lambda: "1")
        verdict = yield resigned(call, lambda request: attrs.evolve(request, headers={"Code": code}))
        return verdict if isinstance(verdict, Throttled) else Session(token=code)


def without(kind: type) -> tuple[Sample, ...]:
    samples = AutoSharesContract().samples()
    return tuple(one for one in samples if not (one.means is kind or isinstance(one.means, kind)))


MASS = Sample(of=Question.MASS_CANCEL, response=HttpResponse(status=204), means=Receipt)

PLANTED = {
    "a plugin for another contract": in_examples(
        AutoSharesContract,
        {"plugin": attrs.evolve(PLUGIN, contract=2)},
        "test_the_plugin_speaks_this_contract",
    ),
    "a plugin of another venue": in_examples(
        AutoSharesContract, {"plugin": APEX_PLUGIN}, "test_the_plugin_makes_this_venue"
    ),
    "a name that is no setting": in_autoshares(NamedForEver, "test_a_venue_bears_the_name_it_was_given"),
    "a name with a blank": in_autoshares(NameWithABlank, "test_a_venue_bears_the_name_it_was_given"),
    "a slash kept": in_autoshares(SlashKept, "test_a_venue_keeps_its_base_url"),
    "plain http allowed": in_autoshares(PlainHttp, "test_a_base_url_that_shows_credentials_is_refused"),
    "capabilities that change": in_autoshares(Moody, "test_capabilities_are_declared_once_for_all"),
    "a history that is not there": in_autoshares(Boastful, "test_what_is_declared_can_be_asked"),
    "accounts not declared": in_autoshares(Modest, "test_what_is_not_declared_is_refused"),
    "a scope declared, not honoured": in_apex(ScopeNotHonoured, "test_declared_scopes_make_a_call"),
    "any scope taken": in_apex(AnyScopeTaken, "test_scopes_that_are_not_declared_are_refused"),
    "a list cut off": in_apex(LongList, "test_a_cancel_list_holds_what_is_declared"),
    "no order ids": in_autoshares(WithoutOrderIds, "test_declared_identities_make_a_call"),
    "an endless lag": in_autoshares(EndlessLag, "test_the_read_lag_is_a_time"),
    "a requirement nobody checks": in_autoshares(
        InstrumentRequired, "test_what_a_cancel_requires_is_asked_for"
    ),
    "everything refused": in_autoshares(
        RefusesAll, "test_every_example_is_legal", "test_a_scope_of_a_legal_request_is_legal"
    ),
    "everything taken": in_autoshares(
        TakesAll, "test_illegal_requests_are_refused", "test_illegal_scopes_are_refused"
    ),
    "a call for anything": in_autoshares(
        CallsForAnything,
        "test_no_call_is_made_of_an_illegal_request",
        "test_no_read_is_made_of_an_illegal_request",
    ),
    "a password in a repr": in_autoshares(PasswordShown, "test_no_repr_of_the_venue_shows_a_secret"),
    "a key in a call's name": in_autoshares(KeyInTheName, "test_no_call_shows_a_secret"),
    "a session token in a path": in_autoshares(TokenInThePath, "test_no_call_shows_a_secret"),
    "a session token in a repr": in_autoshares(TokenShown, "test_no_verdict_shows_a_token"),
    "a key in an error": in_autoshares(KeyInTheError, "test_no_error_shows_a_secret"),
    "a key that breaks a header": in_autoshares(KeyUnchecked, "test_no_credential_breaks_a_header"),
    "a code that breaks a header": in_autoshares(CodeUnchecked, "test_no_code_breaks_a_header"),
    "a log-in nobody tries": in_examples(
        AutoSharesContract,
        {"logging_in": lambda *_given: None},
        "test_a_log_in_gives_a_session_that_works",
    ),
    "a refusal of another kind": in_autoshares(
        RefusesOtherwise, "test_illegal_requests_are_refused", "test_illegal_scopes_are_refused"
    ),
    "a sample nobody reads": in_examples(
        AutoSharesContract,
        {"samples": lambda _self: (*AutoSharesContract().samples(), MASS)},
        "test_every_sample_answers_a_call",
    ),
    "a verdict without a sample": in_examples(
        AutoSharesContract, {"samples": lambda _self: without(Throttled)}, "test_every_verdict_has_a_sample"
    ),
    "an unreachable verdict that is reached": in_examples(
        ApexContract,
        {"unreachable": {(Question.CANCEL, Receipt): "nobody cancels"}},
        "test_what_is_unreachable_is_not_reached",
    ),
}
