"""`countermand demo --kill`: everything off at every simulated venue, one of which is sick."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from countermand import KillReport
from countermand.cli._board import Board
from countermand.cli._kill import tell
from countermand.cli._kill_judge import kill_wrongs
from countermand.cli._kill_stage import BYSTANDERS, Ward, client_of, wards
from countermand.cli._perform import finish, perform
from countermand.cli._show import print_lines

#: How long the kill may take: the sick venue's orders are tried for all of it, in seconds.
_TIMEOUT_S = 12.0
_ORDERS = 500


def kill_demo(names: Sequence[str], *, orders: int = _ORDERS, timeout_s: float = _TIMEOUT_S) -> int:
    """Fill simulated venues with orders, kill them all, and compare the report with the books."""
    with wards(names, orders) as filled:
        *_, sick = filled
        print_lines([f"{orders} open orders at each of {', '.join(names)}; {sick.name} is sick."])
        client, board = client_of(filled), Board()
        scopes = [ward.scope for ward in filled]
        ended = perform(
            client,
            board,
            lambda: client.kill(scopes, timeout_s=timeout_s, on_progress=board.note),
            quiet=False,
        )
        report = finish(ended, board, tell, json=False)
        wrong = [*_wrongs(report, filled)]
    print_lines(f"wrong {line}" for line in wrong)
    print_lines([_judgement(wrong)], "red" if wrong else "green")
    return 1 if wrong else 0


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
