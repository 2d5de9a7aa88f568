"""The public face of `countermand.testing`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from countermand import testing


def test_all_is_exactly_what_is_public() -> None:
    """Whatever has a public name is in `__all__`, sorted as the linter has it, and nothing else."""
    public = {name for name in vars(testing) if not name.startswith("_")}
    lazy = {"CANCELS", "READS", "Question", "Sample", "VenueContract"}
    assert public - {"fixtures", "contract"} == set(testing.__all__) - lazy


def test_the_contract_is_loaded_when_it_is_asked_for() -> None:
    """Each of its names, and no other."""
    assert {testing.VenueContract.__name__, testing.Sample.__name__} == {"VenueContract", "Sample"}
    assert testing.Question.READ in testing.READS
    assert testing.Question.CANCEL in testing.CANCELS
    with pytest.raises(AttributeError, match="no attribute 'VenueContracts'"):
        _ = testing.VenueContracts  # type: ignore[attr-defined]  # there is none


def test_import_costs_no_library_beyond_those_of_a_client() -> None:
    """Simulated venues can be run in process without a converter or an HTTP library of their own."""
    script = (
        "import countermand, sys; countermand.Client([]); before = set(sys.modules); "
        "import countermand.testing; added = set(sys.modules) - before; "
        "print([name for name in ('cattrs', 'httpx', 'h11', 'pytest') if name in added])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)  # noqa: S603 - our own words
    assert done.stdout.strip() == "[]"
