"""`countermand demo --kill`: everything off at every simulated venue, one of which is sick."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

from countermand import AsyncClient, KillReport, Progress, Scope
from countermand.cli._board import Board
from countermand.cli._kill import tell
from countermand.cli._kill_judge import kill_wrongs
from countermand.cli._kill_stage import BYSTANDERS, Ward, client_of, wards
from countermand.cli._perform import finish, perform
from countermand.cli._show import print_lines

#: How long the kill may take on a machine that is very busy, in seconds.
_TIMEOUT_S = 90.0
#: What the sick venue is given after all is canceled that can be: a share of the time so far, and seconds.
_GRACE, _LEAST_GRACE_S = 0.5, 2.0
_GLANCE_S = 0.1
_ORDERS = 500


def kill_demo(names: Sequence[str], *, orders: int = _ORDERS, timeout_s: float = _TIMEOUT_S) -> int:
    """Fill simulated venues with orders, kill them all, and compare the report with the books."""
    with wards(names, orders) as filled:
        *_, sick = filled
        print_lines([f"{orders} open orders at each of {', '.join(names)}; {sick.name} is sick."])
        client, board = client_of(filled), Board()
        ended = perform(client, board, lambda: _killed(client, filled, timeout_s, board.note), quiet=False)
        report = finish(ended, board, tell, json=False)
        wrong = [*_wrongs(report, filled)]
    print_lines(f"wrong {line}" for line in wrong)
    print_lines([_judgement(wrong)], "red" if wrong else "green")
    return 1 if wrong else 0


async def _killed(
    client: AsyncClient, filled: Sequence[Ward], timeout_s: float, note: Callable[[Progress], None]
) -> KillReport:
    """Kill them all; once only those are left that no cancel ends, do not wait for the deadline."""
    told: dict[Scope, Progress] = {}

    def hear(progress: Progress) -> None:
        told[progress.scope] = progress
        note(progress)

    kill = client.kill([ward.scope for ward in filled], timeout_s=timeout_s, on_progress=hear)
    work = asyncio.create_task(kill)
    try:
        while not work.done():
            await asyncio.wait((work,), timeout=_GLANCE_S)
            if all(_is_at_rest(ward, told) for ward in filled):
                took_s = max(progress.elapsed_s for progress in told.values())
                await asyncio.wait((work,), timeout=max(_LEAST_GRACE_S, _GRACE * took_s))
                await client.aclose()  # as an interrupt would: the report tells what is known by then
        return await work
    finally:
        work.cancel()


def _is_at_rest(ward: Ward, told: Mapping[Scope, Progress]) -> bool:
    progress = told.get(ward.scope)
    return progress is not None and progress.canceled == ward.placed - len(ward.stubborn)


def _wrongs(report: KillReport, filled: Sequence[Ward]) -> Iterator[str]:
    yield from kill_wrongs(report, [ward.orders() for ward in filled], [ward.stubborn for ward in filled])
    for ward in filled:
        if ward.bystanders() != BYSTANDERS:
            yield f"{ward.name}: orders of an account that nobody named were canceled"


def _judgement(wrong: Sequence[str]) -> str:
    return (
        "The report is not the truth."
        if wrong
        else "The report agrees with the books of the simulated venues."
    )
