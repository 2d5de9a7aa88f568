"""Faults of calls: ids, HTTP, purity, scopes, pages as asked for, sessions."""

from __future__ import annotations

import itertools
import json
import time
from typing import Any
from urllib.parse import quote

import attrs
from tests.testing.contract.planting import in_apex, in_autoshares, reread, resigned, talking

from countermand import ClientOrderId, OrderId, Reason, Scope
from countermand.venue import (
    Call,
    CallKind,
    CancelTarget,
    HttpRequest,
    HttpResponse,
    LoggedIn,
    LogIn,
    OrderRead,
    Receipt,
    Refused,
    Session,
    SessionRefused,
    Unreadable,
)
from countermand_apex import Apex
from countermand_autoshares import AutoShares

_count = itertools.count(1)


def _through_a_float(order_id: OrderId) -> OrderId:
    return OrderId(str(int(float(order_id.value))))


class FloatSent(Apex):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        if not isinstance(target.order, OrderId):
            return super().cancel(target)
        return super().cancel(attrs.evolve(target, order=_through_a_float(target.order)))


class FloatRead(Apex):
    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        def floating(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            if not isinstance(verdict, OrderRead):
                return verdict
            report = verdict.report
            return OrderRead(report=attrs.evolve(report, order_id=_through_a_float(report.order_id)))

        return reread(super().read_order(account, order_id), floating)


class Unquoted(AutoShares):
    def check(self, request: object) -> None:
        return

    def cancel(self, target: CancelTarget) -> Call[Any]:
        read = super().cancel(CancelTarget(account="1", order=OrderId("1"))).read
        path = f"/v1.0/accounts/{target.account}/orders/{target.order}"
        return self.call(CallKind.CANCEL, "DELETE orders", HttpRequest(method="DELETE", path=path), read)


class Quoted(AutoShares):
    """Takes whatever can be quoted for an id: a dot cannot."""

    def check(self, request: object) -> None:
        return

    def cancel(self, target: CancelTarget) -> Call[Any]:
        call = super().cancel(CancelTarget(account="1", order=OrderId("1")))
        path = f"/v1.0/accounts/{_quoted(target.account)}/orders/{_quoted(str(target.order))}"
        return resigned(call, lambda request: attrs.evolve(request, path=path))


class QuotedDots(Quoted):
    """Quotes dots, too, which are read as dots all the same."""

    def cancel(self, target: CancelTarget) -> Call[Any]:
        return resigned(
            super().cancel(target),
            lambda request: attrs.evolve(
                request, path=request.path.replace("/.", "/%2e").replace("%2e.", "%2E%2E")
            ),
        )


class UnquotedBody(Apex):
    def check(self, request: object) -> None:
        return

    def cancel(self, target: CancelTarget) -> Call[Any]:
        call = super().cancel(CancelTarget(account="1", order=OrderId("1")))
        content = f'{{"AccountId":{target.account},"OrderId":{target.order}}}'.encode()
        return resigned(call, lambda request: attrs.evolve(request, content=content))


class ClientIdAsOrderId(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        if isinstance(target.order, ClientOrderId):
            target = attrs.evolve(target, order=OrderId(target.order.value))
        return super().cancel(target)


class EveryCall(AutoShares):
    """Changes all calls but those of a log-in."""

    def call(self, kind: Any, name: str, request: Any, read: Any) -> Call[Any]:
        return self.change(super().call(kind, name, request, read))

    def change(self, call: Call[Any]) -> Call[Any]:
        raise NotImplementedError


class BlankInThePath(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        return resigned(call, lambda request: attrs.evolve(request, path=f"{request.path} HTTP/1.1"))


class HostSent(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        return resigned(
            call, lambda request: attrs.evolve(request, headers={**request.headers, "Host": "other"})
        )


class OfAnotherKind(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        return attrs.evolve(call, kind=CallKind.READ)


class OrderInTheName(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        return attrs.evolve(super().cancel(target), name=f"DELETE {target.order}")


class CountedWhenMade(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        number = next(_count)
        return resigned(call, lambda request: attrs.evolve(request, path=f"{request.path}?n={number}"))


class CountedWhenSigned(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        return resigned(call, lambda request: attrs.evolve(request, path=f"{request.path}?n={next(_count)}"))


class OldSession(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        first = Session(token="the-first")
        return attrs.evolve(call, sign=lambda _session, stamp: call.sign(first, stamp))


class ReadThatCancels(AutoShares):
    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        call = super().read_order(account, order_id)
        return resigned(call, lambda request: attrs.evolve(request, method="DELETE"))


class AccountCanceled(Apex):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        call = super().cancel(target)
        whole = super().cancel_all(Scope.account(self.name, target.account))
        return attrs.evolve(call, sign=whole.sign)


class Broken(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        raise TypeError("no such\nthing")


class NothingCanceled(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        call = super().cancel(target)
        asked = resigned(call, lambda request: attrs.evolve(request, method="GET"))
        return reread(asked, lambda _read, _response: Receipt())


class WithoutAccount(Apex):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        return resigned(super().cancel(target), lambda request: _with(request, AccountId=None))


class EveryAccount(Apex):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        return resigned(super().cancel_all(scope), lambda request: _with(request, AccountId=0))


class EveryUser(Apex):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        return resigned(super().cancel_all(scope), lambda request: _with(request, UserId=None))


class AnotherInstrument(Apex):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        if scope.instrument_id is None:
            return super().cancel_all(scope)
        return resigned(super().cancel_all(scope), lambda request: _with(request, InstrumentId=7))


class LastOfTheListLost(Apex):
    def cancel_list(self, targets: Any) -> Call[Any]:
        return super().cancel_list(targets[:-1] or targets)


class CursorIgnored(AutoShares):
    def list_open(self, account: str, page: object = None) -> Call[Any]:
        return super().list_open(account)


class Talking(AutoShares):
    """Changes the calls of a log-in."""

    def log_in(self) -> LogIn:
        return talking(super().log_in(), lambda call: reread(call, self.read))

    def read(self, read: Any, response: HttpResponse) -> object:
        raise NotImplementedError


class AnotherToken(Talking):
    def read(self, read: Any, response: HttpResponse) -> object:
        verdict = read(response)
        return LoggedIn(session=Session(token="another")) if isinstance(verdict, LoggedIn) else verdict


class RefusalUnread(Talking):
    def read(self, read: Any, response: HttpResponse) -> object:
        verdict = read(response)
        return Unreadable() if isinstance(verdict, Refused) else verdict


class RefusedAsSession(Talking):
    def read(self, read: Any, response: HttpResponse) -> object:
        verdict = read(response)
        return SessionRefused(code=verdict.code) if isinstance(verdict, Refused) else verdict


class TroubleAsRefusal(Talking):
    def read(self, read: Any, response: HttpResponse) -> object:
        verdict = read(response)
        return Refused(reason=Reason.NOT_AUTHORIZED) if isinstance(verdict, Unreadable) else verdict


class CodeNeverAsked(AutoShares):
    def log_in(self) -> LogIn:
        verdict = yield next(super().log_in())
        if isinstance(verdict, LoggedIn):
            return verdict.session
        return Refused(reason=Reason.NOT_AUTHORIZED)


class NobodyAskedForACode(AutoShares):
    def log_in(self) -> LogIn:
        end = yield from super().log_in()
        return Unreadable() if isinstance(end, Refused) else end


class NeverRenewed(AutoShares):
    @property
    def renewable(self) -> bool:
        return False


class OneConversation(AutoShares):
    def log_in(self) -> LogIn:
        begun: LogIn = vars(self).setdefault("begun", super().log_in())
        return begun


class ExpiryUnread(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        def unread(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            return Unreadable() if isinstance(verdict, SessionRefused) else verdict

        return reread(call, unread)


class NotLoggedOut(AutoShares):
    def log_out(self, session: Session) -> Call[Any]:
        return resigned(super().log_out(session), lambda request: attrs.evolve(request, path="/log-out"))


class SlowToSign(EveryCall):
    def change(self, call: Call[Any]) -> Call[Any]:
        def slowly(request: HttpRequest) -> HttpRequest:
            began = time.thread_time()
            while time.thread_time() - began < 0.2:
                pass
            return request

        return resigned(call, slowly)


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _with(request: HttpRequest, **fields: object) -> HttpRequest:
    body = {**json.loads(request.content), **fields}
    kept = {name: value for name, value in body.items() if value is not None}
    return attrs.evolve(request, content=json.dumps(kept).encode())


PLANTED = {
    "an id sent through a float": in_apex(FloatSent, "test_ids_are_sent_digit_by_digit"),
    "an id read through a float": in_apex(FloatRead, "test_ids_are_read_digit_by_digit"),
    "an id that is no id in a path": in_autoshares(Unquoted, "test_no_id_changes_the_shape_of_a_call"),
    "a dot for an id in a path": in_autoshares(Quoted, "test_no_id_changes_the_shape_of_a_call"),
    "a quoted dot for an id": in_autoshares(QuotedDots, "test_no_id_changes_the_shape_of_a_call"),
    "an id that is no id in a body": in_apex(UnquotedBody, "test_no_id_changes_the_shape_of_a_call"),
    "a client's id for an order id": in_autoshares(
        ClientIdAsOrderId, "test_an_id_of_a_client_is_never_taken_for_an_order_id"
    ),
    "a blank in a path": in_autoshares(BlankInThePath, "test_every_call_is_legal_http"),
    "a Host header": in_autoshares(HostSent, "test_every_call_leaves_the_connection_to_the_core"),
    "every call a read": in_autoshares(OfAnotherKind, "test_every_call_is_of_its_kind"),
    "an order id in a name": in_autoshares(OrderInTheName, "test_every_call_has_a_steady_name"),
    "a count when made": in_autoshares(CountedWhenMade, "test_a_call_made_twice_is_the_same"),
    "a count when signed": in_autoshares(CountedWhenSigned, "test_a_call_signed_twice_is_the_same"),
    "the first session for ever": in_autoshares(
        OldSession, "test_a_call_bears_the_session_it_is_signed_with"
    ),
    "a read that cancels": in_autoshares(ReadThatCancels, "test_only_cancels_can_act"),
    "an account instead of an order": in_apex(AccountCanceled, "test_a_cancel_touches_its_order_only"),
    "a cancel that breaks": in_autoshares(
        Broken,
        "test_a_cancel_touches_its_order_only",
        "test_every_fault_at_a_cancel_ends_in_the_truth",
        "test_no_reader_is_slow",
    ),
    "a cancel that is a read": in_autoshares(NothingCanceled, "test_a_cancel_takes_its_order_off_the_book"),
    "a cancel without its account": in_apex(WithoutAccount, "test_a_cancel_for_another_account_does_nothing"),
    "account 0": in_apex(
        EveryAccount,
        "test_a_scope_touches_its_orders_only",
        "test_every_fault_at_a_mass_cancel_ends_in_the_truth",
    ),
    "other users' orders": in_apex(EveryUser, "test_a_scope_touches_its_orders_only"),
    "another instrument": in_apex(AnotherInstrument, "test_a_scope_takes_its_orders_off_the_book"),
    "a list without its last": in_apex(LastOfTheListLost, "test_a_cancel_list_touches_its_orders_only"),
    "a cursor ignored": in_autoshares(
        CursorIgnored, "test_a_cursor_asks_for_another_page", "test_a_listing_shows_every_open_order"
    ),
    "another session token": in_autoshares(
        AnotherToken,
        "test_a_log_in_gives_a_session_that_works",
        "test_a_second_factor_is_asked_for_and_sent",
    ),
    "refused log-ins unread": in_autoshares(
        RefusalUnread, "test_wrong_credentials_are_refused", "test_a_wrong_code_is_refused"
    ),
    "a log-in without a session to refuse": in_autoshares(
        RefusedAsSession, "test_a_log_in_that_asks_for_a_session_is_none"
    ),
    "trouble at a log-in as its refusal": in_autoshares(
        TroubleAsRefusal, "test_every_fault_at_a_log_in_ends_in_the_truth"
    ),
    "a code never asked for": in_autoshares(CodeNeverAsked, "test_a_second_factor_is_asked_for_and_sent"),
    "an end that is none": in_autoshares(
        NobodyAskedForACode, "test_a_second_factor_that_nobody_gives_is_refused"
    ),
    "a log-in not renewable": in_autoshares(
        NeverRenewed, "test_what_can_be_had_anew_is_renewable", "test_a_session_that_expired_is_renewed"
    ),
    "one conversation for all": in_autoshares(OneConversation, "test_a_log_in_begins_anew_each_time"),
    "an expiry unread": in_autoshares(
        ExpiryUnread, "test_a_session_that_expired_is_refused", "test_a_session_that_expired_is_renewed"
    ),
    "a log-out that goes nowhere": in_autoshares(NotLoggedOut, "test_a_session_that_was_given_back_is_over"),
    "a slow signature": in_autoshares(SlowToSign, "test_no_call_is_slow_to_make"),
}
