"""Faults that show in a play alone: at mass cancels of any scope, at cancel lists, and of signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
from tests.testing.contract.planting import ApexContract, Planted, in_apex, reread

from countermand import OrderId, Scope, ScopeKind
from countermand.testing import Ask, RefusalError, Simulator
from countermand.venue import (
    Acted,
    Call,
    CancelTarget,
    Capabilities,
    HttpResponse,
    PerOrder,
    Receipt,
    Refused,
    Stamp,
    Venue,
)
from countermand_apex import Apex, ApiKey
from countermand_apex.simulator import ApexSimulator

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


def _surely(read: Any, response: HttpResponse) -> object:
    verdict = read(response)
    return Refused(code=verdict.code) if verdict.acted is Acted.MAYBE else verdict


PLANTED = {
    "an instrument lost": in_apex(InstrumentLost, _AT_A_MASS_CANCEL),
    "doubt as a refusal of all of an instrument": in_apex(DoubtAsRefusal, _AT_A_MASS_CANCEL),
    "a user lost": in_apex(UserLost, _AT_A_MASS_CANCEL),
    "doubt as a refusal of each of a list": in_apex(ListToldPerOrder, _AT_A_MASS_CANCEL),
    "one nonce for all": Planted(OneNonceContract, ("test_a_cancel_without_a_fault_is_confirmed",)),
}
