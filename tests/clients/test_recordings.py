"""The recorded exchanges as files: none is missing, each says where it comes from, none bears a secret."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from vcr.serializers.yamlserializer import deserialize

from countermand.testing import SimulatedCredentials
from record import SCENARIOS
from recording import HOSTS
from scenario import Scenario
from sidecar import CASSETTES, Sidecar, write_request
from tape import PLACEHOLDER, REQUEST_HEADERS, RESPONSE_HEADERS, SECRET_HEADERS

TAPES = sorted(CASSETTES.glob("*/*.yaml"))
SIDECARS = sorted(CASSETTES.glob("*/*.json"))
#: All that a simulator's log-in is made of; short ones (a user id, an account) stand in innocent places.
SECRETS = [value for value in attrs.asdict(SimulatedCredentials()).values() if len(value) > 2]

each_tape = pytest.mark.parametrize("path", TAPES, ids=lambda path: f"{path.parent.name}-{path.stem}")
each_row = pytest.mark.parametrize("row", SCENARIOS, ids=lambda row: f"{row.plugin}-{row.name}")


def interactions(path: Path) -> list[dict[str, Any]]:
    """Read a cassette as it stands in the file."""
    found: list[dict[str, Any]] = deserialize(path.read_text(encoding="utf-8"))["interactions"]  # type: ignore[no-untyped-call]  # vcrpy has no types
    return found


def test_every_cassette_has_its_sidecar() -> None:
    """There are cassettes of both venues, and beside each a file that tells of it; no name stands twice."""
    assert {path.parent.name for path in TAPES} >= {"apex", "autoshares"}
    assert [path.with_suffix("") for path in TAPES] == [path.with_suffix("") for path in SIDECARS]
    names = [(row.plugin, row.name) for row in SCENARIOS]
    assert len(set(names)) == len(names)


@each_row
def test_every_behaviour_is_recorded(row: Scenario) -> None:
    """A row of the table has its files, and they say what the table says."""
    sidecar = Sidecar.read(CASSETTES / row.plugin / f"{row.name}.json")
    assert (sidecar.source, sidecar.plugin) == ("simulator", row.plugin)
    assert [*sidecar.earlier, sidecar.request] == [write_request(request) for request in row.requests()]
    assert sidecar.expected == row.expected
    assert (CASSETTES / row.plugin / f"{row.name}.yaml").exists()


@each_tape
def test_every_cassette_says_where_it_comes_from(path: Path) -> None:
    """It is from a simulator, and then a row of the table, or from a sandbox; and it says since when."""
    sidecar = Sidecar.read(path.with_suffix(".json"))
    assert sidecar.source in HOSTS
    assert date.fromisoformat(sidecar.recorded) >= date(2026, 1, 1)
    if sidecar.source == "simulator":
        assert (path.parent.name, path.stem) in {(row.plugin, row.name) for row in SCENARIOS}


@pytest.mark.parametrize("path", [*TAPES, *SIDECARS], ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_file_bears_a_secret(path: Path) -> None:
    """No test credential stands anywhere, nor the address of the run."""
    text = path.read_text(encoding="utf-8")
    assert [secret for secret in (*SECRETS, "simulated-") if secret in text] == []
    assert re.findall(r"127\.0\.0\.1:\d+|localhost", text) == []


@each_tape
def test_no_header_bears_a_secret(path: Path) -> None:
    """Headers are those an adapter writes or reads, and the secret ones are blotted out."""
    host = HOSTS[Sidecar.read(path.with_suffix(".json")).source]
    for exchange in interactions(path):
        sent, received = exchange["request"]["headers"], exchange["response"]["headers"]
        assert set(sent) <= SECRET_HEADERS | REQUEST_HEADERS
        assert set(received) <= RESPONSE_HEADERS
        assert all(sent[name] == [PLACEHOLDER] for name in SECRET_HEADERS & set(sent))
        assert exchange["request"]["uri"].startswith(f"{host}/")


def test_secrets_were_sent_at_all() -> None:
    """The cassettes together hold every secret header there is, so that what blots them out is tried."""
    sent = {
        name for path in TAPES for exchange in interactions(path) for name in exchange["request"]["headers"]
    }
    assert sent >= SECRET_HEADERS
