"""The simulated AutoShares venue: which call is answered by what, and what about it can be switched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from countermand.testing import Asked, FaultKind, Reply, SimulatedCredentials, SimulatedOrder, Simulator
from countermand.venue import HttpRequest, HttpResponse, check_number
from countermand_autoshares._credentials import AccessToken
from countermand_autoshares._venue import AutoShares
from countermand_autoshares._wire import LARGEST_ID
from countermand_autoshares.simulator import _access, _cancels, _faults, _reads
from countermand_autoshares.simulator._answers import KEY_CASES, PLAIN, SHAPES, Refusal, RefusalError, refused
from countermand_autoshares.simulator._ask import Ask, read_ask

_CALLS: Mapping[str, Callable[[Simulator, Ask, float], Reply]] = {
    "POST token": _access.log_in,
    "POST logout": _access.log_out,
    "GET accounts": _access.list_accounts,
    "GET orders": _reads.list_orders,
    "GET order": _reads.read_order,
    "GET details": _reads.read_details,
    "PUT order": _cancels.replace_order,
    "DELETE order": _cancels.cancel_order,
}
#: The calls whose answer `read_answer` stands in for.
_READS = frozenset({"GET orders", "GET order", "GET details"})


class AutoSharesSimulator(Simulator):
    """An AutoShares venue in memory; order ids and accounts are whole numbers of 31 bits."""

    name: ClassVar[str] = "autoshares"
    instrument: ClassVar[str] = "AAPL"
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
        #: The answer to every cancel instead of the true one, and whether it has effect then.
        "cancel_answer": (PLAIN, *SHAPES),
        "cancel_acts": ("no", "yes"),
        #: The answer to every read of orders instead of the true one.
        "read_answer": (PLAIN, *SHAPES),
    }

    def route(self, request: HttpRequest, now: float) -> Reply:
        """Answer one call."""
        try:
            ask = read_ask(request)
            if ask.call not in _CALLS:
                raise RefusalError(Refusal.METHOD)
            _access.check_access(self, ask, now)
            if ask.call in _READS and self.word("read_answer") != PLAIN:
                return Reply(response=SHAPES[self.word("read_answer")])
            return _CALLS[ask.call](self, ask, now)
        except RefusalError as error:
            return Reply(response=refused(error.refusal, self.word("key_case"), error.status))

    def call_of(self, request: HttpRequest) -> str | None:
        """Name the call by its method, its path, and the filter of a listing."""
        return _faults.call_of(request)

    def asked_of(self, request: HttpRequest) -> Asked:
        """Tell which account and order a request names."""
        return _faults.asked_of(request)

    def asking_for(self, request: HttpRequest, order_id: str) -> HttpRequest:
        """Return the same read for another order."""
        return _faults.asking_for(request, order_id)

    def words(self, kind: FaultKind, call: str) -> tuple[HttpResponse, ...]:
        """Return what AutoShares answers in a fault."""
        return _faults.words_of(kind, call) or super().words(kind, call)

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
                check_number(fields[name], name, LARGEST_ID)
