"""`countermand cancel`: one cancel, and an honest ack of it."""

from __future__ import annotations

from pathlib import Path

from countermand import Assurance, CancelRequest, Client, ClientOrderId, OrderId
from countermand.cli._show import EXIT_CODES, show
from countermand.errors import InvalidRequestError


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
    with Client.from_config(config, venues=[request.venue]) as client:
        try:
            ack = client.cancel(request)
        except KeyboardInterrupt:
            # What was sent may yet act: `countermand settle` can tell from the ack.
            show((left.ack for left in client.close()), json=json)
            raise
    show([ack], json=json)
    return EXIT_CODES[ack.outcome]


def _identity(order: str | None, client_order: str | None) -> OrderId | ClientOrderId:
    if order is not None and client_order is None:
        return OrderId(order)
    if client_order is not None and order is None:
        return ClientOrderId(client_order)
    raise InvalidRequestError("name the order by either --order or --client-order")
