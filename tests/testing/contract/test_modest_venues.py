"""What a venue does not have, no case asks of it: without a history, a log-in, a second factor, a user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import pytest
from tests.testing.contract.planted_plays import ListTold, OfInstruments, OnceContract, SymbolsContract
from tests.testing.contract.planted_receipts import Each, with_each
from tests.testing.contract.planting import (
    ApexContract,
    AutoSharesContract,
    Read,
    in_apex,
    in_autoshares,
    reread,
)

from countermand import OrderStatus
from countermand.errors import InvalidRequestError
from countermand.testing import Question, SimulatedCredentials, SimulatedOrder, Simulator, VenueContract
from countermand.venue import Call, CancelTarget, Capabilities, CodeWanted, HttpResponse, Page, Venue
from countermand_apex import Apex, ApiKey
from countermand_apex.simulator import ApexSimulator
from countermand_autoshares import AutoShares
from countermand_autoshares.simulator import AutoSharesSimulator


class Plain(AutoShares):
    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(read_lag_s=self.read_lag_s)

    def list_history(self, account: str, page: object = None) -> Call[Any]:
        raise InvalidRequestError("there is none")

    def read_trail(self, account: str, order_id: object) -> Call[Any]:
        raise InvalidRequestError("there is none")

    def list_accounts(self) -> Call[Any]:
        raise InvalidRequestError("there is none")


class OneAccount(AutoSharesSimulator):
    """A venue whose user has one account, and always will."""

    def check_order(self, fields: Any) -> None:
        super().check_order(fields)
        if fields.get("account") == "10":
            raise ValueError("there is one account")


class PlainContract(in_autoshares(Plain).contract):  # type: ignore[misc]  # a class made at run time
    simulator = OneAccount


class Bound(AutoShares):
    """A venue whose credential is bound to one account, which the simulator does not know."""

    def cancel(self, target: CancelTarget) -> Call[Any]:
        if target.account != "9":
            raise InvalidRequestError("the account must be 9")
        return super().cancel(target)


class BoundContract(in_autoshares(Bound).contract):  # type: ignore[misc]  # a class made at run time
    pass


class Uncounted(AutoShares):
    """A venue whose pages are offsets, and that tells no total: a client reads it a second time."""

    def list_open(self, account: str, page: Any = None) -> Call[Any]:
        def uncounted(read: Read, response: HttpResponse) -> object:
            verdict = read(response)
            return attrs.evolve(verdict, total=None) if isinstance(verdict, Page) else verdict

        return reread(super().list_open(account, page), uncounted)


class UncountedContract(in_autoshares(Uncounted).contract):  # type: ignore[misc]  # a class made at run time
    behaviour: ClassVar = {"venue": {"dead_rows": "hidden"}}


class EachContract(with_each(Each).contract):  # type: ignore[misc]  # a class made at run time
    """A venue that answers for each order; the faults are not in what they are planted into."""


class SignedContract(ApexContract):
    """A venue whose every call is signed: it has no log-in."""

    def venue(self) -> Apex:
        signs = ApiKey("an-api-key", "a-secret-text", "81", every_call=True)
        return attrs.evolve(super().venue(), auth=signs)

    def simulated(self, simulator: Simulator, **settings: Any) -> Venue:
        known = simulator.credentials
        signs = ApiKey(known.api_key, known.secret, known.user_id, every_call=True)
        return super().simulated(simulator, **{"auth": signs, **settings})

    def logging_in(
        self, simulator: Simulator, known: SimulatedCredentials, code: Callable[[], str] | None
    ) -> Venue | None:
        return VenueContract.logging_in(self, simulator, known, code)


class SimpleLogIn(AutoSharesContract):
    """A venue that never asks for a second factor."""

    unreachable: ClassVar = {(Question.LOG_IN, CodeWanted): "there is no second factor"}


class Unreplaced(AutoSharesSimulator):
    """A venue where nobody can replace an order."""

    def replace(self, order_id: str, now: float, /, **fields: Any) -> SimulatedOrder:
        raise ValueError("there is no replacing")


class NeverReplaced(AutoSharesContract):
    """A venue that has a history, and where no order is replaced."""

    simulator = Unreplaced
    states: ClassVar = {
        word: status
        for word, status in AutoSharesContract.states.items()
        if status is not OrderStatus.REPLACED
    }


class OfOneScope(in_apex(OfInstruments).contract):  # type: ignore[misc]  # a class made at run time
    """A venue whose one mass cancel is of an instrument."""


class ListToldContract(in_apex(ListTold).contract):  # type: ignore[misc]  # a class made at run time
    """A venue whose cancel list has no receipt but those of its orders."""


class Bare(PlainContract):
    """A venue without a log-in, too."""

    def logging_in(
        self, simulator: Simulator, known: SimulatedCredentials, code: Callable[[], str] | None
    ) -> Venue | None:
        return None


class ListAnswers(ApexContract):
    """A venue that shows an order as a list of one."""

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        answer = super().order_answer(order_id, account, word)
        return attrs.evolve(answer, content=b"[" + answer.content + b"]")


class TextAnswers(AutoSharesContract):
    """A venue whose orders are no JSON."""

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        return HttpResponse(status=200, content=f"{order_id}|{account}|{word}".encode())


OF_LOG_INS = [
    name
    for name in dir(VenueContract)
    if name.startswith("test_")
    and not name.startswith("test_every_fault")
    and ("log_in" in name or "session" in name or "factor" in name)
]
ROWS: dict[type[VenueContract], tuple[str, ...]] = {
    PlainContract: (
        "test_a_history_shows_every_order",
        "test_a_history_is_newest_first",
        "test_a_cursor_asks_for_another_page",
        "test_the_accounts_are_listed",
        "test_what_is_not_declared_is_refused",
        "test_a_cancel_touches_its_order_only",
        "test_a_cancel_for_another_account_does_nothing",
        "test_a_cancel_list_touches_its_orders_only",
        "test_every_fault_at_a_mass_cancel_ends_in_the_truth",
        "test_a_cancel_without_a_fault_is_confirmed",
    ),
    NeverReplaced: (
        "test_a_cancel_without_a_fault_is_confirmed",
        "test_every_fault_at_a_history_ends_in_the_truth",
    ),
    OnceContract: ("test_a_read_shows_the_order_of_the_book", "test_a_cancel_without_a_fault_is_confirmed"),
    SymbolsContract: (
        "test_a_scope_touches_its_orders_only",
        "test_a_scope_takes_its_orders_off_the_book",
        "test_every_fault_at_a_mass_cancel_ends_in_the_truth",
    ),
    ListToldContract: (
        "test_every_verdict_has_a_sample",
        "test_every_fault_at_a_mass_cancel_ends_in_the_truth",
    ),
    OfOneScope: (
        "test_every_fault_at_a_mass_cancel_ends_in_the_truth",
        "test_a_cancel_without_a_fault_is_confirmed",
    ),
    BoundContract: (
        "test_a_cancel_touches_its_order_only",
        "test_a_cancel_for_another_account_does_nothing",
    ),
    UncountedContract: (
        "test_pages_that_shift_hide_no_order",
        "test_a_listing_shows_every_open_order",
    ),
    EachContract: (
        "test_each_order_is_told_what_became_of_it",
        "test_a_receipt_promises_only_what_is_so",
        "test_a_server_error_of_one_order_tells_nothing",
    ),
    SignedContract: (
        *OF_LOG_INS,
        "test_an_empty_listing_ends",
        "test_a_wrong_code_is_refused",
        "test_wrong_credentials_are_refused",
        "test_no_code_breaks_a_header",
        "test_what_can_be_had_anew_is_renewable",
    ),
    ListAnswers: ("test_no_reader_is_slow", "test_every_status_is_read"),
    TextAnswers: ("test_no_reader_is_slow", "test_a_field_that_is_missing_or_wrong_is_never_guessed"),
    SimpleLogIn: (
        "test_a_second_factor_is_asked_for_and_sent",
        "test_a_wrong_code_is_refused",
        "test_a_second_factor_that_nobody_gives_is_refused",
    ),
}
CASES = [
    pytest.param(contract, case, id=f"{contract.__name__}: {case}")
    for contract, cases in ROWS.items()
    for case in cases
]


@pytest.mark.parametrize(("contract", "case"), CASES)
def test_what_is_not_there_is_not_asked_for(contract: type[VenueContract], case: str) -> None:
    """The case passes."""
    getattr(contract(), case)()


@pytest.mark.parametrize("call", ["trail", "history", "list_of_accounts", "log_in"])
def test_what_has_nothing_to_break_is_skipped(call: str) -> None:
    """With a reason: it never passes."""
    with pytest.raises(pytest.skip.Exception, match="the venue has nothing to break: it declares no"):
        getattr(Bare(), f"test_every_fault_at_a_{call}_ends_in_the_truth")()


@pytest.mark.parametrize("hook", ["venue", "requests", "illegal", "samples"])
def test_each_fixture_asks_for_itself(hook: str) -> None:
    """By its name."""
    with pytest.raises(AssertionError, match=f"override `{hook}`"):
        getattr(VenueContract(), hook)()


def test_the_answer_to_a_read_asks_for_itself() -> None:
    """By its name."""
    with pytest.raises(AssertionError, match="override `order_answer`"):
        VenueContract().order_answer("1", "9", "open")


def test_the_first_request_names_an_order_id() -> None:
    """Reads and pinned cancels go by it."""
    contract = type("Later", (ApexContract,), {"requests": lambda _self: ApexContract().requests()[::-1]})
    with pytest.raises(AssertionError, match="first of `requests`"):
        _ = contract().request


class Nameless(ApexSimulator):
    """A simulator that does not tell its calls."""

    def call_of(self, request: object) -> str | None:
        return None


def test_a_simulator_that_tells_no_call_is_told() -> None:
    """For then no fault can come."""
    contract = type("Untold", (ApexContract,), {"simulator": Nameless})
    with pytest.raises(AssertionError, match="tell it in its `call_of`"):
        contract().test_every_fault_at_a_cancel_ends_in_the_truth()


def test_a_simulator_that_lets_nobody_in_is_told() -> None:
    """`simulated` must make a venue that it knows."""

    def stranger(self: AutoSharesContract, simulator: Simulator, **_: Any) -> Venue:
        known = simulator.credentials
        wrong = attrs.evolve(known, password="wrong")
        return AutoSharesContract().logging_in(simulator, wrong, None)

    contract = type("Stranger", (AutoSharesContract,), {"simulated": stranger})
    with pytest.raises(AssertionError, match="that the simulator lets in"):
        contract().test_an_empty_listing_ends()
