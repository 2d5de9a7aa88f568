"""Simulated venues for tests, in any language: what a venue's simulator is built on, and how it is served.

The lower layers are pure: a `Simulator` answers request values with reply values in a time that is passed
in, so that many venues can run in one process in virtual time. `VenueContract` is what the tests of a
plugin subclass; it is loaded when it is asked for.
"""

import typing as _typing

from countermand.testing._answers import Answers, RefusalError
from countermand.testing._ask import Ask
from countermand.testing._asked import Asked
from countermand.testing._behaviour import EVERY_ORDER, Behaviour
from countermand.testing._book import Book
from countermand.testing._credentials import SimulatedCredentials
from countermand.testing._desk import PLAIN, Grant
from countermand.testing._discovery import load_simulator, simulators
from countermand.testing._fault import CALLS, EVERY_FAULT, POSSIBLE, Fault, FaultKind, Point
from countermand.testing._fault_json import fault_from_word
from countermand.testing._faults import Faults
from countermand.testing._in_process import in_process
from countermand.testing._order import CONTROL, SimulatedOrder
from countermand.testing._pages import Pages, cut_after
from countermand.testing._received import Drawn, ReceivedRequest
from countermand.testing._reply import SILENCE, Reply, WireTrouble, json_response, json_text, text_response
from countermand.testing._route import Route
from countermand.testing._server import LiveSimulator, running, serving
from countermand.testing._simulator import Simulator
from countermand.testing._tokens import Tokens
from countermand.testing._virtual_loop import VirtualLoop, run_virtually

if _typing.TYPE_CHECKING:
    from countermand.testing.contract import CANCELS, READS, Question, Sample, VenueContract

__all__ = [
    "CALLS",
    "CANCELS",
    "CONTROL",
    "EVERY_FAULT",
    "EVERY_ORDER",
    "PLAIN",
    "POSSIBLE",
    "READS",
    "SILENCE",
    "Answers",
    "Ask",
    "Asked",
    "Behaviour",
    "Book",
    "Drawn",
    "Fault",
    "FaultKind",
    "Faults",
    "Grant",
    "LiveSimulator",
    "Pages",
    "Point",
    "Question",
    "ReceivedRequest",
    "RefusalError",
    "Reply",
    "Route",
    "Sample",
    "SimulatedCredentials",
    "SimulatedOrder",
    "Simulator",
    "Tokens",
    "VenueContract",
    "VirtualLoop",
    "WireTrouble",
    "cut_after",
    "fault_from_word",
    "in_process",
    "json_response",
    "json_text",
    "load_simulator",
    "run_virtually",
    "running",
    "serving",
    "simulators",
    "text_response",
]

_OF_THE_CONTRACT = ("CANCELS", "READS", "Question", "Sample", "VenueContract")

if not _typing.TYPE_CHECKING:  # else every name would be one

    def __getattr__(name: str) -> object:
        if name not in _OF_THE_CONTRACT:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from countermand.testing import contract  # noqa: PLC0415 - who only simulates needs no test class

        return getattr(contract, name)
