"""Plays world after world until enough cancels were judged; can stop and go on."""

from __future__ import annotations

import json
import math
import pickle
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from proof.cells import CLIENTS, NOT_IN_PROCESS, NOT_PLAINLY, Plan
from proof.drawing import Drawer
from proof.options import Options
from proof.pace import SOCKETS, VIRTUAL
from proof.plants import PLANTS, planted
from proof.scripts import Script
from proof.stage import client_options
from proof.tally import Tally
from proof.tasks import play_in_process, play_over_sockets
from proof.threads import play_in_threads
from proof.told import Played

#: How often the state is saved, in seconds.
_SAVE_EVERY_S = 20.0
#: How many worlds over sockets are played at once.
_SOCKETS_AT_ONCE = 12
#: One in so many worlds over sockets has the client for tasks.
_TASKS_OVER_SOCKETS = 8
#: One in so many of them speaks TLS.
_TLS_OVER_SOCKETS = 3


def run_all(options: Options) -> Tally:
    """Run a shard, in as many processes as there shall be, and add up."""
    parts = options.parts()
    if len(parts) == 1:
        return run(options)
    total = Tally()
    with ProcessPoolExecutor(len(parts), get_context("spawn")) as processes:
        for tally in processes.map(run, parts):
            total.merge(tally)
    return total


def run(options: Options) -> Tally:
    """Run one shard in this process, from where it stopped."""
    with planted(options.plant):
        return _run(options)


def _run(options: Options) -> Tally:
    tally = load(options.resume, options) or Tally()
    plan = Plan(met=tally.met)
    saved_at = time.monotonic()
    while tally.cancels < options.quota and not _found(options, tally):
        began = time.monotonic()
        for played in _played(options, _batch(options, tally, plan)):
            lied = tally.lied
            tally.add(played)
            if options.keep is not None and tally.lied > lied:
                _keep(options.keep, played.script)
        tally.seconds += time.monotonic() - began
        if time.monotonic() - saved_at > _SAVE_EVERY_S:
            saved_at = time.monotonic()
            _save(options, tally)
            _tell(options, tally)
    _save(options, tally)
    return tally


def play(script: Script, *, budget: bool) -> Played:
    """Play one world where it belongs."""
    options = client_options(script, budget=budget)
    if not script.sockets:
        return play_in_process(script, options)
    return (play_in_threads if script.stratum.client == "sync" else play_over_sockets)(script, options)


def _found(options: Options, tally: Tally) -> bool:
    """Tell whether what was planted was found."""
    return options.plant is not None and tally.lies[PLANTS[options.plant].lie] > 0


def _played(options: Options, scripts: list[Script]) -> list[Played]:
    if len(scripts) == 1:
        return [play(scripts[0], budget=options.budget)]
    with ThreadPoolExecutor(len(scripts)) as worlds:
        return list(worlds.map(lambda script: play(script, budget=options.budget), scripts))


def _batch(options: Options, tally: Tally, plan: Plan) -> list[Script]:
    """Draw one world in process, or several over sockets, where most of the time is spent waiting."""
    if tally.sockets >= options.sockets * (tally.cancels + 1):
        return [_drawn(options, tally.worlds, plan, sockets=False)]
    left = max(1, math.ceil((options.quota - tally.cancels) * options.sockets / SOCKETS.orders))
    numbers = range(tally.worlds, tally.worlds + min(_SOCKETS_AT_ONCE, left))
    return [_drawn(options, number, plan, sockets=True) for number in numbers]


def _drawn(options: Options, number: int, plan: Plan, *, sockets: bool) -> Script:
    seed = f"{options.seed}/{options.shard}of{options.shards}/{number}"
    chance = random.Random(seed)
    clients = CLIENTS[1:] if sockets and number % _TASKS_OVER_SOCKETS else CLIENTS[:1]
    tls = sockets and number % _TLS_OVER_SOCKETS == 0
    without = (NOT_PLAINLY if not tls else frozenset()) if sockets else NOT_IN_PROCESS
    stratum, kinds = plan.next(chance, clients=clients, without=without)
    drawer = Drawer(chance=chance, pace=SOCKETS if sockets else VIRTUAL, stratum=stratum, rate=options.rate)
    return drawer.script(index=number, seed=seed, sockets=sockets, tls=tls, kinds=kinds)


def load(path: Path | None, options: Options) -> Tally | None:
    """Load what a shard saw so far; raises `ValueError` for another run's state."""
    if path is None or not path.exists():
        return None
    state = json.loads(path.read_text())
    if state["run"] != options.command:
        raise ValueError(f"that state is of another run: {state['run']}")
    return Tally.from_dict(state["tally"])


def _save(options: Options, tally: Tally) -> None:
    if options.resume is None:
        return
    beside = options.resume.with_name(options.resume.name + ".new")
    beside.write_text(json.dumps({"run": options.command, "tally": tally.to_dict()}))
    beside.replace(options.resume)


def _tell(options: Options, tally: Tally) -> None:
    pace = tally.cancels / tally.seconds if tally.seconds else 0.0
    words = f"{tally.cancels} of {options.quota} cancels, {pace:.0f} a second, {tally.lied} lies"
    print(f"shard {options.shard}/{options.shards}: {words}", file=sys.stderr, flush=True)


def _keep(folder: Path, script: Script) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / (script.seed.replace("/", "-") + ".world")).write_bytes(pickle.dumps(script))
