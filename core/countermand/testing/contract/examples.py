"""What the author of a venue gives to its conformance tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from countermand import CancelRequest, OrderId, OrderStatus, Scope
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import calls_of, scopes_for
from countermand.testing.contract.questions import VERDICTS, Question
from countermand.testing.contract.requirement import fail, in_one_sentence, made, reading, skip
from countermand.testing.contract.sample import Sample
from countermand.testing.contract.settings import secrets_in
from countermand.venue import Call, HttpResponse, Plugin, Venue

#: Where a simulated venue is said to be.
BASE_URL = "http://127.0.0.1:8443"


_HERE = __name__.rpartition(".")[0]


class Examples:
    """The fixtures of `VenueContract`: to be given by a subclass, but for those that have a default."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = vars(cls) if cls.__module__.startswith(_HERE) else {}
        for name, case in list(own.items()):
            if name.startswith("test_"):
                setattr(cls, name, in_one_sentence(case))

    #: The plugin's descriptor.
    plugin: ClassVar[Plugin]
    #: The venue's status words, and what each is called in FIX.
    states: ClassVar[Mapping[str, OrderStatus]] = {}
    #: The venue's simulator; without one the cases that need it are skipped.
    simulator: ClassVar[type[Simulator] | None] = None
    #: How the simulator is switched, so that it grants all that the venue declares.
    behaviour: ClassVar[Mapping[str, Any]] = {}
    #: The verdicts that the venue's documents leave no answer for, and why.
    unreachable: ClassVar[Mapping[tuple[Question, type], str]] = {}

    def venue(self) -> Venue:
        """Make a venue with all that it can declare, whose credential logs in by calls if one can."""
        fail("Give the contract a venue: override `venue`.")

    def requests(self) -> Sequence[CancelRequest]:
        """Make requests that are legal, the largest ids among them; the first one names an `OrderId`."""
        fail("Give the contract example requests that are legal: override `requests`.")

    def illegal(self) -> Sequence[CancelRequest | Scope]:
        """Make requests and scopes that the venue cannot have."""
        fail("Give the contract requests and scopes that the venue cannot have: override `illegal`.")

    def samples(self) -> Iterable[Sample]:
        """Make the answers that the venue documents."""
        fail("Give the contract the answers that the venue documents: override `samples`.")

    def order_answer(self, order_id: str, account: str, word: str) -> HttpResponse:
        """Make the answer to a read of that order, with the venue's status word `word`."""
        fail("Give the contract the answer to a read of an order: override `order_answer`.")

    def simulated(self, simulator: Simulator, **settings: Any) -> Venue:
        """Make the venue of a simulator at `BASE_URL`, with all that it can declare."""
        return simulator.venue(BASE_URL, **settings)

    def logging_in(
        self, simulator: Simulator, known: SimulatedCredentials, code: Callable[[], str] | None
    ) -> Venue | None:
        """Make the simulator's venue for a user who logs in by calls; None where it has no log-in."""
        return None

    def secrets(self) -> Sequence[str]:
        """Return the texts that must never show up: by default all that the venue hides, or names so."""
        return tuple(secrets_in(self.venue()))

    # --- what the cases make of it ----------------------------------------------------------------

    @property
    def request(self) -> CancelRequest:
        """The first legal request."""
        first = next(iter(self.requests()), None)
        if first is None or not isinstance(first.order, OrderId):
            fail("Let the first of `requests` name its order by an OrderId.")
        return first

    @property
    def first_word(self) -> str:
        """The first of the venue's status words."""
        if not self.states:
            fail("Give the contract the venue's status words: set `states`.")
        return next(iter(self.states))

    @property
    def statuses(self) -> list[OrderStatus]:
        """What the venue can say of an order that its listings do not leave out."""
        left_out = self.venue().capabilities.not_listed
        words = {status for word, status in self.states.items() if word not in left_out}
        return sorted(words - {OrderStatus.UNKNOWN}, key=lambda status: status.value)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """One scope of each kind, around the first request."""
        request = self.request
        simulator = self.simulator
        known = request.instrument or (simulator.instrument if simulator is not None else "1")
        return scopes_for(self.venue().name, request, known, SimulatedCredentials().user_id)

    def calls(self, question: Question, venue: Venue | None = None) -> tuple[Call[Any], ...]:
        """Make the calls that ask a question; none where the venue does not declare it."""
        asked = venue or self.venue()
        return made(
            partial(calls_of, question, asked, self.request, self.scopes), f"its call: {question.value}"
        )

    def every_call(self, venue: Venue | None = None) -> dict[Question, tuple[Call[Any], ...]]:
        """Make the calls of every question, of the same venue."""
        asked = venue or self.venue()
        return {question: self.calls(question, asked) for question in Question}

    def read_samples(self) -> Iterable[tuple[Question, Call[Any], Sample, Any]]:
        """Read each sample by each of the calls that it answers."""
        calls = self.every_call()
        for sample in self.samples():
            for question in sample.of:
                for call in calls[question]:
                    if sample.call in (None, call.name):
                        yield question, call, sample, reading(call, sample.response)

    def user_of(self, simulator: Simulator) -> Venue | None:
        """Make the venue of a user who logs in rightly; None where it has no log-in."""
        known = simulator.credentials
        return self.logging_in(simulator, known, lambda: known.code)

    def new_simulator(self, **behaviour: Any) -> Simulator:
        """Make a simulator that is switched so; skips the case where there is none."""
        if self.simulator is None:
            skip("the venue has no simulator: give the contract one as `simulator`")
        simulator = self.simulator(**self.behaviour)
        simulator.switch(**behaviour)
        return simulator


def is_success(question: Question, verdict: object) -> bool:
    """Tell whether a verdict gives what was asked for."""
    return type(verdict) in _SUCCESSES[question]


_FAILURES = frozenset({"Refused", "Gone", "Throttled", "SessionRefused", "MayHaveActed", "Unreadable"})
_SUCCESSES = {
    question: frozenset(kind for kind in kinds if kind.__name__ not in _FAILURES)
    for question, kinds in VERDICTS.items()
}
