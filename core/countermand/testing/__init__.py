"""Simulated venues for tests, in any language: what a venue's simulator is built on, and how it is served.

The lower layers are pure: a `Simulator` answers request values with reply values in a time that is passed
in, so that many venues can run in one process in virtual time.
"""

from countermand.testing._behaviour import EVERY_ORDER, Behaviour
from countermand.testing._book import Book
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._discovery import load_simulator, simulators
from countermand.testing._order import CONTROL, SimulatedOrder
from countermand.testing._reply import SILENCE, Reply, json_response, json_text, text_response
from countermand.testing._server import LiveSimulator, running, serving
from countermand.testing._simulator import ReceivedRequest, Simulator
from countermand.testing._tokens import Tokens

__all__ = [
    "CONTROL",
    "EVERY_ORDER",
    "SILENCE",
    "Behaviour",
    "Book",
    "LiveSimulator",
    "ReceivedRequest",
    "Reply",
    "SimulatedCredentials",
    "SimulatedOrder",
    "Simulator",
    "Tokens",
    "json_response",
    "json_text",
    "load_simulator",
    "running",
    "serving",
    "simulators",
    "text_response",
]
