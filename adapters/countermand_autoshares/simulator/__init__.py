"""A simulated AutoShares: real answers on real orders, all in memory."""

from countermand_autoshares.simulator._simulator import AutoSharesSimulator

__all__ = ["AutoSharesSimulator"]
