"""`countermand cancel-many`: a file of orders, each canceled and answered for."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import attrs
from cyclopts import Parameter

from countermand import AsyncClient, CancelAck, CancelRequest, OrderId, Outcome, Reason, Scope
from countermand._schema import SCHEMA
from countermand.cli._board import Board
from countermand.cli._order_lines import OrderLines, read_lines
from countermand.cli._orders import list_orders
from countermand.cli._perform import finish, perform
from countermand.cli._report_words import counted
from countermand.cli._show import exit_code, print_json_line, print_lines, printing
from countermand.cli._venue_of import let_refuse, venue_of
from countermand.cli._words import said, verdict
from countermand.errors import InvalidRequestError


def cancel_many(
    venue: str,
    /,
    *,
    account: str,
    orders: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    skip_bad: bool = False,
    timeout: float = 10.0,
    dry_run: bool = False,
    config: Path = Path("countermand.toml"),
    json: bool = False,
) -> int:
    """Cancel the orders of a file and say what became of each.

    Of several orders the one of which the least is known gives the exit code: 5 if nobody can tell, 3 if the
    venue has the cancel and more is not known, 4 if it was rejected, 0 if all were canceled; 2 for a mistake
    in usage or configuration, or a bad line.

    :param venue: The name of a venue in the configuration file.
    :param account: The account the orders are in.
    :param orders: A file with one of the venue's order ids a line, or - for stdin; blank lines and those that
        begin with # are skipped, and an order that stands there twice is taken once.
    :param skip_bad: Tell bad lines and go on without them; otherwise one such line keeps all back.
    :param timeout: Seconds until an order's answer, from when its turn comes.
    :param dry_run: List which of the orders are open, and send nothing.
    :param config: The configuration file.
    :param json: Print each ack as a line of JSON, when it comes, and at the end a line that counts them.
    """
    client = AsyncClient.from_config(config, venues=[venue])
    lines = _read(client, venue, account, orders, timeout)
    _tell_bad(lines, skip_bad=skip_bad)
    if dry_run:
        only = frozenset(request.order for request in lines.requests)
        return list_orders(client, [Scope.account(venue, account)], timeout, only=only, json=json)
    tally, board = Tally(name=f"{venue}: account {account}", asked=len(lines.requests), json=json), Board()
    ended = perform(
        client,
        board,
        lambda: _canceled(client, lines.requests, tally, board),
        quiet=json,
        on_interrupt=tally.interrupt,
    )
    if ended.interrupted:  # what was answered before that is known, and so is what is owed
        for ack in ended.left:
            tally.take(ack)
        ended = attrs.evolve(ended, result=tally)
    finish(ended, board, _tell, json=json)
    return exit_code(tally.outcomes)


@attrs.define(kw_only=True)
class Tally:
    """The acks of a batch, counted as they come, and a line for each order that was not canceled."""

    name: str
    asked: int
    json: bool
    outcomes: Counter[Outcome] = attrs.field(factory=Counter)
    lines: list[str] = attrs.field(factory=list)
    _taken: set[str] = attrs.field(factory=set)
    _interrupted: bool = False

    def interrupt(self) -> None:
        """Note that whatever comes from now on, and was not sent before, never will be."""
        self._interrupted = True

    def take(self, ack: CancelAck) -> None:
        """Count an ack, each request's once; as JSON it is printed at once."""
        if ack.request.request_id in self._taken:
            return
        self._taken.add(ack.request.request_id)
        self.outcomes[ack.outcome] += 1
        if self.json:
            with printing():
                print_json_line(ack.to_dict())
        elif ack.outcome is not Outcome.CANCELED:
            self.lines.append(f"order {ack.request.order}: {verdict(ack)}; {self._said(ack)}")

    def counts(self) -> dict[str, int]:
        """Tell how many orders there are, and what became of how many."""
        ends = {outcome.value: self.outcomes[outcome] for outcome in Outcome}
        return {"asked": self.asked, **ends, "unanswered": self.asked - self.outcomes.total()}

    def row(self) -> dict[str, str]:
        """Tell the same in words, for a board."""
        return {heading: str(count) for heading, count in self.counts().items()}

    def _said(self, ack: CancelAck) -> str:
        # One whose time was over by then may come only now.
        in_time = ack.elapsed_s < ack.request.timeout_s
        if self._interrupted and in_time and ack.reason is Reason.NOT_SENT:
            return "interrupted before it could be sent"
        return said(ack) if ack.error is None else f"{said(ack)}; fault: {ack.error}"


def _read(client: AsyncClient, venue: str, account: str, path: Path, timeout_s: float) -> OrderLines:
    plugin = venue_of(client, venue)

    def request(word: str) -> CancelRequest:
        asked = CancelRequest(venue=venue, account=account, order=OrderId(word), timeout_s=timeout_s)
        let_refuse(plugin.check, asked)
        return asked

    return read_lines(path, request)


def _tell_bad(lines: OrderLines, *, skip_bad: bool) -> None:
    for line in lines.told():
        print(f"countermand: {line}", file=sys.stderr)
    if lines.bad and not skip_bad:
        raise InvalidRequestError(f"{counted(len(lines.bad), 'bad line')}: nothing was sent; see --skip-bad")
    if not lines.requests:
        raise InvalidRequestError("there is no order to cancel")


async def _canceled(
    client: AsyncClient, requests: Sequence[CancelRequest], tally: Tally, board: Board
) -> Tally:
    board.rows[tally.name] = tally.row()
    async for ack in client.cancel_many(requests):
        tally.take(ack)
        board.rows[tally.name] = tally.row()
    return tally


def _tell(tally: Tally) -> None:
    if tally.json:
        print_json_line({"schema": SCHEMA, **tally.counts()})
    else:
        print_lines(_told(tally))


def _told(tally: Tally) -> Iterator[str]:
    yield from tally.lines
    yield f"{tally.name}: " + ", ".join(f"{heading} {count}" for heading, count in tally.counts().items())
