"""`countermand cancel`: one cancel, and an honest ack of it."""

from __future__ import annotations

import json as _json
import sys
from pathlib import Path

from rich.console import Console

from countermand import Assurance, CancelAck, CancelRequest, Client, ClientOrderId, OrderId, Outcome
from countermand.cli._words import STYLES, ack_lines
from countermand.errors import InvalidRequestError

#: What the exit code says; 2 is left to usage and configuration.
EXIT_CODES = {Outcome.CANCELED: 0, Outcome.PENDING: 3, Outcome.REJECTED: 4, Outcome.UNKNOWN: 5}


def cancel(
    venue: str,
    /,
    *,
    account: str,
    order: str | None = None,
    client_order: str | None = None,
    instrument: str | None = None,
    assurance: Assurance = Assurance.CONFIRMED,
    timeout: float = 10.0,
    follow_replacement: bool = False,
    config: Path = Path("countermand.toml"),
    json: bool = False,
) -> int:
    """Cancel one order and say what became of it.

    The exit code is 0 if the order was canceled, 3 if the venue has the cancel and more is not known, 4 if it
    was rejected, 5 if nobody can tell, 2 for a mistake in usage or configuration.

    :param venue: The name of a venue in the configuration file.
    :param account: The account the order is in.
    :param order: The venue's id of the order.
    :param client_order: The client's own id of the order, instead.
    :param instrument: The order's instrument, where the venue needs it.
    :param assurance: Whether a receipt is enough, or the order is to be read after it.
    :param timeout: Seconds until the answer, whatever is known then.
    :param follow_replacement: Cancel the order that took this one's place, too.
    :param config: The configuration file.
    :param json: Print the ack as JSON.
    """
    request = CancelRequest(
        venue=venue,
        account=account,
        order=_identity(order, client_order),
        instrument=instrument,
        assurance=assurance,
        timeout_s=timeout,
        follow_replacement=follow_replacement,
    )
    with Client.from_config(config) as client:
        ack = client.cancel(request)
    try:
        (_print_json if json else _print)(ack)
        sys.stdout.flush()
    except (OSError, SystemExit):  # rich ends the program over a broken pipe
        # Whoever listened has left, or the disk is full: the exit code still tells the outcome.
        sys.stdout = None
    return EXIT_CODES[ack.outcome]


def _identity(order: str | None, client_order: str | None) -> OrderId | ClientOrderId:
    if order is not None and client_order is None:
        return OrderId(order)
    if client_order is not None and order is None:
        return ClientOrderId(client_order)
    raise InvalidRequestError("name the order by either --order or --client-order")


def _print_json(ack: CancelAck) -> None:
    print(_json.dumps(ack.to_dict(), indent=2))


def _print(ack: CancelAck) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    first, *rest = ack_lines(ack)
    console.print(first, style=STYLES[ack.outcome])
    for line in rest:
        console.print(line)
