"""The commands, from `countermand cancel` to `countermand kill`, and the demo."""

from countermand.cli._app import run

__all__ = ["run"]
