"""What a venue's simulator is: request value in, reply value out, the clock passed in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from countermand._http import HttpRequest
from countermand.errors import ConfigurationError
from countermand.testing._behaviour import Behaviour
from countermand.testing._book import Book
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._order import SimulatedOrder
from countermand.testing._reply import SILENCE, Reply
from countermand.testing._tokens import Tokens
from countermand.venue._contract import Venue


@attrs.frozen(kw_only=True)
class ReceivedRequest:
    """A request as it arrived; headers are left out."""

    #: From 1 on; `SimulatedOrder.canceled_by` speaks of it.
    number: int
    at: float
    method: str
    path: str
    content: str


class Simulator(ABC):
    """A venue in memory, sans I/O; a plugin subclasses it and gives `route` and `venue`.

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
        self.reset()

    def reset(self) -> None:
        """Begin anew: an empty book, no token but the fixed one, no request, the behaviour of the start."""
        self.behaviour = self._first_behaviour
        self.book = Book()
        self.tokens = Tokens(self.credentials.session_token)
        self.requests: list[ReceivedRequest] = []

    @abstractmethod
    def route(self, request: HttpRequest, now: float) -> Reply:
        """Answer one request of a router; the book has been advanced to `now` (seconds).

        `request.path` bears its query; header names are lower case.
        """

    @abstractmethod
    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Venue:
        """Build the plugin's venue for a router of this simulator, served at `base_url`.

        `credentials` stand in for the right ones; `settings` are the venue's own (`name`, `read_lag_s`).
        """

    def handle(self, request: HttpRequest, now: float) -> Reply:
        """Note a request, let happen what is due, and answer."""
        self.book.advance(now)
        self.requests.append(
            ReceivedRequest(
                number=len(self.requests) + 1,
                at=now,
                method=request.method,
                path=request.path,
                content=request.content.decode(errors="replace"),
            )
        )
        return self.route(request, now)

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
        return token is not None and self.tokens.use(token, now, self.behaviour.token_lifetime_s)

    def place(self, now: float, **fields: Any) -> SimulatedOrder:
        """Place an order in the user's own account, or the one given: see `Book.place`."""
        self.check_order(fields)
        defaults = {"account": self.credentials.account, "instrument": self.instrument}
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
    def cancel_name(self) -> str:
        """What the book will call the cancel that is being received, if it takes effect."""
        return f"cancel {len(self.requests)}"

    def _begin_cancel(self, order_id: str, now: float) -> None:
        by = self.cancel_name
        self.book.begin_cancel(order_id, now)
        self.book.at(now + self.behaviour.cancel_delay_s, lambda due: self._end_cancel(order_id, due, by))
        self.book.advance(now)

    def _end_cancel(self, order_id: str, due: float, by: str) -> None:
        if self.book.order(order_id).dead:
            return  # filled, replaced or canceled by another in the meantime
        if self.behaviour.fills(order_id):
            share = self.book.order(order_id).remaining * self.behaviour.fill_fraction
            if self.book.fill(order_id, due, share).dead:
                return
        if self.behaviour.refuses(order_id):
            self.book.reject_cancel(order_id, due)
        else:
            self.book.cancel(order_id, due, by)

    def _checked(self, behaviour: Behaviour) -> Behaviour:
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
