"""The simulated APEX venue: which function is answered by what, and what about it can be switched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from countermand.testing import (
    Answers,
    Ask,
    Asked,
    FaultKind,
    RefusalError,
    Route,
    SimulatedCredentials,
    SimulatedOrder,
    Simulator,
)
from countermand.venue import HttpResponse
from countermand_apex._credentials import SessionToken
from countermand_apex._venue import Apex
from countermand_apex._wire import ID
from countermand_apex.simulator import _access, _cancels, _catalogue, _reads
from countermand_apex.simulator._answers import ANSWERS, NOT_FOUND, SHAPES, WORDS, refused
from countermand_apex.simulator._fields import number

#: The fields of an order that are numbers at APEX.
_NUMBERS = ("order_id", "client_order_id", "account", "instrument", "entered_by")


class ApexSimulator(Simulator):
    """An APEX venue in memory; ids are numbers, and instrument 1 is BTCUSD."""

    name: ClassVar[str] = "apex"
    instrument: ClassVar[str] = "1"
    answers: ClassVar[Answers] = ANSWERS
    shapes: ClassVar[Mapping[str, HttpResponse]] = SHAPES
    own_words: ClassVar[Mapping[FaultKind | tuple[FaultKind, str], tuple[HttpResponse, ...]]] = WORDS
    account_key: ClassVar[str] = "AccountId"
    order_key: ClassVar[str] = "OrderId"
    lenient_paths: ClassVar[bool] = True
    # Reads and log-ins come as GET with a query, too.
    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", "/AP/CancelOrder", call="cancel", answer=_cancels.cancel_order),
        Route("POST", "/AP/CancelAllOrders", call="mass-cancel", answer=_cancels.cancel_all),
        Route("POST", "/AP/SendCancelList", call="mass-cancel", answer=_cancels.cancel_list),
        Route("POST", "/AP/CancelReplaceOrder", answer=_cancels.replace_order),
        Route("GET POST", "/AP/GetOrderStatus", call="read", answer=_reads.get_order_status),
        Route("GET POST", "/AP/GetOpenOrders", call="open", answer=_reads.get_open_orders),
        Route("GET POST", "/AP/GetOrderHistory", call="history", answer=_reads.get_order_history),
        Route("GET POST", "/AP/GetOrdersHistory", call="history", answer=_reads.get_order_history),
        Route("GET POST", "/AP/GetOrderHistoryByOrderId", call="trail", answer=_reads.get_order_trail),
        Route("GET POST", "/AP/Authenticate", call="log-in", answer=_access.log_in, public=True),
        Route("GET POST", "/AP/AuthenticateUser", call="log-in", answer=_access.log_in, public=True),
        Route("GET POST", "/AP/Authenticate2FA", call="log-in", answer=_access.log_in_2fa, public=True),
        Route("GET POST", "/AP/LogOut", call="log-out", answer=_access.log_out),
        Route("GET POST", "/AP/GetProducts", answer=_catalogue.get_products, public=True),
        Route("GET POST", "/AP/GetInstruments", answer=_catalogue.get_instruments, public=True),
        Route("GET POST", "/AP/GetUserAccounts", call="accounts", answer=_catalogue.get_user_accounts),
        Route("GET POST", "/AP/Ping", answer=_catalogue.ping, public=True),
    )
    switches: ClassVar[Mapping[str, tuple[str, ...]]] = {
        #: The answer to a cancel of a filled, dead or unknown order; no document tells which it is.
        "dead_order": ("104", "101", "receipt"),
        #: The answer to a private call without a valid session: an errorcode, or the text NOT FOUND.
        "no_session": ("20", "404"),
        #: Whether there is SendCancelList, and the answer if there is none.
        "cancel_list": ("known", "404", "106"),
        #: Whether the user may reach all accounts, and other users' orders by UserId.
        "operator": ("no", "yes"),
        #: Whether an order has the fields that routers look at, or all there are: about 1 KiB.
        "order_fields": ("usual", "all"),
        #: Which spelling of the key CancelAllOrders reads.
        "instrument_key": ("InstrumentId", "IntrumentId"),
    }

    def subject_of(self, ask: Ask) -> Asked:
        """Tell which account and order a call names; raises `RefusalError` for ids that are no numbers."""
        account, order_id = number(ask.fields, "AccountId"), number(ask.fields, "OrderId")
        return Asked(account=str(account) if account else None, order_id=str(order_id) if order_id else None)

    def check_access(self, ask: Ask, now: float) -> None:
        """Raise `RefusalError` for a private call without a session; whose account it is, functions ask."""
        if not ask.route.public and not _access.admitted(self, ask, now):
            raise RefusalError(NOT_FOUND if self.word("no_session") == "404" else self.answers.denied)

    def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
        """Return the answer to a cancel of a dead or unknown order, as is switched."""
        word = self.word("dead_order")
        return refused(int(word)) if word != "receipt" and (order is None or order.dead) else None

    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Apex:
        """Build the venue for a router, with the session token unless `auth` says otherwise."""
        known = credentials or self.credentials
        return Apex(base_url, **{"auth": SessionToken(known.session_token), **settings})

    def check_order(self, fields: Mapping[str, Any]) -> None:
        """Raise `ValueError` for ids that no APEX order can have."""
        for name in _NUMBERS:
            if fields.get(name) is not None:
                ID.check(fields[name], name)
