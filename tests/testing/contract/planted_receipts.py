"""Faults of what is said of each order: promises, answers for many, fields, legs, rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import attrs
from tests.testing.contract.planted_readers import as_report, changed, in_cancels, in_listings, in_reads
from tests.testing.contract.planting import AutoSharesContract, Planted, Read, in_autoshares, in_examples

from countermand import OrderId, OrderReport, OrderStatus, Scope, ScopeKind
from countermand.testing import (
    Ask,
    Question,
    Reply,
    Route,
    Sample,
    SimulatedOrder,
    Simulator,
    json_response,
)
from countermand.venue import (
    Call,
    CallKind,
    Capabilities,
    HttpRequest,
    HttpResponse,
    MayHaveActed,
    Page,
    PerOrder,
    Receipt,
    Refused,
    Unreadable,
)
from countermand_autoshares import AutoShares
from countermand_autoshares.simulator import AutoSharesSimulator


class Each(AutoShares):
    """A venue that cancels all orders of an account, and answers for each of them."""

    rows: ClassVar[Mapping[int, Any]] = {200: Receipt(), 422: Refused()}

    @property
    def capabilities(self) -> Capabilities:
        return attrs.evolve(super().capabilities, scopes=frozenset({ScopeKind.ACCOUNT}))

    def cancel_all(self, scope: Scope) -> Call[Any]:
        request = HttpRequest(method="DELETE", path=f"/v1.0/accounts/{scope.account_id}/orders")
        request = attrs.evolve(request, headers={"Et-App-Key": self.app_key})
        return self.call(CallKind.MASS_CANCEL, "DELETE all orders", request, self.read_each)

    def read_each(self, response: HttpResponse) -> object:
        if response.status != 207:
            return Unreadable()
        rows = json.loads(response.content)
        return PerOrder(orders=self.told({row["id"]: row["status"] for row in rows}))

    def told(self, rows: Mapping[str, int]) -> dict[OrderId, Any]:
        return {OrderId(one): self.rows.get(status, MayHaveActed()) for one, status in rows.items()}


class Shifted(Each):
    def told(self, rows: Mapping[str, int]) -> dict[OrderId, Any]:
        statuses = list(rows.values())
        return super().told(dict(zip(rows, statuses[1:] + statuses[:1], strict=True)))


class OfAnother(Each):
    def told(self, rows: Mapping[str, int]) -> dict[OrderId, Any]:
        return super().told({f"{one}0": status for one, status in rows.items()})


class AllTaken(Each):
    def told(self, rows: Mapping[str, int]) -> dict[OrderId, Any]:
        return {OrderId(one): Receipt() for one in rows}


class FailedAsRefused(Each):
    rows: ClassVar[Mapping[int, Any]] = {**Each.rows, 500: Refused()}


class FailedAsTaken(Each):
    rows: ClassVar[Mapping[int, Any]] = {**Each.rows, 500: Receipt()}


class AllExecuted(Each):
    rows: ClassVar[Mapping[int, Any]] = {**Each.rows, 200: Receipt(executed=True)}


def cancel_all(simulator: Simulator, ask: Ask, now: float) -> Reply:
    orders = simulator.book.open_orders(ask.text("account"))
    asked = [(one, simulator.refusal_of_cancel(one)) for one in orders]
    rows = [{"id": one.order_id, "status": 422 if refusal else 200} for one, refusal in asked]
    taken = [one for one, refusal in asked if refusal is None]
    return simulator.accept_cancels(taken, now, json_response(rows, 207))


class EachSimulator(AutoSharesSimulator):
    """Takes no cancel of an order that is being replaced."""

    routes = (
        *AutoSharesSimulator.routes,
        Route("DELETE", "/{version}/accounts/{account}/orders", call="mass-cancel", answer=cancel_all),
    )

    def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
        if order is not None and order.status is OrderStatus.PENDING_REPLACE:
            return HttpResponse(status=409)
        return super().refusal_of_cancel(order)


ROWS = [{"id": "73552", "status": 200}, {"id": "73553", "status": 200}]


def samples(_self: object) -> list[Sample]:
    return [
        *AutoSharesContract().samples(),
        Sample(of=Question.MASS_CANCEL, response=json_response(ROWS, 207), means=PerOrder),
    ]


def with_each(kind: type[Each], *cases: str) -> Planted:
    """Plant a faulty venue that answers for each order."""
    given = {"simulator": EachSimulator, "samples": samples}
    return in_examples(in_autoshares(kind).contract, given, *cases)


def ending(read: Read, response: HttpResponse) -> object:
    """Give rows up to the first that cannot be read."""
    verdict = read(response)
    if not isinstance(verdict, Page):
        return verdict
    rows = verdict.rows

    def given() -> Iterator[OrderReport]:
        yield from rows

    return attrs.evolve(verdict, rows=given())


def silent(read: Read, response: HttpResponse) -> object:
    """Leave out what cannot be read."""
    verdict = read(response)
    if not isinstance(verdict, Page):
        return verdict
    return attrs.evolve(verdict, rows=tuple(_readable(verdict)))


def _readable(page: Page) -> Iterator[OrderReport]:
    rows = iter(page.rows)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except ValueError:
            continue
        yield row


EACH = "test_each_order_is_told_what_became_of_it"
FAILED = "test_a_server_error_of_one_order_tells_nothing"
EXECUTED = "test_a_receipt_promises_only_what_is_so"
TYPES = "test_every_field_of_an_order_is_of_its_type"
ROW = "test_a_row_that_cannot_be_read_hides_no_other"
PLANTED = {
    "verdicts of other orders": with_each(Shifted, EACH),
    "verdicts of no orders": with_each(OfAnother, EACH),
    "a receipt for each": with_each(AllTaken, EACH, FAILED),
    "a failed row as refused": with_each(FailedAsRefused, FAILED),
    "a failed row as taken": with_each(FailedAsTaken, FAILED),
    "each executed": with_each(AllExecuted, EXECUTED),
    "a quick cancel as executed": in_cancels(changed(executed=True), EXECUTED),
    "an average price as a float": in_reads(as_report(average_price=1.5), TYPES),
    "a quantity as a number": in_reads(as_report(quantity=10), TYPES),
    "a word for a bool": in_reads(as_report(cancel_rejected="no"), TYPES),
    "legs left out": in_reads(as_report(legs=()), "test_the_legs_of_an_order_are_shown"),
    "rows that end at a broken one": in_listings(ending, ROW),
    "a broken row left out": in_listings(silent, ROW),
}
