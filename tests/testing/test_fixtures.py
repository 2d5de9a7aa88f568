"""The pytest fixture, as a user loads it."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest
import threading
import urllib.request

from countermand.testing import LiveSimulator

pytest_plugins = ["countermand.testing.fixtures"]

def test_both_are_served(simulators):
    first = simulators("toy-venue")
    second = simulators("toy-venue", cancel_delay_s=3)
    assert first.base_url != second.base_url
    assert second.simulator.behaviour.cancel_delay_s == 3
    for live in (first, second):
        assert urllib.request.urlopen(live.control_url + "/orders").read() == b"[]"

def test_all_have_stopped():
    assert [thread.name for thread in threading.enumerate() if "simulator" in thread.name] == []
"""


def test_fixture_serves_by_name_and_stops_with_the_test(pytester: pytest.Pytester) -> None:
    """A test starts as many simulators as it likes; all of them stop with it."""
    pytester.makepyfile(
        toy_venue="""
            from countermand.testing import Simulator

            class Toy(Simulator):
                name = "toy-venue"
                def route(self, request, now): ...
                def venue(self, base_url, *, credentials=None, **settings): ...
        """
    )
    info = Path(pytester.path) / "toy-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[countermand.simulators]\ntoy-venue = toy_venue:Toy\n")
    pytester.syspathinsert()
    pytester.makepyfile(test_user=TESTS)
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=2)
