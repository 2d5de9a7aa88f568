"""Ways to break mass cancels, each of which the judge must find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import attrs

from countermand import PlacedAfter
from countermand_apex import Apex
from proof.mass.judge import NATIVE_TWICE, OUTSIDE, PLACED_LATER, RAISED, TOO_MANY
from proof.plants import Break, Plant, replaced

_HEIRS = ("_sweep._proof.succeeds_a_target", "_sweep._proof.may_succeed_a_target")
_PROOF_USERS = ("_sweep._steps.proof", "_sweep._report.proof", "_sweep._residue.proof")


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Break the library in one way for a while; None leaves it alone."""
    with ExitStack() as stack:
        if name is not None:
            MASS_PLANTS[name].breaks(stack)
        yield


def _told_otherwise(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Break:
    """Break it by what a sweep is told of what was asked for."""

    def plant(stack: ExitStack) -> None:
        from countermand._sweep._facts import Sweep  # noqa: PLC0415 - only for who breaks it

        replaced(lambda **facts: Sweep(**{**facts, **change(facts)}), "_engine._sweeps.Sweep")(stack)

    return plant


def _keep_is_ignored(_facts: dict[str, Any]) -> dict[str, Any]:
    return {"placed_after": PlacedAfter.CANCEL}


def _a_second_more(facts: dict[str, Any]) -> dict[str, Any]:
    return {"deadline": facts["deadline"] + 1.0}


def _proof_by(change: Callable[[Callable[[Any], Any], Any], Any]) -> Break:
    """Break it by what it takes for a proof."""

    def plant(stack: ExitStack) -> None:
        from countermand._sweep._proof import proof  # noqa: PLC0415 - only for who breaks it

        replaced(lambda sweep: change(proof, sweep), *_PROOF_USERS)(stack)

    return plant


def _one_listing(proof: Callable[[Any], Any], sweep: Any) -> Any:
    found = proof(sweep)
    return attrs.evolve(found, second=found.second or found.first)


def _last_ack_is_lost(stack: ExitStack) -> None:
    from countermand._sweep import _report  # noqa: PLC0415 - only for who breaks it

    acks = _report._acks  # noqa: SLF001 - only for who breaks it
    stack.enter_context(patch("countermand._sweep._report._acks", lambda *facts: list(acks(*facts))[:-1]))


def _no_cap(stack: ExitStack) -> None:
    replaced(50, "_sweep._targets.MOST_ATTEMPTS", "_engine._sweep.MOST_ATTEMPTS")(stack)


def _instrument_is_left_out(stack: ExitStack) -> None:
    body_of = Apex._body_of  # noqa: SLF001 - only for who breaks it

    def wider(venue: Any, scope: Any) -> Any:
        return {key: value for key, value in body_of(venue, scope).items() if "ment" not in key}

    stack.enter_context(patch.object(Apex, "_body_of", wider))


def _raised(*_facts: object) -> Any:
    raise RuntimeError("planted")


_NONE, _ALWAYS, _NEVER = (lambda *_: ()), (lambda *_: True), (lambda *_: False)
_EMPTY = "proved empty while an order of it was open"
_TOO_LITTLE = "proved by less than two listings a lag apart since the last answer"

_WAYS: tuple[tuple[str, str, Break], ...] = (
    ("scope-widened", OUTSIDE, replaced(_ALWAYS, "_scope.Scope.holds")),
    ("native-widened", OUTSIDE, _instrument_is_left_out),
    ("keep-ignored", PLACED_LATER, _told_otherwise(_keep_is_ignored)),
    ("one-listing-proves", _TOO_LITTLE, _proof_by(_one_listing)),
    ("successors-are-forgotten", _EMPTY, replaced(_NEVER, *_HEIRS)),
    ("native-repeated", NATIVE_TWICE, replaced(_ALWAYS, "_sweep._native._was_not_processed")),
    (
        "residual-hidden",
        "an open order that is not told as residual",
        replaced(_NONE, "_sweep._report.residual"),
    ),
    ("ack-lost", "a known order of it without an ack", _last_ack_is_lost),
    ("report-raised", RAISED, replaced(_raised, "_engine._sweeps.Sweeps.cancel_all")),
    ("no-cap", TOO_MANY, _no_cap),
    ("deadline-forgotten", "a report later than its deadline and 50 ms", _told_otherwise(_a_second_more)),
)
#: Each way by its name.
MASS_PLANTS: Mapping[str, Plant] = {name: Plant(breaks=breaks, lie=lie) for name, lie, breaks in _WAYS}
