"""A configuration with a broken venue: told with key and source, and no harm to the others."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from countermand import AsyncClient, Client, KillReport, Scope, ScopeState
from countermand._config import load_configuration
from countermand.errors import ConfigurationError, UnknownVenueError
from countermand.testing import Simulator, in_process, load_simulator, run_virtually

Write = Callable[[str], Path]
Install = Callable[..., None]

HERE = "http://127.0.0.1:1"
GOOD = """
[venues.apex]
plugin = "apex"
base_url = "https://api.venue.example:8443"
read_lag_s = 0.05
auth = {kind = "session-token", token = "t0k3n"}
accounts = ["9"]
"""
ACME = '\n[venues.acme]\nplugin = "acme"\nauth = {kind = "token"}\naccounts = ["1"]\n'
SOURCE = "the plugin 'acme' (countermand_acme:PLUGIN of countermand_acme 1)"
PLUGIN = """
from countermand.venue import Plugin

class Token:
    def __init__(self, text="none"):
        self.text = text

class Acme:
    def __init__(self, name, auth):
        {body}

PLUGIN = Plugin(contract=1, venue={venue}, summary="acme", credentials={{"token": {credential}}})
"""
FINE = "self.name = name"


def plugin(body: str = FINE, venue: str = "Acme", credential: str = "Token") -> str:
    """Write the module of a plugin."""
    return PLUGIN.format(body=body, venue=venue, credential=credential)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file."""

    def to_file(text: str) -> Path:
        path = tmp_path / "countermand.toml"
        path.write_text(text)
        return path

    return to_file


# (module of the plugin, what is told behind the file's name)
BROKEN: dict[str, tuple[str, str]] = {
    "at import": (
        "raise RuntimeError('out of order')",
        f"venues.acme.plugin: {SOURCE} cannot be loaded: RuntimeError: out of order; installed are: ",
    ),
    "another contract": (
        plugin().replace("contract=1", "contract=2"),
        f"venues.acme.plugin: {SOURCE} is made for contract 2, this core speaks 1",
    ),
    "a venue that cannot be made": (
        plugin("raise RuntimeError('no venue')"),
        f"venues.acme: {SOURCE} raised RuntimeError: no venue",
    ),
    "a venue that exits": (plugin("raise SystemExit(1)"), f"venues.acme: {SOURCE} raised SystemExit: 1"),
    "a venue with another name": (
        plugin("self.name = 'apex'"),
        f"venues.acme: {SOURCE} names it 'apex', expected 'acme'",
    ),
    "a venue with an int for a name": (
        plugin("self.name = 7"),
        f"venues.acme: {SOURCE} names it 7, expected 'acme'",
    ),
    "a credential that cannot be made": (
        plugin(credential="lambda: 1 / 0"),
        f"venues.acme.auth: {SOURCE} raised ZeroDivisionError: division by zero",
    ),
    "settings that cannot be listed": (
        plugin(venue="type"),
        f"venues.acme: {SOURCE} has settings that cannot be listed: ",
    ),
}


@pytest.mark.parametrize(("module", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_is_told_and_harms_no_other(
    write: Write, install: Install, module: str, words: str
) -> None:
    """All or nothing is for routers; whoever asks for the others gets them, and is told."""
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme=module)
    path = write(ACME + GOOD)
    with pytest.raises(ConfigurationError) as raised:
        Client.from_config(path)
    assert str(raised.value).startswith(f"{path}: {words}")
    client = Client.from_config(path, skip_broken=True)
    assert [venue.name for venue in client.venues] == ["apex"]
    assert client.accounts == {"apex": ("9",)}
    assert client.broken == {"acme": str(raised.value)}


def test_an_interrupt_while_a_venue_is_made_goes_through(write: Write, install: Install) -> None:
    """It is the user's."""
    module = plugin("raise KeyboardInterrupt")
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme=module)
    with pytest.raises(KeyboardInterrupt):
        Client.from_config(write(ACME), skip_broken=True)


def test_a_venue_that_is_not_named_is_not_even_imported(write: Write, install: Install) -> None:
    """Whoever cancels at one venue needs no other, however broken that is."""
    install("countermand_acme", {"acme": "countermand_acme:PLUGIN"}, countermand_acme="raise SystemExit(1)")
    path = write("[client]\nmax_in_flight = 2\n" + ACME + GOOD + "\n[venues]\nrock = 7\n")
    client = Client.from_config(path, venues=["apex", "apex"])
    assert [venue.name for venue in client.venues] == ["apex"]
    assert client.broken == {}
    assert "countermand_acme" not in sys.modules
    assert load_configuration(path, ["apex"]).client == {"max_in_flight": 2}
    with pytest.raises(
        UnknownVenueError, match=r"no venue named 'gravel' is configured; there are: acme, ap"
    ):
        Client.from_config(path, venues=["apex", "gravel"])


def test_no_venue_is_named(write: Write) -> None:
    """Then there is none."""
    assert Client.from_config(write(GOOD), venues=[]).venues == ()


TABLES = {
    "no table": ("[venues]\nacme = 7\n", "venues: acme: expected a table, got int"),
    "accounts": ('[venues.acme]\nplugin = "apex"\naccounts = 7\n', "venues.acme.accounts: expected a list"),
    "limits": ('[venues.acme]\nplugin = "apex"\nlimits = 7\n', "venues.acme.limits: expected a list"),
    "a plugin that is not there": ('[venues.acme]\nplugin = "rock"\n', "venues.acme.plugin: no plugin named"),
    "a secret that is not there": (
        GOOD.replace("apex]", "acme]").replace('"t0k3n"', '{env = "NOT_SET_ANYWHERE"}'),
        "venues.acme.auth.token: the environment variable NOT_SET_ANYWHERE is not set",
    ),
}


@pytest.mark.parametrize(("table", "words"), TABLES.values(), ids=TABLES.keys())
def test_a_table_that_is_broken_harms_no_other(write: Write, table: str, words: str) -> None:
    """Nor does a mistake in one table."""
    path = write(table + GOOD)
    client = AsyncClient.from_config(path, skip_broken=True)
    assert [venue.name for venue in client.venues] == ["apex"]
    assert client.broken["acme"].startswith(f"{path}: {words}")


def in_file(write: Write, simulator: Simulator) -> Path:
    """Configure a simulated venue beside a broken one."""
    good = GOOD.replace("https://api.venue.example:8443", HERE)
    return write("[venues]\nacme = 7\n" + good.replace("t0k3n", simulator.credentials.session_token))


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_kill_of_what_is_configured_tells_of_what_is_broken(
    write: Write, kind: type[Client | AsyncClient]
) -> None:
    """It is not proved, whatever became of the others."""
    simulator = load_simulator("apex")()
    simulator.place(0.0)
    path, transport = in_file(write, simulator), in_process(simulator)
    made = kind.from_config(path, skip_broken=True, transport=transport)

    async def main(client: AsyncClient) -> tuple[KillReport, KillReport]:
        async with client:
            return await client.kill(), await client.kill([Scope.account("apex", "9")])

    if isinstance(made, Client):
        with made:
            report, named = made.kill(), made.kill([Scope.account("apex", "9")])
    else:
        report, named = run_virtually(main(made))
    assert [one.state for one in report.reports] == [ScopeState.PROVED_EMPTY]
    assert report.undiscovered == {"acme": f"{path}: venues: acme: expected a table, got int"}
    assert (report.proved, named.proved) == (False, True)


def test_a_kill_where_all_is_broken_says_why(write: Write) -> None:
    """There is nothing to kill, for nothing could be read."""
    with (
        Client.from_config(write("[venues]\nacme = 7\n"), skip_broken=True) as client,
        pytest.raises(ConfigurationError, match="venues: acme: expected a table, got int"),
    ):
        client.kill()
