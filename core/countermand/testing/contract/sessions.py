"""Whether sessions are borne, renewed, shared and given back."""

from __future__ import annotations

import asyncio

from countermand import AsyncClient, CancelAck, CancelRequest, OrderId, Outcome
from countermand.testing._in_process import in_process
from countermand.testing._simulator import Simulator
from countermand.testing._virtual_loop import run_virtually
from countermand.testing.contract.asking import STAMP, log_in_calls
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.requirement import one_line, require
from countermand.testing.contract.worlds import performed, session_of
from countermand.venue import SessionRefused, Venue

#: So many cancels are under way at once.
_TOGETHER = 12


class SessionsCases(Examples):
    """Against the simulator; a venue without a log-in has nothing to fail."""

    def test_a_session_that_expired_is_refused(self) -> None:
        """As SessionRefused: the call was not processed, and goes out again under a new one."""
        simulator = self.new_simulator()
        order = simulator.place(0.0)
        venue = self.user_of(simulator)
        if venue is not None:
            session = session_of(simulator, venue)
            simulator.tokens.expire()
            verdict = performed(simulator, venue.read_order(order.account, OrderId(order.order_id)), session)
            require(
                isinstance(verdict, SessionRefused),
                f"Read the refusal of an expired session as SessionRefused: it is {one_line(verdict)}.",
            )

    def test_a_session_that_expired_is_renewed(self) -> None:
        """By one more log-in, and the cancel goes on as if nothing had been."""
        simulator = self.new_simulator()
        venue = self.user_of(simulator)
        if venue is not None:
            first, second = run_virtually(_around_an_expiry(simulator, venue))
            require(
                (first.outcome, second.outcome) == (Outcome.CANCELED, Outcome.CANCELED),
                "Declare a log-in that can be had anew `renewable`: after an expiry a cancel ends"
                f" {second.outcome.name} ({one_line(second.error or second.venue_text)}).",
            )

    def test_one_log_in_serves_many(self) -> None:
        """Who logs in for every cancel locks the user out."""
        simulator = self.new_simulator()
        venue = self.user_of(simulator)
        if venue is not None:
            acks = run_virtually(_together(simulator, venue))
            count = _log_ins(simulator, venue)
            require(
                count <= len(log_in_calls(venue)) and all(ack.outcome is Outcome.CANCELED for ack in acks),
                f"Let one session serve all calls: {_TOGETHER} cancels at once took {count} log-in calls.",
            )

    def test_a_session_that_was_given_back_is_over(self) -> None:
        """Where the venue has a log-out at all."""
        simulator = self.new_simulator()
        order = simulator.place(0.0)
        venue = self.user_of(simulator)
        session = None if venue is None else session_of(simulator, venue)
        call = None if venue is None or session is None else venue.log_out(session)
        if venue is not None and call is not None:
            performed(simulator, call, session)
            verdict = performed(simulator, venue.read_order(order.account, OrderId(order.order_id)), session)
            require(
                isinstance(verdict, SessionRefused),
                f"Let `log_out` end the session that it is given: a read after it gives {one_line(verdict)}.",
            )


async def _around_an_expiry(simulator: Simulator, venue: Venue) -> tuple[CancelAck, CancelAck]:
    async with AsyncClient([venue], transport=in_process(simulator)) as client:
        first = await client.cancel(_cancel_of_a_new_order(simulator, venue))
        simulator.tokens.expire()
        return first, await client.cancel(_cancel_of_a_new_order(simulator, venue))


async def _together(simulator: Simulator, venue: Venue) -> list[CancelAck]:
    requests = [_cancel_of_a_new_order(simulator, venue) for _ in range(_TOGETHER)]
    async with AsyncClient([venue], transport=in_process(simulator)) as client:
        return await asyncio.gather(*map(client.cancel, requests))


def _cancel_of_a_new_order(simulator: Simulator, venue: Venue) -> CancelRequest:
    order = simulator.place(asyncio.get_running_loop().time())
    return CancelRequest(
        venue=venue.name,
        account=order.account,
        order=OrderId(order.order_id),
        instrument=order.instrument,
        timeout_s=20.0,
    )


def _log_ins(simulator: Simulator, venue: Venue) -> int:
    """Count the requests that arrived for a log-in."""
    paths = {call.sign(None, STAMP).path for call in log_in_calls(venue)}
    return sum(request.path in paths for request in simulator.requests)
