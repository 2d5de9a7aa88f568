"""Plays world after world of mass cancels until enough were judged."""

from __future__ import annotations

import pickle
import random
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from proof.mass.drawing import MassDrawer
from proof.mass.plants import MASS_PLANTS, planted
from proof.mass.playing import client_options, play
from proof.mass.scripts import MassScript
from proof.mass.tally import MassTally
from proof.mass.told import MassPlayed
from proof.options import Options


def run_all(options: Options) -> MassTally:
    """Run a shard, in as many processes as there shall be, and add up."""
    parts = options.parts()
    if len(parts) == 1:
        return run(options)
    total = MassTally()
    with ProcessPoolExecutor(len(parts), get_context("spawn")) as processes:
        for tally in processes.map(run, parts):
            total.merge(tally)
    return total


def run(options: Options) -> MassTally:
    """Run one shard in this process."""
    tally = MassTally()
    with planted(options.plant):
        while tally.asked < options.quota and not _found(options, tally):
            began, lied = time.monotonic(), tally.lied
            script = _drawn(options, tally.worlds)
            tally.add(played(script, budget=options.budget))
            tally.seconds += time.monotonic() - began
            if options.keep is not None and tally.lied > lied:
                options.keep.mkdir(parents=True, exist_ok=True)
                name = f"mass-{script.seed.replace('/', '-')}.world"
                (options.keep / name).write_bytes(pickle.dumps(script))
    return tally


def played(script: MassScript, *, budget: bool) -> MassPlayed:
    """Play one world."""
    return play(script, client_options(script, budget=budget))


def _found(options: Options, tally: MassTally) -> bool:
    """Tell whether what was planted was found."""
    return options.plant is not None and tally.lies[MASS_PLANTS[options.plant].lie] > 0


def _drawn(options: Options, number: int) -> MassScript:
    seed = f"mass/{options.seed}/{options.shard}of{options.shards}/{number}"
    drawer = MassDrawer(chance=random.Random(seed), rate=options.rate)
    return drawer.script(index=number, seed=seed)
