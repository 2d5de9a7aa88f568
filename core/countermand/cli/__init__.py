"""The commands: `countermand simulate`, `cancel`, `venues` and `demo`."""

from countermand.cli._app import run

__all__ = ["run"]
