"""Whether the plugin holds what every venue must: the conformance kit, with what Alpaca documents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import attrs

from countermand import Assurance, CancelRequest, ClientOrderId, OrderId, OrderStatus, Reason, Scope
from countermand.testing import Question, Sample, VenueContract, json_response
from countermand.venue import (
    Accounts,
    Call,
    CancelTarget,
    Gone,
    HttpResponse,
    MayHaveActed,
    OrderRead,
    Page,
    PerOrder,
    Receipt,
    Refused,
    SessionRefused,
    Stamp,
    Throttled,
    Unreadable,
)
from countermand_alpaca import PLUGIN, Alpaca, ApiKey
from countermand_alpaca._statuses import STATUSES
from countermand_alpaca.simulator import AlpacaSimulator

URL = "http://127.0.0.1:8443"
ORDER_ID = "61e69015-8549-4bfd-b9c3-01e75843f47d"
NOT_FOUND = {"code": 40410000, "message": f"order not found for {ORDER_ID}"}
FILLED = {"code": 42210000, "message": 'order is already in "filled" state'}
CANCELS = (Question.CANCEL, Question.MASS_CANCEL)
LISTINGS = (Question.OPEN, Question.HISTORY)
EVERY = (*CANCELS, *LISTINGS, Question.READ, Question.ACCOUNTS)


def order(order_id: str = ORDER_ID, status: str = "new") -> dict[str, Any]:
    """Make an order as API v2 Orders, Order Entity, Example has it."""
    return {
        "id": order_id,
        "client_order_id": "eb9e2aaa-f71a-4f51-b5b4-52a6c565dad4",
        "submitted_at": "2021-03-16T18:38:01.937734Z",
        "replaced_by": None,
        "replaces": None,
        "symbol": "AAPL",
        "qty": "10",
        "filled_qty": "0",
        "filled_avg_price": None,
        "status": status,
        "legs": None,
    }


class TestAlpaca(VenueContract):
    """Alpaca, Trading API v2."""

    plugin = PLUGIN
    simulator = AlpacaSimulator
    states = STATUSES

    def venue(self) -> Alpaca:
        """Make a venue of account 9."""
        key = ApiKey(key_id="PKEXAMPLE0123456789A", secret="exampleSecret0123456789")
        return Alpaca("https://paper-api.alpaca.markets", account="9", auth=key)

    def requests(self) -> list[CancelRequest]:
        """Make requests by either kind of id."""
        ids = (OrderId(ORDER_ID), OrderId("ffffffff-ffff-ffff-ffff-ffffffffffff"), ClientOrderId("mine"))
        return [CancelRequest(venue="alpaca", account="9", order=one) for one in ids]

    def illegal(self) -> list[CancelRequest | Scope]:
        """Make requests that name another account, or an id that is no UUID in lower case."""
        return [
            CancelRequest(venue="alpaca", account="10", order=OrderId(ORDER_ID)),
            CancelRequest(venue="alpaca", account="9", order=OrderId(ORDER_ID.upper())),
            CancelRequest(venue="alpaca", account="9", order=OrderId("6500")),
            Scope.account("alpaca", "10"),
            Scope.orders("alpaca", "9", [OrderId("6500")]),
            Scope.user("alpaca", "81"),
        ]

    def samples(self) -> list[Sample]:
        """Make the answers of the documents, and those that everybody reports."""
        account = {"id": "1d9eed04-be39-4e01-9b84-a48ac5bbafcf", "account_number": "9"}
        rows = [{"id": ORDER_ID, "status": 200}]
        unauthorized, forbidden = {"message": "unauthorized."}, {"message": "forbidden."}
        return [
            Sample(of=Question.CANCEL, response=HttpResponse(status=204), means=Receipt),
            Sample(
                of=Question.CANCEL,
                response=json_response(FILLED, 422),
                means=lambda verdict: (type(verdict), verdict.reason) == (Refused, Reason.VENUE_REFUSED),
                code="42210000",
                text="already in",
            ),
            Sample(of=Question.MASS_CANCEL, response=json_response(rows, 207), means=PerOrder),
            Sample(of=Question.MASS_CANCEL, response=json_response([], 207), means=Receipt),
            Sample(of=Question.READ, response=json_response(order()), means=OrderRead),
            Sample(of=LISTINGS, response=json_response([order()]), means=Page),
            Sample(of=Question.ACCOUNTS, response=json_response(account), means=Accounts(ids=("9",))),
            Sample(
                of=EVERY,
                response=json_response(NOT_FOUND, 404),
                means=Gone,
                code="40410000",
                text="not found",
            ),
            Sample(of=EVERY, response=json_response(unauthorized, 401), means=SessionRefused, code="401"),
            Sample(
                of=EVERY,
                response=json_response(forbidden, 403),
                means=lambda verdict: (type(verdict), verdict.reason) == (Refused, Reason.NOT_AUTHORIZED),
                text="forbidden",
            ),
            Sample(
                of=EVERY,
                response=json_response(
                    {"message": "too many requests."},
                    429,
                    {"x-ratelimit-reset": "1679411617", "date": "Tue, 21 Mar 2023 15:13:30 GMT"},
                ),
                means=lambda verdict: (type(verdict), verdict.retry_after_s) == (Throttled, 7.0),
            ),
            Sample(
                of=CANCELS,
                response=json_response({"message": "internal server error"}, 500),
                means=MayHaveActed,
            ),
            Sample(of=EVERY, response=json_response({"status": "fine"}, 200), means=Unreadable),
        ]

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        """Make the answer to a read, which names no account."""
        return HttpResponse(status=200, content=json.dumps(order(order_id, word)).encode())

    # --- the cases that suppose a user of several accounts, for a key that has one ---------------

    def test_ids_are_sent_digit_by_digit(self) -> None:
        """The order id stands in the path as it was given; the account stands in no call."""
        for request in self.requests()[:2]:
            target = CancelTarget(account="9", order=request.order)
            path = self.venue().cancel(target).sign(None, Stamp(nonce=1)).path
            assert path == f"/v2/orders/{request.order}"

    def test_a_cancel_touches_its_order_only(self) -> None:
        """Whatever state it is in, and whatever else is in the book."""
        simulator = _full()
        for order in simulator.book.orders("9"):
            before = set(simulator.book.orders())
            for assurance in Assurance:
                target = CancelTarget(account="9", order=OrderId(order.order_id), assurance=assurance)
                _asked(simulator, simulator.venue(URL).cancel(target))
            assert {one.order_id for one in before - set(simulator.book.orders())} <= {order.order_id}

    def test_a_scope_touches_its_orders_only(self) -> None:
        """Other accounts are as they were, and so is what was dead."""
        simulator = _full()
        before = [one for one in simulator.book.orders() if one.account != "9" or one.dead]
        _asked(simulator, simulator.venue(URL).cancel_all(Scope.account("alpaca", "9")))
        after = set(simulator.book.orders())
        assert before
        assert after.issuperset(before)

    def test_a_scope_takes_its_orders_off_the_book(self) -> None:
        """All of them."""
        simulator = _full()
        assert simulator.book.open_orders("9")
        _asked(simulator, simulator.venue(URL).cancel_all(Scope.account("alpaca", "9")))
        assert simulator.book.open_orders("9") == ()


def _full() -> AlpacaSimulator:
    simulator = AlpacaSimulator()
    for account in ("9", "10", simulator.credentials.other_account):
        for status in (
            OrderStatus.NEW,
            OrderStatus.PARTIALLY_FILLED,
            OrderStatus.FILLED,
            OrderStatus.CANCELED,
        ):
            filled = {"filled": Decimal(3)} if status is OrderStatus.PARTIALLY_FILLED else {}
            for instrument in ("AAPL", "MSFT"):
                simulator.place(0.0, account=account, status=status, instrument=instrument, **filled)
    return simulator


def _asked(simulator: AlpacaSimulator, call: Call[Any]) -> None:
    signed = call.sign(None, Stamp(nonce=1))
    headers = {name.lower(): value for name, value in signed.headers.items()}
    simulator.handle(attrs.evolve(signed, headers=headers), 0.0)
