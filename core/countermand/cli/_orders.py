"""`countermand orders`: the open orders of an account, and what a mass cancel would touch."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import attrs

from countermand import AsyncClient, ClientOrderId, OpenOrders, OrderId, OrderReport, Reason, Scope
from countermand.cli._report_table import orders_table
from countermand.cli._report_words import counted
from countermand.cli._show import print_json, print_lines, print_table, printing
from countermand.cli._venue_of import checked
from countermand.errors import InvalidRequestError

#: A listing that failed or was not read to its end: nobody can tell what is open.
_UNKNOWN = 5


def orders(
    venue: str,
    /,
    *,
    account: str,
    timeout: float = 10.0,
    config: Path = Path("countermand.toml"),
    json: bool = False,
) -> int:
    """List the open orders of an account.

    The exit code is 0 if the listing is whole, 5 if it failed or is not, 2 for a mistake in usage or
    configuration.

    :param venue: The name of a venue in the configuration file.
    :param account: The account.
    :param timeout: Seconds until the answer, whatever is known then.
    :param config: The configuration file.
    :param json: Print the orders as JSON.
    """
    client = AsyncClient.from_config(config, venues=[venue])
    return list_orders(client, [checked(client, Scope.account(venue, account))], timeout, json=json)


def list_orders(
    client: AsyncClient,
    scopes: Sequence[Scope],
    timeout_s: float,
    *,
    only: Collection[OrderId | ClientOrderId] = (),
    json: bool,
) -> int:
    """Print the open orders of some scopes, and return the exit code; it sends reads alone.

    With `only`, those of them that it holds.
    """
    try:
        listings = asyncio.run(_listed(client, scopes, timeout_s, only))
    except KeyboardInterrupt:
        raise KeyboardInterrupt("no cancel was sent") from None
    with printing():
        for scope, listing in zip(scopes, listings, strict=True):
            if json:
                print_json({"venue": scope.venue, "account": scope.account_id} | listing.to_dict())
                continue
            _print(scope, listing)
            if only and (missing := len(only) - len(listing.orders)):
                print_lines([f"  a cancel would also be sent for {missing} that this does not show"])
    return 0 if all(_whole(listing) for listing in listings) else _UNKNOWN


async def _listed(
    client: AsyncClient,
    scopes: Sequence[Scope],
    timeout_s: float,
    only: Collection[OrderId | ClientOrderId],
) -> list[OpenOrders]:
    async with client:
        whole = await asyncio.gather(*(_asked(client, scope, timeout_s) for scope in scopes))
    return [
        attrs.evolve(listing, orders=tuple(order for order in listing.orders if _meant(order, scope, only)))
        for scope, listing in zip(scopes, whole, strict=True)
    ]


async def _asked(client: AsyncClient, scope: Scope, timeout_s: float) -> OpenOrders:
    account = scope.account_id or ""  # each scope of these commands has one
    try:
        return await client.open_orders(scope.venue, account, timeout_s)
    except InvalidRequestError as error:  # an account that the venue cannot have, beside others
        return OpenOrders(error=str(error), reason=Reason.INVALID_REQUEST)


def _meant(order: OrderReport, scope: Scope, only: Collection[OrderId | ClientOrderId]) -> bool:
    return scope.holds(order) and (not only or order.order_id in only)


def _whole(listing: OpenOrders) -> bool:
    return listing.error is None and listing.reason is None and not listing.incomplete


def _print(scope: Scope, listing: OpenOrders) -> None:
    if listing.orders:
        print_table(orders_table(listing.orders))
    print_lines(_summary(scope, listing))


def _summary(scope: Scope, listing: OpenOrders) -> Iterator[str]:
    as_of = "" if listing.as_of is None else f" as of {listing.as_of:%H:%M:%S.%f}Z"
    yield f"{scope}: {counted(len(listing.orders), 'open order')}{as_of}"
    if not _whole(listing):
        reason = None if listing.reason is None else listing.reason.value
        why = "; ".join(word for word in (reason, listing.error) if word) or "it was not read to its end"
        yield f"  NOT ALL OF THEM, perhaps: {why}"
