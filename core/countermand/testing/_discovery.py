"""How a simulator is found: the entry-point group `countermand.simulators`, one class each."""

from __future__ import annotations

from countermand._entry_points import installed, load
from countermand.errors import PluginError
from countermand.testing._simulator import Simulator

GROUP = "countermand.simulators"


def simulators() -> tuple[str, ...]:
    """Name the installed simulators, sorted; none of them is imported."""
    return installed(GROUP)


def load_simulator(name: str) -> type[Simulator]:
    """Load the one simulator of that name; raises `PluginError` for none, two, or a broken one."""
    simulator, title = load(GROUP, name, "simulator")
    if not (isinstance(simulator, type) and issubclass(simulator, Simulator)):
        raise PluginError(f"{title} is {simulator!r}, expected a subclass of Simulator")
    return simulator
