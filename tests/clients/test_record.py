"""The command that records: what it makes anew is what is kept, without anything of a venue's user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from vcr.serializers.yamlserializer import deserialize

from countermand import CancelAck, Reason
from countermand.testing import LiveSimulator, load_simulator, running
from record import SCENARIOS, main, record_scenario
from recording import RecordingError
from sidecar import CASSETTES, Expected, Sidecar
from tape import Tape

Perform = Callable[..., Sequence[CancelAck]]

CONFIGURATION = """
[venues.mine]
plugin = "autoshares"
base_url = "{base_url}"
read_lag_s = 0.0
app_key = {{env = "APP_KEY"}}
auth = {{kind = "password", username = "router", password = {{env = "PASSWORD"}}}}
"""

ONE = "--config x.toml --venue a --account 9 --name n"


def exchanges(path: Path) -> list[tuple[Any, ...]]:
    """Read what was asked on a tape, and under which status it was answered."""
    found = deserialize(path.read_text(encoding="utf-8"))["interactions"]  # type: ignore[no-untyped-call]  # vcrpy has no types
    asked = [(each["request"], each["response"]["status"]["code"]) for each in found]
    return [(each["method"], each["uri"], each["body"], status) for each, status in asked]


@contextmanager
def configured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[LiveSimulator, list[str]]]:
    """Serve a venue that a configuration file names, and give the options that reach it."""
    simulator = load_simulator("autoshares")()
    monkeypatch.setenv("APP_KEY", simulator.credentials.app_key)
    monkeypatch.setenv("PASSWORD", simulator.credentials.password)
    with running(simulator) as live:
        file = folder / "countermand.toml"
        file.write_text(CONFIGURATION.format(base_url=f"{live.base_url}/api"), encoding="utf-8")
        yield live, ["--config", str(file), "--account", "9", "--venue", "mine"]


@pytest.mark.parametrize("name", ["working", "expired_token", "unknown_order"])
def test_recording_anew(name: str, tmp_path: Path) -> None:
    """What is recorded anew asks the same and is answered the same as what is kept, at each venue."""
    assert main(["--name", name], tmp_path) == 0
    for plugin in ("apex", "autoshares"):
        new, kept = tmp_path / plugin / f"{name}.yaml", CASSETTES / plugin / f"{name}.yaml"
        assert sorted(exchanges(new)) == sorted(exchanges(kept))
        sidecars = [Sidecar.read(path.with_suffix(".json")) for path in (new, kept)]
        # Settings that a plugin has had since are in no earlier sidecar: they stand as they do untold.
        told = {**sidecars[0].venue, **sidecars[1].venue}
        assert attrs.evolve(sidecars[0], recorded="") == attrs.evolve(sidecars[1], recorded="", venue=told)


def test_an_unexpected_ack_is_no_recording(tmp_path: Path) -> None:
    """A behaviour whose ack is not what the table says is told, with both."""
    row = attrs.evolve(SCENARIOS[0], expected=attrs.evolve(SCENARIOS[0].expected, reason=Reason.TOO_LATE))
    with pytest.raises(RecordingError, match=r"apex/working: expected .*TOO_LATE.*, got .*reason=None"):
        record_scenario(row, tmp_path)


def test_recording_at_a_configured_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, perform: Perform
) -> None:
    """One cancel at any venue makes a cassette without user and host, which plays to both clients."""
    with configured(tmp_path, monkeypatch) as (live, options):
        live.call(lambda now: live.simulator.place(now, order_id="6500", client_order_id="c-7"))
        assert main([*options, "--client-order", "c-7", "--name", "theirs"], tmp_path) == 0
        secrets = {*attrs.asdict(live.simulator.credentials).values()} - {"9", "13", "81"}
        host = live.base_url.removeprefix("http://")
    path = tmp_path / "autoshares" / "theirs.yaml"
    text = path.read_text(encoding="utf-8") + path.with_suffix(".json").read_text(encoding="utf-8")
    assert not any(secret in text for secret in (*secrets, host, "simulated-"))
    assert all(uri.startswith("https://venue.invalid/api/") for _, uri, *_ in exchanges(path))
    sidecar = Sidecar.read(path.with_suffix(".json"))
    assert (sidecar.source, sidecar.plugin) == ("sandbox", "autoshares")
    transport = httpx.AsyncHTTPTransport(trust_env=False)
    with Tape(path=path, base_url="https://venue.invalid").playing(polls=sidecar.polls) as cassette:
        acks = perform(sidecar.build(), *sidecar.requests(), transport=transport)
    asyncio.run(transport.aclose())
    assert Expected.of(acks[0]) == sidecar.expected
    assert cassette.all_played


def test_a_recording_that_would_leak_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A venue that shows a secret where none is expected leaves no file."""
    with configured(tmp_path, monkeypatch) as (live, options):
        password = live.simulator.credentials.password
        live.call(lambda now: live.simulator.place(now, order_id="6500", instrument=password))
        assert main([*options, "--order", "6500", "--name", "leak"], tmp_path) == 2
    assert "a secret stands in an unexpected place" in capsys.readouterr().err
    assert [*tmp_path.glob("*/*")] == []


def test_a_recording_of_the_same_name_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cassette must be removed before another cancel is recorded under its name."""
    with configured(tmp_path, monkeypatch) as (live, options):
        live.call(lambda now: live.simulator.place(now, order_id="6500"))
        command = [*options, "--order", "6500", "--name", "once", "--plugin-folder", "etna"]
        assert main([*command, "--assurance", "received"], tmp_path) == 0
        before = (tmp_path / "etna" / "once.yaml").read_bytes()
        assert main(command, tmp_path) == 2
        assert len(live.simulator.requests) == 3  # log-in, cancel, log-out
    assert "exists: remove it, or take another --name" in capsys.readouterr().err
    assert (tmp_path / "etna" / "once.yaml").read_bytes() == before


def test_an_unknown_venue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A venue that is not configured is a mistake in the command, told with those that are."""
    with configured(tmp_path, monkeypatch) as (_, options):
        assert main([*options, "--venue", "other", "--order", "1", "--name", "none"], tmp_path) == 2
    assert "has no venue 'other'; it has: mine" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--config x.toml", "--config needs --venue, --account and --name"),
        (ONE, "--config needs either --order or --client-order"),
        (f"{ONE} --order 1 --client-order 2", "--config needs either --order or --client-order"),
    ],
    ids=["no venue", "no order", "two orders"],
)
def test_incomplete_commands(
    options: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is missing is said before anything is sent."""
    with pytest.raises(SystemExit):
        main(options.split(), tmp_path)
    assert message in capsys.readouterr().err
