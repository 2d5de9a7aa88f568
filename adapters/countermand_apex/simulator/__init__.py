"""A simulated APEX venue, for tests of routers in any language."""

from countermand_apex.simulator._simulator import ApexSimulator

__all__ = ["ApexSimulator"]
