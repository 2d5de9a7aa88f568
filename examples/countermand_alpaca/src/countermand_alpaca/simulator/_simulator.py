"""The simulated Alpaca venue: which call is answered by what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from countermand import OrderStatus
from countermand.testing import (
    Answers,
    Ask,
    Asked,
    RefusalError,
    Reply,
    Route,
    SimulatedCredentials,
    SimulatedOrder,
    Simulator,
    json_response,
)
from countermand.venue import UUID, HttpResponse
from countermand_alpaca._credentials import ApiKey
from countermand_alpaca._venue import Alpaca
from countermand_alpaca.simulator._answers import ANSWERS, SHAPES, refusal
from countermand_alpaca.simulator._orders import page_of, show_order, word_of

#: Alpaca Trading API (OpenAPI), Get All Orders, status; which orders are open is in no document.
_STATUSES: Mapping[str, Callable[[SimulatedOrder], bool]] = {
    "open": lambda order: not order.dead,
    "closed": lambda order: order.dead,
    "all": lambda _order: True,
}


def _cancel(simulator: AlpacaSimulator, ask: Ask, now: float) -> Reply:
    return simulator.accept_cancel(simulator.true_order(ask), now)


def _cancel_all(simulator: AlpacaSimulator, ask: Ask, now: float) -> Reply:
    orders = simulator.book.open_orders(simulator.credentials.account)
    asked = [(order, simulator.refusal_of_cancel(order)) for order in orders]
    rows = [{"id": order.order_id, "status": refused.status if refused else 200} for order, refused in asked]
    taken = [order for order, refused in asked if refused is None]
    return simulator.accept_cancels(taken, now, json_response(rows, 207))


def _read(simulator: AlpacaSimulator, ask: Ask, now: float) -> HttpResponse:
    return json_response(show_order(simulator.shown_order(ask, now)))


def _read_by_client_id(simulator: AlpacaSimulator, ask: Ask, now: float) -> HttpResponse:
    wanted = ask.text("client_order_id")
    found = [order for order in simulator.shown_orders(ask, now) if order.client_order_id == wanted]
    if not found:
        raise RefusalError(simulator.refusal_of_read())
    return json_response(show_order(found[-1]))


def _list(simulator: AlpacaSimulator, ask: Ask, now: float) -> HttpResponse:
    belongs = _STATUSES.get(ask.query.get("status", "open"))
    if belongs is None:
        raise RefusalError(simulator.answers.invalid)
    return json_response(page_of(ask, filter(belongs, simulator.shown_orders(ask, now))))


def _listing_of(ask: Ask) -> str:
    return "open" if ask.query.get("status", "open") == "open" else "history"


def _account(simulator: AlpacaSimulator, _ask: Ask, _now: float) -> HttpResponse:
    return json_response({"account_number": simulator.credentials.account, "status": "ACTIVE"})


class AlpacaSimulator(Simulator):
    """An Alpaca venue in memory; order ids are UUIDs, and all calls are about the account of the key."""

    name: ClassVar[str] = "alpaca"
    instrument: ClassVar[str] = "AAPL"
    answers: ClassVar[Answers] = ANSWERS
    shapes: ClassVar[Mapping[str, HttpResponse]] = SHAPES
    routes: ClassVar[tuple[Route, ...]] = (
        Route("GET", "/v2/account", call="accounts", answer=_account),
        Route("GET", "/v2/orders", call=_listing_of, answer=_list),
        Route("DELETE", "/v2/orders", call="mass-cancel", answer=_cancel_all),
        Route("GET", "/v2/orders:by_client_order_id", answer=_read_by_client_id),
        Route("GET", "/v2/orders/{order_id}", call="read", answer=_read),
        Route("DELETE", "/v2/orders/{order_id}", call="cancel", answer=_cancel),
    )

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the user reaches: the one of the key."""
        return (self.credentials.account,)

    def admitted(self, ask: Ask, now: float) -> bool:
        """Tell whether a call bears the key and its secret."""
        given = (ask.headers.get("apca-api-key-id"), ask.headers.get("apca-api-secret-key"))
        return given == (self.credentials.api_key, self.credentials.secret)

    def subject_of(self, ask: Ask) -> Asked:
        """Tell which order a call names; the account is always the key's."""
        return Asked(account=self.credentials.account, order_id=ask.named.get("order_id"))

    def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
        """Return the answer to a cancel that cannot be; schema OrderStatus, pending_replace."""
        if order is None or not (order.dead or order.status is OrderStatus.PENDING_REPLACE):
            return super().refusal_of_cancel(order)
        return refusal(422, f'order is already in "{word_of(order)}" state')

    def new_order_id(self, number: int) -> str:
        """Return a UUID that ends in the number."""
        return f"61e69015-8549-4bfd-b9c3-{number:012x}"

    def check_order(self, fields: Mapping[str, Any]) -> None:
        """Raise `ValueError` for an order id that is no UUID."""
        if fields.get("order_id") is not None:
            UUID.check(fields["order_id"], "order_id")

    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Alpaca:
        """Build the venue for a router, with the key unless `auth` says otherwise."""
        known = credentials or self.credentials
        key = ApiKey(key_id=known.api_key, secret=known.secret)
        return Alpaca(base_url, **{"account": known.account, "auth": key, **settings})
