"""Faults that show in a play alone: at mass cancels of any scope, at cancel lists, and of signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

import attrs
from tests.testing.contract.planting import ApexContract, Planted, in_apex, in_autoshares, reread, resigned

from countermand import OrderId, Scope, ScopeKind
from countermand.errors import InvalidRequestError
from countermand.testing import Ask, RefusalError, Reply, Route, Simulator, VenueContract
from countermand.venue import (
    TEXT,
    Acted,
    Call,
    CallKind,
    CancelTarget,
    Capabilities,
    Cursor,
    HttpResponse,
    Ids,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    Stamp,
    Venue,
)
from countermand.venue.wire import path_segment
from countermand_apex import Apex, ApiKey
from countermand_apex.simulator import ApexSimulator
from countermand_autoshares import AutoShares
from countermand_autoshares.simulator import AutoSharesSimulator

_AT_A_MASS_CANCEL = "test_every_fault_at_a_mass_cancel_ends_in_the_truth"


class OfInstruments(Apex):
    """Can cancel all orders for an instrument, and no other scope."""

    @property
    def capabilities(self) -> Capabilities:
        known = super().capabilities
        return attrs.evolve(known, scopes=frozenset({ScopeKind.INSTRUMENT}), cancel_list_size=0)


class InstrumentLost(OfInstruments):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        assert scope.account_id is not None
        return super().cancel_all(Scope.account(scope.venue, scope.account_id))


class DoubtAsRefusal(OfInstruments):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        return reread(super().cancel_all(scope), _surely)


class OfUsers(Apex):
    """Can cancel all orders of a user, and no other scope."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, scopes=frozenset({ScopeKind.USER}), cancel_list_size=0)


class UserLost(OfUsers):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        assert scope.account_id is not None
        return super().cancel_all(Scope.account(scope.venue, scope.account_id))


class OfLists(Apex):
    """Takes cancel lists, and has no mass cancel."""

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, scopes=frozenset())


class ListToldPerOrder(OfLists):
    """Takes whatever is no receipt for a refusal of each order."""

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        def told(read: Any, response: HttpResponse) -> object:
            if isinstance(read(response), Receipt):
                return read(response)
            orders = [target.order for target in targets if isinstance(target.order, OrderId)]
            return PerOrder(orders=dict.fromkeys(orders, Refused()))

        return reread(super().cancel_list(targets), told)


class ListOfAll(OfLists):
    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        call = super().cancel_list(targets)
        return attrs.evolve(call, sign=self.cancel_all(Scope.account(self.name, targets[0].account)).sign)


class ListUnsent(OfLists):
    """Asks for something else, and takes that for a refusal."""

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        orders = [target.order for target in targets if isinstance(target.order, OrderId)]
        told = PerOrder(orders=dict.fromkeys(orders, Refused()))
        call = attrs.evolve(super().cancel_list(targets), sign=self.list_open(targets[0].account).sign)
        return reread(call, lambda _read, _response: told)


class ListTold(Apex):
    """Answers a cancel list order by order, and in no other way."""

    def cancel_list(self, targets: Sequence[CancelTarget]) -> Call[Any]:
        def told(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            orders = [target.order for target in targets if isinstance(target.order, OrderId)]
            received = isinstance(verdict, Receipt)
            return PerOrder(orders=dict.fromkeys(orders, verdict)) if received else verdict

        return reread(super().cancel_list(targets), told)


class OnceSimulator(ApexSimulator):
    """Lets nobody in by a nonce that was there before."""

    def __init__(self, **behaviour: Any) -> None:
        self.nonces: set[str] = set()
        super().__init__(**behaviour)

    def check_access(self, ask: Ask, now: float) -> None:
        nonce = ask.headers.get("nonce")
        if nonce in self.nonces:
            raise RefusalError(self.answers.denied)
        if nonce is not None:
            self.nonces.add(nonce)
        super().check_access(ask, now)


class OneNonce(ApiKey):
    def signature(self, stamp: Stamp) -> Mapping[str, str]:
        return super().signature(Stamp(nonce=1))


class OnceContract(ApexContract):
    """A venue whose every call is signed, by a nonce of its own."""

    simulator = OnceSimulator
    signs: ClassVar[type[ApiKey]] = ApiKey

    def simulated(self, simulator: Simulator, **settings: Any) -> Venue:
        known = simulator.credentials
        signs = self.signs(known.api_key, known.secret, known.user_id, every_call=True)
        return super().simulated(simulator, **{"auth": signs, **settings})


class OneNonceContract(OnceContract):
    signs = OneNonce


def _cancel_symbol(simulator: Simulator, ask: Ask, now: float) -> Reply:
    orders = simulator.book.open_orders(ask.text("account"))
    return simulator.accept_cancels([one for one in orders if one.instrument == ask.query["symbol"]], now)


class SymbolsSimulator(AutoSharesSimulator):
    """Cancels all orders for a symbol."""

    routes: ClassVar[tuple[Route, ...]] = (
        *AutoSharesSimulator.routes,
        Route("DELETE", "/{version}/accounts/{account}/orders", call="mass-cancel", answer=_cancel_symbol),
    )


class OfSymbols(AutoShares):
    """Can cancel all orders for a symbol, and no other scope; symbols are texts."""

    ids: ClassVar[Ids] = attrs.evolve(AutoShares.ids, instrument=TEXT)

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, scopes=frozenset({ScopeKind.INSTRUMENT}))

    def cancel_all(self, scope: Scope) -> Call[Any]:
        self.check_scope(scope)
        path = f"/v1.0/accounts/{scope.account_id}/orders?symbol={path_segment(str(scope.instrument_id))}"
        one = self.cancel(CancelTarget(account="1", order=OrderId("1")))
        call = resigned(one, lambda request: attrs.evolve(request, path=path))
        return attrs.evolve(call, kind=CallKind.MASS_CANCEL, name="DELETE all")


class InCapitals(OfSymbols):
    def cancel_all(self, scope: Scope) -> Call[Any]:
        return super().cancel_all(attrs.evolve(scope, instrument_id=str(scope.instrument_id).upper()))


class OldestFirst(Apex):
    def list_history(self, account: str, page: Cursor | None = None) -> Call[Any]:
        def turned(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            if not isinstance(verdict, Page):
                return verdict
            return attrs.evolve(verdict, rows=tuple(verdict.rows)[::-1])

        return reread(super().list_history(account, page), turned)


class Talkative(AutoShares):
    def cancel(self, target: CancelTarget) -> Call[Any]:
        if not isinstance(target.order, OrderId):
            raise InvalidRequestError(f"{self.app_key} cancels by OrderId only")
        return super().cancel(target)


class Reported(Apex):
    """Changes what a read reports of an order."""

    def read_order(self, account: str, order_id: OrderId) -> Call[Any]:
        def changed(read: Any, response: HttpResponse) -> object:
            verdict = read(response)
            return self.change(verdict) if isinstance(verdict, OrderRead) else verdict

        return reread(super().read_order(account, order_id), changed)

    def change(self, verdict: OrderRead) -> OrderRead:
        raise NotImplementedError


class AccountDropped(Reported):
    def change(self, verdict: OrderRead) -> OrderRead:
        return OrderRead(report=attrs.evolve(verdict.report, account=None))


class QuantityThroughAFloat(Reported):
    def change(self, verdict: OrderRead) -> OrderRead:
        quantity = verdict.report.quantity
        if quantity is None:
            return verdict
        return OrderRead(report=attrs.evolve(verdict.report, quantity=Decimal(str(float(quantity)))))


def _with_symbols(kind: type[AutoShares]) -> type[VenueContract]:
    return type("Symbols", (in_autoshares(kind).contract,), {"simulator": SymbolsSimulator})


SymbolsContract = _with_symbols(OfSymbols)


def _surely(read: Any, response: HttpResponse) -> object:
    verdict = read(response)
    return Refused(code=verdict.code) if verdict.acted is Acted.MAYBE else verdict


PLANTED = {
    "an instrument lost": in_apex(InstrumentLost, _AT_A_MASS_CANCEL),
    "doubt as a refusal of all of an instrument": in_apex(DoubtAsRefusal, _AT_A_MASS_CANCEL),
    "a user lost": in_apex(UserLost, _AT_A_MASS_CANCEL),
    "a list of all": in_apex(ListOfAll, "test_a_cancel_without_a_fault_is_confirmed"),
    "a list never sent": in_apex(ListUnsent, "test_a_cancel_without_a_fault_is_confirmed"),
    "doubt as a refusal of each of a list": in_apex(ListToldPerOrder, _AT_A_MASS_CANCEL),
    "an instrument in capitals": Planted(
        _with_symbols(InCapitals),
        ("test_a_scope_touches_its_orders_only", "test_a_scope_takes_its_orders_off_the_book"),
    ),
    "a history that begins with the oldest": in_apex(OldestFirst, "test_a_history_is_newest_first"),
    "a secret in a refusal": in_autoshares(Talkative, "test_no_refusal_shows_a_secret"),
    "an account left out": in_apex(AccountDropped, "test_another_account_is_read_as_another"),
    "a quantity through a float": in_apex(QuantityThroughAFloat, "test_quantities_are_exact"),
    "one nonce for all": Planted(OneNonceContract, ("test_a_cancel_without_a_fault_is_confirmed",)),
}
