"""A world made ready: its simulator, its venue, and the requests of its callers."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import attrs

from countermand import Assurance, CancelRequest, ClientOrderId, OrderId, RetryPolicy
from countermand.testing import Simulator, load_simulator
from countermand.venue import Session, Stamp, Venue, load_venue
from proof.scripts import Ask, OrderScript, Script

# Entry points are looked for on the disk, each time.
_venue, _simulator = cache(load_venue), cache(load_simulator)

#: Where a world that runs in process pretends to be.
IN_PROCESS_URL = "https://venue.invalid"


@attrs.frozen(kw_only=True)
class Stage:
    """One simulator and one venue of a world."""

    script: Script
    simulator: Simulator
    venue: Venue

    @classmethod
    def built(cls, script: Script, simulator: Simulator, base_url: str) -> Stage:
        """Build the venue for a simulator that is reached at `base_url`."""
        settings = dict(script.settings)
        if script.log_in == "password":
            known = simulator.credentials
            password = _venue(simulator.name).credentials["password"]
            settings["auth"] = password(known.user, known.password)
        return cls(script=script, simulator=simulator, venue=simulator.venue(base_url, **settings))

    def request(self, order: OrderScript, ask: Ask) -> CancelRequest:
        """Make the request of one caller."""
        by_venue = self.script.stratum.identity == "order id"
        return CancelRequest(
            venue=self.venue.name,
            account=order.account,
            order=OrderId(order.order_id) if by_venue else ClientOrderId(order.client_order_id),
            assurance=Assurance(ask.assurance),
            timeout_s=ask.timeout_s,
            follow_replacement=ask.follow,
        )

    def read_all(self, now: float) -> None:
        """Read every order once, past the client: what waits for a read to be answered happens then."""
        read_all(self.simulator, self.venue, now)


def read_all(simulator: Simulator, venue: Venue, now: float, *, dead: bool = True) -> None:
    """Read every order once, past any client; the `dead` ones, too."""
    session = Session(token=simulator.tokens.issue(now))
    for order in [one for one in simulator.book.orders() if dead or not one.dead]:
        call = venue.read_order(order.account, OrderId(order.order_id))
        simulator.handle(call.sign(session, Stamp(nonce=1)), now)


def simulator_of(script: Script) -> Simulator:
    """Build the simulator, with the faults it will have."""
    simulator = _simulator(script.stratum.venue)(**script.behaviour)
    if script.rate > 0:
        seed = zlib.crc32(script.seed.encode())
        simulator.faults.at_rate(script.rate, seed=seed, choose=script.faults)
    return simulator


def client_options(script: Script, *, budget: bool) -> dict[str, Any]:
    """Give the options of a world's client: one with the default retry budget, or with none."""
    limits = {} if script.limited else {"limits": {script.stratum.venue: ()}}
    return {"max_in_flight": 64, "retry": RetryPolicy() if budget else RetryPolicy(budget=None), **limits}
