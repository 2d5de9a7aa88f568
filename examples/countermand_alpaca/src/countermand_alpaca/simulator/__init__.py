"""A simulated Alpaca: real answers on real orders, all in memory."""

from countermand_alpaca.simulator._simulator import AlpacaSimulator

__all__ = ["AlpacaSimulator"]
