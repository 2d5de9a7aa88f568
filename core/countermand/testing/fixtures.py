"""Fixtures for tests against simulated venues: `pytest_plugins = ["countermand.testing.fixtures"]`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from countermand.testing._discovery import load_simulator
from countermand.testing._server import LiveSimulator, running


@pytest.fixture
def simulators() -> Iterator[Callable[..., LiveSimulator]]:
    """Start simulators by name, `simulators("name", cancel_delay_s=0.2)`; all of them stop with the test."""
    with ExitStack() as stack:

        def start(name: str, **behaviour: Any) -> LiveSimulator:
            return stack.enter_context(running(load_simulator(name)(**behaviour)))

        yield start
