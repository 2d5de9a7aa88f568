"""What a venue's simulator is written as: a table of routes, and the shapes of what they answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from countermand._http import HttpRequest, HttpResponse
from countermand.testing._answers import RefusalError
from countermand.testing._ask import Ask
from countermand.testing._asked import Asked
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._desk import PLAIN, Desk, as_reply
from countermand.testing._fault import READS, FaultKind
from countermand.testing._other_order import naming_other
from countermand.testing._reply import Reply
from countermand.testing._route import Route, Routes
from countermand.testing._words import Words, words_of
from countermand.venue._contract import Venue


class Simulator(Desk):
    """A venue in memory, sans I/O; a plugin subclasses it and gives `name`, `routes` and `venue`.

    The book, the faults, the log-in and the control interface are there. It takes the fields of `Behaviour`
    as keywords, and raises `ConfigurationError` for one that is not there. It is to be touched by one thread
    only: see `LiveSimulator.call`.
    """

    #: The calls of the venue, and what answers them.
    routes: ClassVar[tuple[Route, ...]] = ()
    #: What may stand before the path of every route.
    prefixes: ClassVar[tuple[str, ...]] = ("",)
    #: Whether paths are read in any case, and with a slash at their end.
    lenient_paths: ClassVar[bool] = False
    #: What a path names to how that is read; a reader may raise `RefusalError`.
    readers: ClassVar[Mapping[str, Callable[[str], str]]] = {}
    #: The venue's own words for faults, at every call or at one, where those that follow from `answers`
    #: are not what it says.
    own_words: ClassVar[Mapping[FaultKind | tuple[FaultKind, str], Words]] = {}

    _table: ClassVar[Routes] = Routes((), lenient=False)

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        cls._table = Routes(cls.routes, cls.prefixes, lenient=cls.lenient_paths)
        if cls.shapes:
            cls.switches = {**_switches_of(cls), **cls.switches}

    @abstractmethod
    def venue(
        self, base_url: str, *, credentials: SimulatedCredentials | None = None, **settings: Any
    ) -> Venue:
        """Build the plugin's venue for a router of this simulator, served at `base_url`.

        `credentials` stand in for the right ones; `settings` are the venue's own (`name`, `read_lag_s`).
        """

    def route(self, request: HttpRequest, now: float) -> Reply:
        """Answer one request of a router by the handler of its route."""
        try:
            ask = self._ask_of(request)
            self.check_access(ask, now)
            if self.shapes and (word := self.word("read_answer")) != PLAIN and ask.call in READS:
                return Reply(response=self.shapes[word])
            return as_reply(ask.route.answer(self, ask, now))
        except RefusalError as refusal:
            return Reply(response=self.worded(refusal.response))

    def worded(self, refusal: HttpResponse) -> HttpResponse:
        """Return a refusal as the venue words it now: as it is, unless a switch of the venue's says more."""
        return refusal

    def call_of(self, request: HttpRequest) -> str | None:
        """Name the call by its route."""
        try:
            return self._ask_of(request).call
        except RefusalError:
            return None

    def asked_of(self, request: HttpRequest) -> Asked:
        """Tell which account and order a request names."""
        try:
            return self.subject_of(self._ask_of(request))
        except RefusalError:
            return Asked()

    def asking_for(self, request: HttpRequest, order_id: str) -> HttpRequest:
        """Return the same read for another order, which it names in the same place."""
        found = self._table.find(request.path.partition("?")[0])
        if found is None:
            return request
        places = dict(found[0].names)
        return naming_other(request, places.get(self.order_key), self.order_key, order_id)

    def words(self, kind: FaultKind, call: str) -> Words:
        """Return what is answered in a fault: the venue's own words, or what follows from its answers."""
        own = self.own_words.get((kind, call)) or self.own_words.get(kind)
        return own or words_of(self.answers, kind, call)

    def _ask_of(self, request: HttpRequest) -> Ask:
        path = request.path.partition("?")[0]
        found = self._table.find(path)
        if found is None:
            raise RefusalError(self.answers.no_route)
        place, parts = found
        named = {name: self._read(name, parts[at]) for name, at in place.names}
        route = place.routes.get(request.method)
        if route is None:
            raise RefusalError(self.answers.no_method)
        return Ask(route=route, request=request, path=path, named=named, invalid=self.answers.invalid)

    def _read(self, name: str, value: str) -> str:
        reader = self.readers.get(name)
        return value if reader is None else reader(value)


def _switches_of(simulator: type[Simulator]) -> dict[str, tuple[str, ...]]:
    """Return the switches that follow from shapes: what is answered always, and whether cancels act then."""
    words = (PLAIN, *simulator.shapes)
    has_mass = any(route.call == "mass-cancel" for route in simulator.routes)
    mass = {"mass_answer": words} if has_mass else {}
    return {"cancel_answer": words, "cancel_acts": ("no", "yes"), **mass, "read_answer": words}
