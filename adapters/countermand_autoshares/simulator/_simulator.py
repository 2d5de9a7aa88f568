"""The simulated AutoShares venue: which call is answered by what, and what about it can be switched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from countermand.testing import (
    Answers,
    Ask,
    FaultKind,
    Route,
    SimulatedCredentials,
    SimulatedOrder,
    Simulator,
)
from countermand.venue import HttpResponse
from countermand_autoshares._credentials import AccessToken
from countermand_autoshares._venue import AutoShares
from countermand_autoshares._wire import ID
from countermand_autoshares.simulator import _access, _cancels, _reads
from countermand_autoshares.simulator._answers import ANSWERS, KEY_CASES, SHAPES, WORDS, cased
from countermand_autoshares.simulator._paths import READERS


def _routes_under(collection: str) -> tuple[Route, ...]:
    orders = f"/{{version}}/accounts/{{account}}/{collection}"
    return (
        Route("GET", orders, call=_reads.listing_of, answer=_reads.list_orders),
        Route("GET", f"{orders}/{{order_id}}", call="read", answer=_reads.read_order),
        Route("GET", f"{orders}/{{order_id}}/details", call="trail", answer=_reads.read_details),
        Route("DELETE", f"{orders}/{{order_id}}", call="cancel", answer=_cancels.cancel_order),
        Route("PUT", f"{orders}/{{order_id}}", answer=_cancels.replace_order),
    )


class AutoSharesSimulator(Simulator):
    """An AutoShares venue in memory; order ids and accounts are whole numbers of 31 bits."""

    name: ClassVar[str] = "autoshares"
    instrument: ClassVar[str] = "AAPL"
    answers: ClassVar[Answers] = ANSWERS
    shapes: ClassVar[Mapping[str, HttpResponse]] = SHAPES
    own_words: ClassVar[Mapping[FaultKind | tuple[FaultKind, str], tuple[HttpResponse, ...]]] = WORDS
    lenient_paths: ClassVar[bool] = True
    # ETNA's own hosts have it, those of AutoShares have not.
    prefixes: ClassVar[tuple[str, ...]] = ("", "/api")
    readers: ClassVar[Mapping[str, Callable[[str], str]]] = READERS
    routes: ClassVar[tuple[Route, ...]] = (
        Route("POST", "/token", call="log-in", answer=_access.log_in, public=True),
        Route("POST", "/logout", call="log-out", answer=_access.log_out, public=True),
        Route("GET", "/{version}/users/{user}/accounts", call="accounts", answer=_access.list_accounts),
        *_routes_under("orders"),
        *_routes_under("syncorders"),
    )
    switches: ClassVar[Mapping[str, tuple[str, ...]]] = {
        #: The status of an error about the application key: 403 in the API description, 401 in newer pages.
        "app_key_status": ("403", "401"),
        #: The body of a 409, which no document tells.
        "conflict_body": ("empty", "envelope"),
        #: The answer to a cancel, and to a read, of an order that the account has not; no document tells
        #: which it is.
        "unknown_order": ("409", "404", "500"),
        "unknown_read": ("404", "409", "500"),
        #: The status under which a second factor is asked for.
        "expecting_status": ("202", "200"),
        #: How the keys of errors are written.
        "key_case": tuple(KEY_CASES),
        #: A page with its envelope, a bare list (as older pages have it), or a count and a link that lie.
        "listing": ("page", "bare", "uncounted"),
        #: Whether an unfiltered listing has rows of dead orders: without them a death shifts the pages.
        "dead_rows": ("shown", "hidden"),
        #: Whether a page begins with the row that the one before ended with.
        "page_overlap": ("no", "yes"),
    }

    def check_access(self, ask: Ask, now: float) -> None:
        """Raise `RefusalError` for a wrong application key, token or account."""
        _access.check_app_key(self, ask)
        super().check_access(ask, now)

    def refusal_of_cancel(self, order: SimulatedOrder | None) -> HttpResponse | None:
        """Return the answer to a cancel that cannot be, as is switched."""
        return _cancels.refusal_of_cancel(self, order)

    def refusal_of_read(self) -> HttpResponse:
        """Return the answer to a read of an order that the account has not, as is switched."""
        return _cancels.unknown_order(self, "unknown_read")

    def worded(self, refusal: HttpResponse) -> HttpResponse:
        """Return a refusal with its keys in the case that is switched."""
        return cased(refusal, self.word("key_case"))

    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> AutoShares:
        """Build the venue for a router, with the session token unless `auth` says otherwise."""
        known = credentials or self.credentials
        return AutoShares(
            base_url, **{"app_key": known.app_key, "auth": AccessToken(known.session_token), **settings}
        )

    def replace(self, order_id: str, now: float, /, **fields: Any) -> SimulatedOrder:
        """Put a new order in the place of an open one; its client order id is new, if only by the venue."""
        return super().replace(order_id, now, **{"client_order_id": None, **fields})

    def check_order(self, fields: Mapping[str, Any]) -> None:
        """Raise `ValueError` for ids that no AutoShares order can have."""
        for name in ("order_id", "account"):
            if fields.get(name) is not None:
                ID.check(fields[name], name)
