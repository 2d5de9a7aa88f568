"""Record cassettes: every behaviour at the simulated venues, or one cancel at a configured venue.

python cassettes/record.py
python cassettes/record.py --config countermand.toml --venue NAME --account A --order ID --name BEHAVIOUR
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs

import apex_scenarios
import autoshares_scenarios
from countermand import Assurance, AsyncClient, CancelRequest, ClientOrderId, OrderId
from countermand.errors import CountermandError
from countermand.testing import LiveSimulator, SimulatedCredentials, load_simulator, running
from countermand.venue import Venue, load_venue, venues
from recording import Recording, RecordingError
from scenario import Scenario
from sidecar import CASSETTES

#: Every behaviour there is a cassette of.
SCENARIOS: tuple[Scenario, ...] = (*apex_scenarios.SCENARIOS, *autoshares_scenarios.SCENARIOS)


def main(arguments: Sequence[str], folder: Path = CASSETTES) -> int:
    """Record what the command line asks for; 0 when all of it is on tape, 2 when not."""
    options = _options(arguments)
    failures = 0
    for work in _works(options, folder):
        try:
            print(work(), flush=True)
        except (CountermandError, RecordingError) as error:
            failures += 1
            print(f"record.py: {error}", file=sys.stderr)
    return 2 if failures else 0


def _works(options: argparse.Namespace, folder: Path) -> list[Callable[[], str]]:
    if options.config is not None:
        return [partial(record_cancel, options, folder)]
    chosen = [row for row in SCENARIOS if options.name in (None, row.name)]
    return [partial(record_scenario, row, folder) for row in chosen]


def record_scenario(scenario: Scenario, folder: Path) -> str:
    """Record one behaviour at its simulated venue; raises `RecordingError` for an ack other than expected."""
    simulator = load_simulator(scenario.plugin)(venue=scenario.switches, **scenario.behaviour)
    with running(simulator) as live:
        _prepare(live, scenario)
        venue = _simulated_venue(live, scenario)
        sidecar = Recording(
            stem=folder / scenario.plugin / scenario.name,
            source="simulator",
            plugin=scenario.plugin,
            venue=venue,
            client=lambda transport: AsyncClient([venue], transport=transport),
            requests=scenario.requests(),
            between=lambda: live.call(lambda _now: simulator.tokens.expire()),
        ).record()
    told = f"{scenario.plugin}/{scenario.name}"
    if sidecar.expected != scenario.expected:
        raise RecordingError(f"{told}: expected {scenario.expected}, got {sidecar.expected}")
    return told


def record_cancel(options: argparse.Namespace, folder: Path) -> str:
    """Record one cancel at a configured venue, and tell what its ack says, for somebody to look at."""
    venue = _configured(options)
    plugin = _plugin_of(venue)
    stem: Path = folder / (options.plugin_folder or plugin) / options.name
    if stem.with_suffix(".yaml").exists():
        raise RecordingError(f"{stem}.yaml exists: remove it, or take another --name")
    request = CancelRequest(
        venue=venue.name,
        account=options.account,
        order=OrderId(options.order) if options.order else ClientOrderId(options.client_order),
        request_id=f"{options.name}-1",
        assurance=Assurance(options.assurance),
        timeout_s=options.timeout,
    )
    sidecar = Recording(
        stem=stem,
        source="sandbox",
        plugin=plugin,
        venue=venue,
        client=lambda transport: AsyncClient.from_config(options.config, transport=transport),
        requests=[request],
    ).record()
    return f"{stem}: {sidecar.expected}"


def _prepare(live: LiveSimulator, scenario: Scenario) -> None:
    def act(now: float) -> None:
        for fields in scenario.orders:
            live.simulator.place(now, **fields)
        for order_id in scenario.replaced:
            live.simulator.replace(order_id, now)

    live.call(act)


def _simulated_venue(live: LiveSimulator, scenario: Scenario) -> Venue:
    known = attrs.evolve(live.simulator.credentials, **scenario.wrong)
    fields = dict(scenario.auth or {})
    kind = fields.pop("kind", None)
    auth = {"auth": _credential(scenario.plugin, kind, fields, known)} if kind else {}
    return live.simulator.venue(live.base_url, credentials=known, **scenario.settings, **auth)


def _credential(plugin: str, kind: str, auth: Mapping[str, Any], known: SimulatedCredentials) -> object:
    fields = {name: value for name, value in auth.items() if name != "kind"}
    values = {
        name: getattr(known, value) if isinstance(value, str) else value for name, value in fields.items()
    }
    if "code" in values:  # a second factor is always asked for
        values["code"] = lambda: known.code
    return load_venue(plugin).credentials[kind](**values)


def _configured(options: argparse.Namespace) -> Venue:
    configured = {venue.name: venue for venue in AsyncClient.from_config(options.config).venues}
    if options.venue not in configured:
        known = ", ".join(sorted(configured))
        raise RecordingError(f"--venue: {options.config} has no venue {options.venue!r}; it has: {known}")
    return configured[options.venue]


def _plugin_of(venue: Venue) -> str:
    return next(name for name in venues() if load_venue(name).venue is type(venue))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Record the cassettes anew, or one at a configured venue.")
    parser.add_argument("--name", help="the behaviour; without it all those of the simulated venues")
    one = parser.add_argument_group("one cancel at a configured venue")
    one.add_argument("--config", type=Path, help="a client's configuration file")
    for name in ("venue", "account", "order", "client-order", "plugin-folder"):
        one.add_argument(f"--{name}")
    one.add_argument("--assurance", default="confirmed", choices=[each.value for each in Assurance])
    one.add_argument("--timeout", type=float, default=10.0, help="seconds")
    options = parser.parse_args(arguments)
    if options.config is not None:
        if not (options.venue and options.account and options.name):
            parser.error("--config needs --venue, --account and --name")
        if bool(options.order) is bool(options.client_order):
            parser.error("--config needs either --order or --client-order")
    return options


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
