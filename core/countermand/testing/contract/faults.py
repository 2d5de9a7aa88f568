"""Whether every fault at every point of every call ends in an ack that agrees with the book."""

from __future__ import annotations

from countermand.testing._fault import EVERY_FAULT, Fault
from countermand.testing._in_process import in_process
from countermand.testing._simulator import Simulator
from countermand.testing._virtual_loop import run_virtually
from countermand.testing.contract.asking import SESSION, next_stamp
from countermand.testing.contract.examples import Examples
from countermand.testing.contract.plea import World
from countermand.testing.contract.requirement import fail, require, skip
from countermand.testing.contract.scenes import SCENES, Scene
from countermand.venue import Venue


class FaultsCases(Examples):
    """A client and the simulator, in virtual time; each fault comes once."""

    def test_a_cancel_without_a_fault_is_confirmed(self) -> None:
        """What nothing disturbs ends as it should."""
        for call, scenes in SCENES.items():
            for scene in filter(self._is_possible, scenes):
                wrong = self._told_under(scene, call, None)
                require(wrong is None, f"Mend what a client makes of the venue without any fault: {wrong}.")

    def test_every_fault_at_a_cancel_ends_in_the_truth(self) -> None:
        """Before, after, in the middle, and where the cancel acts only after the next read."""
        self._try("cancel")

    def test_every_fault_at_a_mass_cancel_ends_in_the_truth(self) -> None:
        """What is proved to be empty is empty."""
        self._try("mass-cancel")

    def test_every_fault_at_a_read_ends_in_the_truth(self) -> None:
        """Old answers and those about another order among them."""
        self._try("read")

    def test_every_fault_at_a_trail_ends_in_the_truth(self) -> None:
        """An order's changes are looked at where a receipt has no effect."""
        self._try("trail")

    def test_every_fault_at_a_listing_ends_in_the_truth(self) -> None:
        """A client order id is resolved by it."""
        self._try("open")

    def test_every_fault_at_a_history_ends_in_the_truth(self) -> None:
        """What is not open any more is looked for there."""
        self._try("history")

    def test_every_fault_at_a_list_of_accounts_ends_in_the_truth(self) -> None:
        """Accounts are told, or it is told that nobody knows them."""
        self._try("accounts")

    def test_every_fault_at_a_log_in_ends_in_the_truth(self) -> None:
        """Without a session nothing was sent."""
        self._try("log-in")

    def _try(self, call: str) -> None:
        scenes = [scene for scene in SCENES[call] if self._is_possible(scene)]
        if not scenes:
            skip(f"the venue has nothing to break: it declares no {call}")
        for scene in scenes:
            self._require_truth(scene, scene.at or call)

    def _require_truth(self, scene: Scene, at: str) -> None:
        for fault in EVERY_FAULT:
            wrong = self._told_under(scene, at, fault) if at in fault.calls else None
            require(
                wrong is None,
                f"Read what proves nothing as MayHaveActed or Unreadable: under the fault"
                f" {fault.word} at {at!r} {wrong}.",
            )

    def _is_possible(self, scene: Scene) -> bool:
        venue = self._venue_of(scene, self.new_simulator(**scene.behaviour))
        return venue is not None and scene.is_possible(venue, frozenset(self.states.values()))

    def _venue_of(self, scene: Scene, simulator: Simulator) -> Venue | None:
        return self.user_of(simulator) if scene.logs_in else self.simulated(simulator)

    def _told_under(self, scene: Scene, call: str, fault: Fault | None) -> str | None:
        simulator = self.new_simulator(**scene.behaviour)
        venue = self._venue_of(scene, simulator) or fail(
            "Let `logging_in` make a venue whenever it is asked."
        )
        faults = () if fault is None else (fault,)
        world = World(simulator=simulator, venue=venue, faults=faults, call=_named(simulator, venue, call))
        return run_virtually(_played(scene, world))


def _named(simulator: Simulator, venue: Venue, call: str) -> str:
    """Name a call as the simulator does: to some venues all listings are one."""
    if call != "open":
        return call
    request = venue.list_open(simulator.credentials.account).sign(SESSION, next_stamp())
    return simulator.call_of(request) or call


async def _played(scene: Scene, world: World) -> str | None:
    transport = in_process(world.simulator)
    wrong = await scene.play(world, transport)
    if wrong is None and scene.is_certain and world.faults and not world.simulator.faults.met:
        return f"no request came that the simulator calls {world.call!r}: tell it in its `call_of`"
    return wrong
