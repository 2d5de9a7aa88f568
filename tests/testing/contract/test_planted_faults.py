"""Each case of the contract finds a fault that is there, and says in one sentence what to do."""

from __future__ import annotations

import re

import pytest
from tests.testing.contract import (
    planted_calls,
    planted_plays,
    planted_readers,
    planted_receipts,
    planted_settings,
)
from tests.testing.contract.planting import Planted

from countermand.testing import VenueContract

PLANTED = {
    **planted_settings.PLANTED,
    **planted_calls.PLANTED,
    **planted_readers.PLANTED,
    **planted_plays.PLANTED,
    **planted_receipts.PLANTED,
}
ROWS = [
    pytest.param(planted, case, id=f"{name}: {case}")
    for name, planted in PLANTED.items()
    for case in planted.cases
]
SENTENCE = re.compile(r"[A-Z][^\n]*[^.\n]\.")
CASES = {name for name in dir(VenueContract) if name.startswith("test_")}


@pytest.mark.parametrize(("planted", "case"), ROWS)
def test_a_planted_fault_is_found(planted: Planted, case: str) -> None:
    """By the case that is for it, which fails with one sentence."""
    with pytest.raises((AssertionError, pytest.skip.Exception)) as found:
        getattr(planted.contract(), case)()
    assert isinstance(found.value, AssertionError), f"skipped: {found.value}"
    assert SENTENCE.fullmatch(str(found.value)), str(found.value)


def test_every_case_finds_a_fault() -> None:
    """A case that none of the planted faults fails could as well be left out."""
    assert {case for planted in PLANTED.values() for case in planted.cases} == CASES


def test_there_are_faults_enough() -> None:
    """At least 40 cases, and 40 faults."""
    assert len(CASES) >= 40
    assert len(PLANTED) >= 40
