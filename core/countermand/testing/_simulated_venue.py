"""A venue in memory: request value in, reply value out, the clock passed in."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from countermand._http import HttpRequest, HttpResponse
from countermand.errors import ConfigurationError
from countermand.testing._asked import Asked
from countermand.testing._behaviour import Behaviour
from countermand.testing._book import Book
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._fault import READS, Fault, FaultKind, Point
from countermand.testing._faults import Faults
from countermand.testing._later import Later
from countermand.testing._order import SimulatedOrder
from countermand.testing._received import Drawn, ReceivedRequest
from countermand.testing._reply import SILENCE, Reply, WireTrouble
from countermand.testing._tokens import Tokens
from countermand.testing._trouble import WHOLE, Met, troubled

_UNTROUBLED = Drawn(call=None, fault=None)


class SimulatedVenue(ABC):
    """The book, the faults, the tokens and the requests of a venue, and the course of its cancels.

    It takes the fields of `Behaviour` as keywords, and raises `ConfigurationError` for one that is not
    there. It is to be touched by one thread only: see `LiveSimulator.call`.
    """

    #: The plugin's name.
    name: ClassVar[str]
    #: The venue's own switches: name → the words it takes, the first being the default.
    switches: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: What an order is for, where nothing is said.
    instrument: ClassVar[str] = "BTCUSD"

    def __init__(self, **behaviour: Any) -> None:
        self.credentials = SimulatedCredentials()
        self._first_behaviour = self._checked(Behaviour().switched(behaviour))
        #: What is to break, and what broke.
        self.faults = Faults()
        self.reset()

    def reset(self) -> None:
        """Begin anew: an empty book, the fixed token, no request, no fault, the behaviour of the start."""
        self.behaviour = self._first_behaviour
        self.book = Book(new_order_id=self.new_order_id)
        self.tokens = Tokens(self.credentials.session_token)
        self.requests: list[ReceivedRequest] = []
        self.faults.clear()
        self.faults.met.clear()
        self._number = 0
        self._now = -math.inf
        self._later = Later()
        self._holds = False

    def forget(self) -> None:
        """Drop all orders, requests and faults met, and go on: ids, request numbers, tokens, faults to come.

        What is still under way is dropped, too. For judges that run many orders through one simulator.
        """
        self.book.forget()
        self.requests.clear()
        self.faults.met.clear()
        self._later = Later()

    @abstractmethod
    def route(self, request: HttpRequest, now: float) -> Reply:
        """Answer one request of a router; the book has been advanced to `now` (seconds).

        `request.path` bears its query; header names are lower case.
        """

    @abstractmethod
    def call_of(self, request: HttpRequest) -> str | None:
        """Name the call: one of `CALLS`, "log-out", or None for others, which never break."""

    @abstractmethod
    def asked_of(self, request: HttpRequest) -> Asked:
        """Tell which account and order a read of orders names; never raises."""

    @abstractmethod
    def asking_for(self, request: HttpRequest, order_id: str) -> HttpRequest:
        """Return the same read for another order."""

    @abstractmethod
    def words(self, kind: FaultKind, call: str) -> tuple[HttpResponse, ...]:
        """Return what is answered in a fault of that kind, to be taken in turn.

        Those of `HALF` and `TRUNCATED` are whole answers, of which a part will be sent.
        """

    def new_order_id(self, number: int) -> str:
        """Return the id of the order with that number, where none is given; each number has its own.

        A venue whose ids are no numbers says here what they look like.
        """
        return str(number)

    def draw(self, request: HttpRequest) -> Drawn:
        """Draw what a request is to meet; for a shell, which then gives it to `handle` or to `refuse`."""
        if not (self.faults.active or self._later):
            return _UNTROUBLED  # nobody needs to know which call it is
        call = self.call_of(request)
        return Drawn(call=call, fault=self.faults.draw(call))

    def refuse(self, drawn: Drawn) -> WireTrouble:
        """Note that a connection does not come about."""
        if drawn.fault is None or drawn.call is None:
            raise ValueError("nothing was drawn that could refuse a connection")
        self.faults.met.append((0, drawn.call, drawn.fault))
        return WireTrouble(kind=drawn.fault.kind, seconds=drawn.fault.delay_s)

    def handle(self, request: HttpRequest, now: float, drawn: Drawn | None = None) -> Reply:
        """Note a request, let happen what is due, and answer, under the fault that it was drawn or draws."""
        self._now = now
        self.book.advance(now)
        drawn = drawn or self.draw(request)
        if drawn.at_the_door:
            return Reply(response=None, wire=self.refuse(drawn))
        fault = drawn.fault
        self._note(request, now, fault)
        if fault is None or drawn.call is None:
            reply = self.route(request, now)
        else:
            number = self._number
            self.faults.met.append((number, drawn.call, fault))
            met = Met(simulator=self, request=request, number=number, call=drawn.call, fault=fault, now=now)
            reply = troubled(met)
        if self._later and drawn.call in READS and (fault is None or fault.kind in WHOLE):
            self._release(request, now + reply.delay_s + (reply.wire.seconds if reply.wire else 0.0))
        return reply

    def act(self, request: HttpRequest, now: float, *, later: bool = False) -> Reply:
        """Answer as `route` does; with `later` a cancel waits until its order has been read."""
        self._holds = later
        try:
            return self.route(request, now)
        finally:
            self._holds = False

    def switch(self, /, **changes: object) -> Behaviour:
        """Change the behaviour, also in the midst of things; raises `ConfigurationError`.

        The venue's own switches go into `venue={"name": "word"}`; those not named stay.
        """
        self.behaviour = self._checked(self.behaviour.switched(changes))
        return self.behaviour

    def word(self, switch: str) -> str:
        """Return how one of the venue's own switches stands."""
        return self.behaviour.venue.get(switch, self.switches[switch][0])

    def token_valid(self, token: str | None, now: float) -> bool:
        """Tell whether a session token is valid, and count this as a use of it."""
        # An answer may be that of an earlier time, but its request is of now.
        now = max(now, self._now)
        return token is not None and self.tokens.use(token, now, self.behaviour.token_lifetime_s)

    def place(self, now: float, **fields: Any) -> SimulatedOrder:
        """Place an order in the user's own account and name, or those given: see `Book.place`."""
        self.check_order(fields)
        known = self.credentials
        defaults = {"account": known.account, "entered_by": known.user_id, "instrument": self.instrument}
        return self.book.place(now, **{**defaults, **fields})

    def replace(self, order_id: str, now: float, /, **fields: Any) -> SimulatedOrder:
        """Put a new order in the place of an open one and return it: see `Book.replace`."""
        self.check_order(fields)
        return self.book.replace(order_id, now, **fields)

    def check_order(self, fields: Mapping[str, Any]) -> None:
        """Raise `ValueError` for fields that no order of this venue can have, such as an id out of range."""
        return

    def receive_cancel(self, order_id: str, now: float, receipt: Reply) -> Reply:
        """Take a cancel of an *open* order and answer `receipt`, or never, as the behaviour says.

        After `cancel_delay_s` the order fills, the cancel takes effect or is refused, as the behaviour
        says. Every cancel of an open order ends here; for others the venue has its own words.
        """
        silent = self.behaviour.silences(order_id)
        if not silent or self.behaviour.silent_acts:
            self._begin_cancel(order_id, now)
        return SILENCE if silent else receipt

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the user reaches, as the venue tells them, each once."""
        return tuple(dict.fromkeys((self.credentials.account, *self.behaviour.further_accounts)))

    @property
    def cancel_name(self) -> str:
        """What the book will call the cancel that is being received, if it takes effect."""
        return f"cancel {self._number}"

    def _begin_cancel(self, order_id: str, now: float) -> None:
        by = self.cancel_name
        if self._holds:
            number, account = self._number, self.book.order(order_id).account
            self._later.hold(account, order_id, lambda due: self._act_at_last(order_id, due, number))
            return
        self.book.begin_cancel(order_id, now)
        self.book.at(now + self.behaviour.cancel_delay_s, lambda due: self._end_cancel(order_id, due, by))
        self.book.advance(now)

    def _act_at_last(self, order_id: str, due: float, number: int) -> None:
        order = self.book.find(order_id)
        if order is None or order.dead:
            return
        by = f"cancel {number}"
        first = self.requests[0].number if self.requests else number + 1
        if number >= first:
            place = number - first
            self.requests[place] = attrs.evolve(self.requests[place], acted_at=due)
        self.book.begin_cancel(order_id, due)
        self.book.at(due + self.behaviour.cancel_delay_s, lambda due: self._end_cancel(order_id, due, by))

    def _end_cancel(self, order_id: str, due: float, by: str) -> None:
        order = self.book.find(order_id)
        if order is None or order.dead:
            return  # filled, replaced, canceled by another or forgotten in the meantime
        if self.behaviour.fills(order_id):
            share = order.remaining * self.behaviour.fill_fraction
            if self.book.fill(order_id, due, share).dead:
                return
        if self.behaviour.refuses(order_id):
            self.book.reject_cancel(order_id, due)
        else:
            self.book.cancel(order_id, due, by)

    def _note(self, request: HttpRequest, now: float, fault: Fault | None) -> None:
        self._number += 1
        waits = fault is not None and fault.point in (Point.BEFORE, Point.LATER)
        self.requests.append(
            ReceivedRequest(
                number=self._number,
                at=now,
                method=request.method,
                path=request.path,
                content=request.content.decode(errors="replace"),
                fault=None if fault is None else fault.word,
                acted_at=None if waits else now,
            )
        )

    def _release(self, request: HttpRequest, due: float) -> None:
        asked = self.asked_of(request)
        order = None if asked.order_id is None else self.book.find(asked.order_id)
        account = asked.account if order is None else order.account
        if account is not None:
            for effect in self._later.take(account, asked.order_id):
                self.book.at(due, effect)

    def _checked(self, behaviour: Behaviour) -> Behaviour:
        for account in behaviour.further_accounts:
            try:
                self.check_order({"account": account})
            except ValueError as error:
                raise ConfigurationError(f"further_accounts: {error}") from error
        for name, word in behaviour.venue.items():
            if name not in self.switches:
                raise ConfigurationError(
                    f"no switch {name!r} at {self.name}; there are: {', '.join(self.switches) or 'none'}"
                )
            if word not in self.switches[name]:
                raise ConfigurationError(
                    f"venue.{name} must be one of {', '.join(self.switches[name])}, got {word!r}"
                )
        return behaviour
