"""Whether log-ins end as they should: a session, a second factor, a refusal."""

from __future__ import annotations

import attrs

from countermand import OrderId
from countermand.testing._simulator import Simulator
from countermand.testing.contract.asking import log_in_calls
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.questions import Question
from countermand.testing.contract.requirement import one_line, require
from countermand.testing.contract.worlds import logged_in, performed
from countermand.venue import CodeWanted, OrderRead, Refused, Session, Venue

_WRONG = "wrong"


class LogInsCases(Examples):
    """Against the simulator; a venue without a log-in has nothing to fail."""

    def test_a_log_in_gives_a_session_that_works(self) -> None:
        """A read under it is answered."""
        simulator = self.new_simulator()
        venue = self.user_of(simulator)
        if venue is None:
            require(
                not log_in_calls(self.venue()),
                "Override `logging_in`: the venue logs in by calls, and nothing tries them.",
            )
            return
        self._require_session(simulator, venue, "with the right credentials")

    def test_wrong_credentials_are_refused(self) -> None:
        """At once, as Refused: nobody tries again what cannot be."""
        simulator = self.new_simulator()
        known = simulator.credentials
        wrong = attrs.evolve(known, password=_WRONG, secret=_WRONG, api_key=_WRONG)
        venue = self.logging_in(simulator, wrong, lambda: known.code)
        if venue is not None:
            end = logged_in(simulator, venue)
            require(
                isinstance(end, Refused),
                f"Let a log-in with a wrong password end in Refused: it ends in {one_line(end)}.",
            )

    def test_a_second_factor_is_asked_for_and_sent(self) -> None:
        """By NeedCode, whose answer goes out with the next call."""
        simulator = self.new_simulator(second_factor=True)
        venue = self.user_of(simulator)
        if venue is not None and self._has_second_factor:
            self._require_session(simulator, venue, "with a second factor")

    def test_a_wrong_code_is_refused(self) -> None:
        """As Refused, after one call with it."""
        simulator = self.new_simulator(second_factor=True)
        venue = self.logging_in(simulator, simulator.credentials, lambda: _WRONG)
        if venue is not None and self._has_second_factor:
            end = logged_in(simulator, venue)
            require(
                isinstance(end, Refused),
                f"Let a log-in with a wrong code end in Refused: it ends in {one_line(end)}.",
            )

    def test_a_second_factor_that_nobody_gives_is_refused(self) -> None:
        """Without a `code` there is nobody to ask."""
        simulator = self.new_simulator(second_factor=True)
        venue = self.logging_in(simulator, simulator.credentials, None)
        if venue is not None and self._has_second_factor:
            end = logged_in(simulator, venue)
            require(
                isinstance(end, Refused),
                f"Let a log-in that wants a code nobody gives end in Refused: it ends in {one_line(end)}.",
            )

    def test_what_can_be_had_anew_is_renewable(self) -> None:
        """A static token is not, a log-in is."""
        for venue in (self.venue(), self.simulated(self.new_simulator())):
            conversation = venue.log_in()
            step = None if conversation is None else next(conversation, None)
            require(
                venue.renewable is (step is not None),
                "Declare `renewable` true where a log-in asks for something, false for a static token or key:"
                f" it is {venue.renewable!r}, and its log-in"
                f" {'asks' if step is not None else 'asks nothing'}.",
            )

    def test_a_log_in_begins_anew_each_time(self) -> None:
        """Conversations share nothing: two of them are two log-ins."""
        venue = self.venue()
        first, second = log_in_calls(venue), log_in_calls(venue)
        require(
            len(first) == len(second) and [one.name for one in first] == [one.name for one in second],
            "Let `log_in` begin a new conversation each time it is asked: the second one differs.",
        )

    @property
    def _has_second_factor(self) -> bool:
        return (Question.LOG_IN, CodeWanted) not in self.unreachable

    def _require_session(self, simulator: Simulator, venue: Venue, how: str) -> None:
        order = simulator.place(0.0)
        end = logged_in(simulator, venue)
        require(isinstance(end, Session), f"Let a log-in {how} end in a Session: it ends in {one_line(end)}.")
        session = end if isinstance(end, Session) else None
        verdict = performed(simulator, venue.read_order(order.account, OrderId(order.order_id)), session)
        require(
            isinstance(verdict, OrderRead),
            f"Let calls bear the session of a log-in {how}: a read under it gives {one_line(verdict)}.",
        )
