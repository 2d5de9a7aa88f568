"""The simulated APEX venue: which function is answered by what, and what about it can be switched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import attrs

from countermand.testing import Asked, FaultKind, Reply, SimulatedCredentials, Simulator
from countermand.venue import HttpRequest, HttpResponse, check_number
from countermand_apex._credentials import SessionToken
from countermand_apex._venue import Apex
from countermand_apex._wire import LARGEST_ID
from countermand_apex.simulator import _access, _cancels, _catalogue, _faults, _reads
from countermand_apex.simulator._answers import PLAIN, SHAPES, RefusalError, not_found, refused
from countermand_apex.simulator._ask import Ask, function_of, read_ask

#: The fields of an order that are numbers at APEX.
_NUMBERS = ("order_id", "client_order_id", "account", "instrument", "entered_by")


@attrs.frozen(kw_only=True)
class _Function:
    answer: Callable[[Simulator, Ask, float], Reply]
    private: bool = True
    #: Reads and log-ins come as GET with a query, too.
    methods: frozenset[str] = frozenset({"GET", "POST"})
    reads: bool = False


_POST = frozenset({"POST"})

_FUNCTIONS = {
    "cancelorder": _Function(answer=_cancels.cancel_order, methods=_POST),
    "cancelallorders": _Function(answer=_cancels.cancel_all, methods=_POST),
    "sendcancellist": _Function(answer=_cancels.cancel_list, methods=_POST),
    "cancelreplaceorder": _Function(answer=_cancels.replace_order, methods=_POST),
    "getorderstatus": _Function(answer=_reads.get_order_status, reads=True),
    "getopenorders": _Function(answer=_reads.get_open_orders, reads=True),
    "getorderhistory": _Function(answer=_reads.get_order_history, reads=True),
    "getordershistory": _Function(answer=_reads.get_order_history, reads=True),
    "getorderhistorybyorderid": _Function(answer=_reads.get_order_trail, reads=True),
    "authenticate": _Function(answer=_access.log_in, private=False),
    "authenticateuser": _Function(answer=_access.log_in, private=False),
    "authenticate2fa": _Function(answer=_access.log_in_2fa, private=False),
    "logout": _Function(answer=_access.log_out),
    "getproducts": _Function(answer=_catalogue.get_products, private=False),
    "getinstruments": _Function(answer=_catalogue.get_instruments, private=False),
    "getuseraccounts": _Function(answer=_catalogue.get_user_accounts),
    "ping": _Function(answer=_catalogue.ping, private=False),
}


class ApexSimulator(Simulator):
    """An APEX venue in memory; ids are numbers, and instrument 1 is BTCUSD."""

    name: ClassVar[str] = "apex"
    instrument: ClassVar[str] = "1"
    switches: ClassVar[Mapping[str, tuple[str, ...]]] = {
        #: The answer to a cancel of a filled, dead or unknown order; no document tells which it is.
        "dead_order": ("104", "101", "receipt"),
        #: The answer to a private call without a valid session: an errorcode, or the text NOT FOUND.
        "no_session": ("20", "404"),
        #: The answer to every CancelOrder instead of the true one, and whether the cancel has effect then.
        "cancel_answer": (PLAIN, *SHAPES),
        "cancel_acts": ("no", "yes"),
        #: The answer to every CancelAllOrders and SendCancelList likewise; `cancel_acts` holds for it, too.
        "mass_answer": (PLAIN, *SHAPES),
        #: Whether there is SendCancelList, and the answer if there is none.
        "cancel_list": ("known", "404", "106"),
        #: Whether the user may reach all accounts, and other users' orders by UserId.
        "operator": ("no", "yes"),
        #: The answer to every read of orders instead of the true one.
        "read_answer": (PLAIN, *SHAPES),
        #: Whether an order has the fields that routers look at, or all there are: about 1 KiB.
        "order_fields": ("usual", "all"),
        #: Which spelling of the key CancelAllOrders reads.
        "instrument_key": ("InstrumentId", "IntrumentId"),
    }

    def route(self, request: HttpRequest, now: float) -> Reply:
        """Answer one call."""
        function = _FUNCTIONS.get(function_of(request.path))
        if function is None or request.method not in function.methods:
            return Reply(response=not_found())
        try:
            ask = read_ask(request)
            if function.private and not _access.admitted(self, ask, now):
                return Reply(response=not_found() if self.word("no_session") == "404" else refused(20))
            if function.reads and self.word("read_answer") != PLAIN:
                return Reply(response=SHAPES[self.word("read_answer")])
            return function.answer(self, ask, now)
        except RefusalError as refusal:
            return Reply(response=refused(refusal.code, refusal.detail))

    def call_of(self, request: HttpRequest) -> str | None:
        """Name the call by its function."""
        return _faults.call_of(request)

    def asked_of(self, request: HttpRequest) -> Asked:
        """Tell which account and order a request names."""
        return _faults.asked_of(request)

    def asking_for(self, request: HttpRequest, order_id: str) -> HttpRequest:
        """Return the same read for another order."""
        return _faults.asking_for(request, order_id)

    def words(self, kind: FaultKind, call: str) -> tuple[HttpResponse, ...]:
        """Return what APEX answers in a fault."""
        return _faults.words_of(kind, call) or super().words(kind, call)

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
                check_number(fields[name], name, LARGEST_ID)
